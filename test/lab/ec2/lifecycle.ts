/**
 * The life of instances: started when the account has them, held by their group's hooks, ended when Pulumi or their group ends
 * them (Auto Scaling User Guide, "Amazon EC2 Auto Scaling instance lifecycle"). A refresh is in `refresh.ts`.
 * Not simulated: warm pools, health checks of balancers, and the minutes until EC2 sees that a host is down. Spot instances are
 * taken back when a test says so: with `capacityRebalance` the group starts another at the notice, else at the end (Auto Scaling
 * User Guide, "Use Capacity Rebalancing to handle Amazon EC2 Spot interruptions").
 */
import { readAccount, withAccount, type AccountData } from "../../engine/providers/aws/account";
import { end, running } from "../../engine/providers/aws/addresses";
import { ownerOf, scale } from "../../engine/providers/aws/kinds/scaling";
import { Scope, text } from "../../engine/providers/aws/scope";
import { instancesOf, objectsOf, type Ec2Instance } from "./account";
import type { RunningInstance } from "./ec2Api";
import { nextStep, refreshing } from "./refresh";
import { Refusal } from "./refusal";

type Transition = "LAUNCHING" | "TERMINATING";

interface Hook {
  readonly name: string;
  readonly result: string;
  readonly seconds: number;
}

export interface Life {
  instance: Ec2Instance;
  readonly launched: number;
  starts: number;
  /** `launch` and `drain` wait for their hook. */
  phase: "launch" | "in service" | "drain" | "ending";
  /** Milliseconds since 1970 since which it is in service. */
  since?: number;
  /** Milliseconds since 1970 at which the hook's time is up. */
  deadline?: number;
  hook?: Hook;
  /** Whether the group has seen its spot notice. */
  noticed?: boolean;
}

/** What happens to hosts, which the region does. */
export interface Hosts {
  boot(instance: Ec2Instance): void;
  restart(instance: Ec2Instance): void;
  /** Calls back when the host is gone. */
  end(instance: Ec2Instance, gone: () => void): void;
  /** False once a host that has booted is down by itself. */
  runs(instance: Ec2Instance): boolean;
  note(line: string): void;
}

/** An instance as its metadata service knows it. */
export interface SeenInstance {
  readonly instance: Ec2Instance;
  readonly lifecycle: string;
}

export class Lifecycle {
  readonly lives = new Map<string, Life>();

  constructor(
    private readonly file: string,
    private readonly region: string,
    private readonly hosts: Hosts,
    kept: readonly Life[],
  ) {
    for (const life of kept) this.lives.set(life.instance.id, life);
  }

  running(): RunningInstance[] {
    return [...this.lives.values()].map(({ instance, launched, phase }) => ({
      ...instance,
      state: phase === "ending" ? "shutting-down" : "running",
      launched: new Date(launched).toISOString(),
    }));
  }

  at(address: string): SeenInstance | undefined {
    const life = [...this.lives.values()].find(({ instance }) => instance.address === address);
    if (life === undefined) return undefined;
    const ends = life.phase === "drain" || life.phase === "ending";
    return { instance: life.instance, lifecycle: ends ? "Terminated" : "InService" };
  }

  /** One look at the account, and what follows from it. */
  tick(): AccountData {
    const account = readAccount(this.file);
    const there = instancesOf(account, this.region);
    for (const instance of there) this.follow(account, instance);
    const ids = new Set(there.map(({ id }) => id));
    for (const life of this.lives.values()) {
      if (!ids.has(life.instance.id) && life.phase !== "ending")
        this.end(life, "it is gone from the account");
      if (life.deadline !== undefined && life.deadline < Date.now()) this.timeIsUp(life);
      if (life.instance.interrupted !== undefined) this.interrupt(account, life, life.instance.interrupted);
      this.checkHealth(life);
    }
    this.refresh();
    return account;
  }

  /** Groups look at their instances' state alone (health check type EC2). */
  private checkHealth(life: Life): void {
    if (life.phase !== "in service" || life.instance.group === "" || life.instance.ending) return;
    if (this.hosts.runs(life.instance)) return;
    this.hosts.note(`${life.instance.id} is impaired: its host is down`);
    this.replace(life);
  }

  /** One step of each refresh under way. */
  private refresh(): void {
    for (const [group] of refreshing(readAccount(this.file)))
      withAccount(this.file, (data) => {
        const scope = new Scope(data, this.region);
        const state = scope.find("autoscaling.Group", group);
        if (state === undefined) return;
        const since = (id: string): number | undefined => this.lives.get(id)?.since;
        const step = nextStep(data, this.region, group, state, since, Date.now());
        switch (step.does) {
          case "wait":
            return;
          case "start": {
            const owner = ownerOf(group);
            const desiredCapacity = running(scope, owner).length + step.instances;
            const failed = scale(scope, "Auto Scaling: Launch", group, { ...state, desiredCapacity });
            if (failed.length === 0) this.hosts.note(`refresh of ${group}: starts a new one`);
            return;
          }
          case "end":
            this.hosts.note(`refresh of ${group}: ends ${step.interfaceId.replace(/^eni-/, "i-")}`);
            end(scope, step.interfaceId);
            return;
          case "finish": {
            const { _refreshing: _, ...rest } = state;
            scope.put("autoscaling.Group", group, rest);
            this.hosts.note(`refresh of ${group}: done`);
          }
        }
      });
  }

  private follow(account: AccountData, instance: Ec2Instance): void {
    const life = this.lives.get(instance.id);
    if (life === undefined) {
      if (instance.ending) this.forget(instance);
      else this.start(account, instance);
      return;
    }
    if (instance.ending) {
      // What it was started with is known from its start alone.
      life.instance = { ...life.instance, ending: true };
      if (life.phase === "launch" || life.phase === "in service") this.drain(account, life);
      return;
    }
    life.instance = instance;
    if (instance.starts > life.starts) {
      life.starts = instance.starts;
      this.hosts.note(`${instance.id} stops and starts`);
      this.hosts.restart(instance);
    }
  }

  private start(account: AccountData, instance: Ec2Instance): void {
    const hook = hookOf(account, instance.group, "LAUNCHING");
    const phase = hook === undefined ? "in service" : "launch";
    const deadline = hook && Date.now() + hook.seconds * 1000;
    this.lives.set(instance.id, {
      instance,
      launched: Date.now(),
      starts: instance.starts,
      phase,
      ...(hook === undefined ? { since: Date.now() } : { hook, deadline }),
    });
    this.hosts.note(`${instance.id} ${instance.address} starts${hook ? `, held by hook ${hook.name}` : ""}`);
    this.hosts.boot(instance);
  }

  private drain(account: AccountData, life: Life): void {
    const hook = hookOf(account, life.instance.group, "TERMINATING");
    if (hook === undefined || life.phase === "launch") return this.end(life, "nothing holds it");
    life.phase = "drain";
    life.hook = hook;
    life.deadline = Date.now() + hook.seconds * 1000;
    this.hosts.note(`${life.instance.id} is to end, held by hook ${hook.name}`);
  }

  /** A spot instance is EC2's again, whatever its group waits for. */
  private interrupt(account: AccountData, life: Life, end: number): void {
    const { id, group } = life.instance;
    if (life.phase === "ending") return;
    const rebalances = objectsOf(account, "autoscaling.Group")[group]?.["capacityRebalance"] === true;
    if (life.noticed !== true) {
      life.noticed = true;
      this.hosts.note(`${id} has its spot notice for ${new Date(end).toISOString()}`);
      if (rebalances) this.launch(group, 1);
    }
    if (end > Date.now()) return;
    withAccount(this.file, (data) => {
      const there = data.objects["interface"]?.[life.instance.interfaceId];
      if (there !== undefined) there["_ending"] = true;
    });
    this.launch(group, 0);
    this.end(life, "EC2 takes the spot instance back");
  }

  /** The group starts what it lacks, and some more. */
  private launch(group: string, more: number): void {
    withAccount(this.file, (data) => {
      const scope = new Scope(data, this.region);
      const state = scope.find("autoscaling.Group", group);
      if (state === undefined) return;
      scale(scope, "Auto Scaling: Launch", group, {
        ...state,
        desiredCapacity: Number(state["desiredCapacity"] ?? 0) + more,
      });
    });
  }

  private timeIsUp(life: Life): void {
    this.hosts.note(`${life.instance.id}: the time of hook ${life.hook?.name} is up`);
    this.settle(life, life.hook?.result ?? "ABANDON");
  }

  private settle(life: Life, result: string): void {
    delete life.deadline;
    if (life.phase === "drain") this.end(life, `hook: ${result}`);
    else if (result === "CONTINUE") {
      life.phase = "in service";
      life.since = Date.now();
    } else this.replace(life);
  }

  /** Its group ends it and starts another, as it does with what is unhealthy. */
  replace(life: Life): void {
    const { interfaceId, group, id } = life.instance;
    this.hosts.note(`${id} is replaced by its group`);
    withAccount(this.file, (data) => {
      const there = data.objects["interface"]?.[interfaceId];
      if (there !== undefined) there["_ending"] = true;
    });
    this.launch(group, 0);
  }

  private end(life: Life, why: string): void {
    life.phase = "ending";
    delete life.deadline;
    this.hosts.note(`${life.instance.id} ends: ${why}`);
    this.hosts.end(life.instance, () => {
      this.lives.delete(life.instance.id);
      this.forget(life.instance);
      this.hosts.note(`${life.instance.id} is terminated`);
    });
  }

  /** Its interface and address are free again. */
  private forget(instance: Ec2Instance): void {
    withAccount(this.file, (data) => {
      delete data.objects["interface"]?.[instance.interfaceId];
      if (Object.keys(data.objects["interface"] ?? {}).length === 0) delete data.objects["interface"];
    });
  }

  /** CompleteLifecycleAction and RecordLifecycleActionHeartbeat. */
  hookCall(action: string, group: string, hook: string, id: string, result: string): void {
    const life = this.lives.get(id);
    const held = life?.hook?.name === hook && life.deadline !== undefined && life.instance.group === group;
    if (life === undefined || !held)
      throw new Refusal(400, "ValidationError", `No active Lifecycle Action found with instance ID ${id}`);
    this.hosts.note(`${id}: ${action} ${hook} ${result}`.trim());
    if (action === "CompleteLifecycleAction") this.settle(life, result);
    else life.deadline = Date.now() + (life.hook?.seconds ?? 0) * 1000;
  }
}

function hookOf(account: AccountData, group: string, transition: Transition): Hook | undefined {
  if (group === "") return undefined;
  const kinds = ["autoscaling.LifecycleHook", "initialLifecycleHook"];
  const found = kinds
    .flatMap((kind) => Object.values(objectsOf(account, kind)))
    .find(
      (one) =>
        one["autoscalingGroupName"] === group &&
        one["lifecycleTransition"] === `autoscaling:EC2_INSTANCE_${transition}`,
    );
  return (
    found && {
      name: text(found["name"]),
      result: text(found["defaultResult"]) || "ABANDON",
      // API_PutLifecycleHook: 3600 by default.
      seconds: Number(found["heartbeatTimeout"] ?? 3600),
    }
  );
}
