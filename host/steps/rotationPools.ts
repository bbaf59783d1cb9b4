import { setTimeout as delay } from "node:timers/promises";
import {
  forgetPodScript,
  podScript,
  poolNodesScript,
  readPodState,
  readPoolNodes,
  type NodeScript,
  type PodState,
  type PoolNode,
} from "../../model/aws/rotation/poolNodes";
import type { AwsRotation } from "../../model/aws/rotation/spec";
import { HOOK_TIMEOUT } from "../../model/aws/hooks";
import { portionOf } from "../../model/lifecycle/lock";
import type { ClusterMachine } from "../../model/machine";
import {
  readHostKeys,
  trustsAlone,
  type HostKeys,
  type RotationTarget,
} from "../../model/rotation/authorities";
import { PHASES, phaseNumber, phasesDone, type Phase } from "../../model/rotation/phases";
import { readKeysScript } from "../../model/rotation/scripts";
import { atOnce } from "../atOnce";
import { HostProblem } from "../problem";
import type { Rollout } from "../protocol";
import type { StepContext } from "../step";

/** Milliseconds between two looks. */
const INTERVAL = 5_000;
/**
 * Milliseconds for which a node that is not Ready may come back or leave, and for which a pod may not start. The drain hook of its group
 * keeps an instance that has died, and nobody can answer it; the cloud controller manager takes the Node away after that.
 */
const PATIENCE = (HOOK_TIMEOUT + 300) * 1_000;
/** Scripts at a time: each look is a channel of one SSH connection, of which sshd allows ten (`MaxSessions`). */
const SCRIPTS_AT_ONCE = 6;
/** What the API says of a pod that somebody's policy refuses. */
const DENIED = /.*(?:admission webhook|violates PodSecurity|ValidatingAdmissionPolicy).*/;
/** Seconds for a script that only reads. */
const READING = 120;

/** A node of a pool as the rotation finds it. */
export interface PoolMember {
  /** The node as scripts know machines. */
  readonly machine: ClusterMachine;
  readonly keys: HostKeys;
}

/** What the nodes of pools are asked and told by. */
export interface PoolsArgs {
  readonly context: Pick<StepContext<{ readonly rollout: Rollout }>, "hosts" | "say" | "spec">;
  readonly aws: Pick<AwsRotation, "pauseImage">;
  /** The control-plane node that starts pods on them. */
  readonly through: string;
  readonly target: RotationTarget;
  readonly times?: { readonly interval: number; readonly patience: number };
}

/** A problem of a node that may be leaving: it counts if the node is still there. */
class NodeProblem extends HostProblem {}

/**
 * The nodes of pools on AWS in a rotation. Nobody logs in to them, and they come and go meanwhile, so each phase looks for those that
 * do not have it until there is none.
 */
export class PoolNodes {
  /** By uid: how many of `PHASES` the node has behind it. */
  private readonly done = new Map<string, number>();
  private readonly keys = new Map<string, HostKeys>();
  private readonly times: { readonly interval: number; readonly patience: number };

  constructor(private readonly args: PoolsArgs) {
    this.times = args.times ?? { interval: INTERVAL, patience: PATIENCE };
  }

  /**
   * Brings each node to a phase, and through those before that it does not have. `script` is what a node runs for a phase; `after` is run
   * when it has.
   */
  async bring(
    phase: Phase,
    script: (member: PoolMember, phase: Phase) => string,
    after: (member: PoolMember, phase: Phase) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    await this.each(
      phase,
      (node) => (this.done.get(node.uid) ?? -1) >= phaseNumber(phase),
      async (node) => {
        const keys = await this.read(node);
        const member = { machine: machineOf(node), keys };
        for (const one of PHASES) {
          // A worker signs nothing.
          if (one === "signed" || phaseNumber(one) > phaseNumber(phase)) continue;
          if ((this.done.get(node.uid) ?? 0) >= phaseNumber(one)) continue;
          await this.run(node, `rotating certificates (${one})`, script(member, one));
          await after(member, one);
          this.done.set(node.uid, phaseNumber(one));
        }
      },
    );
  }

  /** Runs a script on each node. */
  async onEach(name: string, script: (machine: ClusterMachine) => string): Promise<void> {
    const done = new Set<string>();
    await this.each(
      name,
      ({ uid }) => done.has(uid),
      async (node) => {
        await this.run(node, name, script(machineOf(node)));
        done.add(node.uid);
      },
      SCRIPTS_AT_ONCE,
    );
  }

  /** Names of all nodes of pools, each of which is Ready and has said what it trusts. @throws HostProblem where one does not */
  async look(): Promise<string[]> {
    await this.each(
      "reading",
      ({ uid }) => this.keys.has(uid),
      (node) => this.read(node),
      SCRIPTS_AT_ONCE,
    );
    return (await this.list()).map(({ name }) => name);
  }

  /** Works on the nodes for which `isDone` does not hold until there is none, at first on one, then on so many at a time. */
  private async each(
    what: string,
    isDone: (node: PoolNode) => boolean,
    work: (node: PoolNode) => Promise<unknown>,
    atATime?: number,
  ): Promise<void> {
    for (let first = atATime === undefined; ; first = false) {
      const nodes = await this.wellNodes();
      const left = nodes.filter((node) => !isDone(node));
      if (left.length === 0) return;
      const limit =
        atATime ??
        Math.min(SCRIPTS_AT_ONCE, portionOf(this.args.context.spec.rollout.maxUnavailable, nodes.length));
      const ends = await atOnce(
        first ? left.slice(0, 1) : left,
        (node) => Promise.allSettled([work(node)]).then(([end]) => ({ node, end })),
        limit,
      );
      const failed = ends.flatMap(({ node, end }) => (end.status === "rejected" ? [{ node, end }] : []));
      for (const { node, end } of failed) {
        if (end.reason instanceof NodeProblem && !(await this.isThere(node)))
          this.args.context.say(`${node.name}: has left the cluster (${what})`);
        else throw end.reason;
      }
    }
  }

  private async list(): Promise<PoolNode[]> {
    const { context, through } = this.args;
    return readPoolNodes(
      await context.hosts.query(through, "asking for nodes of pools", "/bin/bash -s", poolNodesScript()),
    );
  }

  /**
   * The nodes, all of them Ready. One that is not may be starting or leaving.
   * @throws HostProblem when it stays so
   */
  private async wellNodes(): Promise<PoolNode[]> {
    const { interval, patience } = this.times;
    const until = Date.now() + patience;
    let told = "";
    for (;;) {
      const nodes = await this.list();
      const ill = nodes.filter(({ ready }) => !ready);
      if (ill.length === 0) return nodes;
      const names = ill.map(({ name }) => name).join(", ");
      if (names !== told)
        this.args.context.say(`waits until these nodes are Ready or gone: ${(told = names)}`);
      if (Date.now() + interval > until) throw notReady(ill, patience);
      await delay(interval);
    }
  }

  private async read(node: PoolNode): Promise<HostKeys> {
    const known = this.keys.get(node.uid);
    if (known !== undefined) return known;
    const keys = readHostKeys(await this.run(node, "reading what it trusts", readKeysScript(), READING));
    if (keys.trusted.ca === undefined)
      throw new NodeProblem(node.name, "certificates.rotation: it does not say which CAs it trusts");
    const { target } = this.args;
    const done = phasesDone(keys.record, target.authority);
    // What joined when the rotation was over everywhere has nothing else.
    this.done.set(node.uid, trustsAlone(keys, target) && done === 0 ? PHASES.length : done);
    this.keys.set(node.uid, keys);
    return keys;
  }

  private async isThere({ uid }: PoolNode): Promise<boolean> {
    return (await this.list()).some((one) => one.uid === uid);
  }

  /** Runs a script on a node by a pod, and gives what it said. @throws HostProblem with its reason */
  private async run(node: PoolNode, name: string, script: string, timeout = 1_200): Promise<string> {
    const { context, through, aws } = this.args;
    const { interval, patience } = this.times;
    const given: NodeScript = { node, image: aws.pauseImage, script, timeout };
    const started = Date.now();
    let running = started;
    for (let begins = true; ;) {
      const { status, stdout, stderr } = await context.hosts.attempt(
        through,
        "/bin/bash -s",
        podScript(given, begins),
      );
      const denied = status === 0 ? undefined : DENIED.exec(stderr)?.[0];
      if (denied !== undefined)
        throw new HostProblem(
          node.name,
          `${name}: its pod is not let in: ${denied}. It is privileged and runs in kube-system: exempt pods of kube-system with the label app.kubernetes.io/managed-by=pulumi-kubeadm`,
        );
      // The API may be away for a moment.
      const now: PodState | undefined = status === 0 ? readPodState(stdout) : undefined;
      if (now !== undefined) begins = now.phase === "Gone";
      if (now?.phase === "Running") running = Date.now();
      if (now?.phase === "Succeeded" || now?.phase === "Failed") {
        await context.hosts.attempt(through, "/bin/bash -s", forgetPodScript(given));
        return this.ended(node, name, now);
      }
      if (Date.now() > running + patience || Date.now() > started + timeout * 1_000) {
        const said = (stderr.trim() || stdout.trim()).split("\n").slice(-20).map(context.hosts.scrub);
        const why = now?.waits ? `: ${now.waits}` : "";
        await context.hosts.attempt(through, "/bin/bash -s", forgetPodScript(given));
        throw new NodeProblem(
          node.name,
          `${name}: its pod ${now?.phase === "Running" ? "did not end in time" : "does not start"}${why}`,
          now === undefined ? said : [],
        );
      }
      // A pod goes with its node, and one for a node that is not there waits for ever.
      if (now?.phase !== "Running" && !(await this.isThere(node)))
        throw new NodeProblem(node.name, `${name}: it has left the cluster`);
      if (now === undefined || now.phase === "Gone") await delay(interval);
    }
  }

  private ended(node: PoolNode, name: string, { phase, log }: PodState): string {
    const { say, hosts } = this.args.context;
    const lines = log.split("\n").map(hosts.scrub);
    let message = "";
    for (const line of lines) {
      const [, what = "", text = ""] = /^##(phase|note|error) (.*)$/.exec(line) ?? [];
      if (what === "error") message += `${message === "" ? "" : "; "}${text}`;
      else if (what !== "") say(`${node.name}: ${text}`);
    }
    if (phase === "Succeeded") return log;
    throw new NodeProblem(
      node.name,
      `${name}: ${message === "" ? "failed" : message}`,
      lines.filter((line) => line.trim() !== "" && !line.startsWith("##")).slice(-20),
    );
  }
}

function machineOf({ name, address, pool }: PoolNode): ClusterMachine {
  return { name, nodeName: name, role: "worker", pool, nodeAddress: address, revision: 1, removal: "safe" };
}

function notReady(nodes: readonly PoolNode[], patience: number): HostProblem {
  const each = nodes.map(({ name, pool, providerId }) => {
    const instance = /\/(i-[0-9a-f]+)$/.exec(providerId)?.[1];
    return `${name} of pool ${pool}${instance === undefined ? "" : ` (${instance})`}`;
  });
  const [has, instance] =
    nodes.length === 1
      ? ["has not been", "its instance, which its group"]
      : ["have not been", "their instances, which their groups"];
  return new HostProblem(
    "",
    `certificates.rotation: every node must know the new CAs before the old ones go, and ${each.join(", ")} ${has} Ready for ${Math.round(patience / 1000)} s. ` +
      `Mend it, or end ${instance} ${nodes.length === 1 ? "replaces" : "replace"}: aws ec2 terminate-instances --instance-ids ... Then run up again`,
  );
}
