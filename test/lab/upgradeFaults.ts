/** What becomes of an upgrade under way, by seed. */
import { kubernetesVersion } from "../support/toolchain";
import type { LabCluster } from "./cluster";
import type { Settings } from "./environment";
import { killTree } from "./engine";
import { atPhase, killedUp, powerCut, untilPhase } from "./moments";
import { registryPort } from "./registry";

export const FAULTS = [
  "up is killed",
  "the job is killed",
  "power cut",
  "reboot",
  "image missing",
  "broken manifest patch",
  "disk full",
  "etcd does not start",
  "API server does not start",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Round {
  readonly fault: Fault;
  /** A control-plane node. */
  readonly host: string;
  /** When it happens, where the fault is not there from the beginning. */
  readonly moment?: {
    /** Where the node does not come through it, what follows counts. */
    readonly phase: string;
    /** Seconds after the phase has begun. */
    readonly after: string;
  };
}

/** Faults that come at a moment. */
const AT_MOMENTS: readonly Fault[] = ["up is killed", "the job is killed", "power cut", "reboot"];

/** Phases of a control-plane node's upgrade in their order, and the longest that a moment comes after their beginning. */
const PHASES: readonly (readonly [string, number])[] = [
  ["configuration", 1],
  ["etcd 3.6.8-0", 8],
  [`kubeadm upgrade apply ${kubernetesVersion}`, 40],
  ["upload configuration", 2],
  ["kubeadm upgrade node", 6],
  [`kubelet ${kubernetesVersion}`, 1],
  ["restart kubelet", 4],
  ["healthy", 10],
  ["runtime and kubelet", 4],
];

/**
 * The faults of a run: each kind comes to one node before any comes to the next one, and to each node before any comes twice. In the
 * order in which an upgrade meets them: those of the first node first.
 * @param next numbers from 0 to 1, by a seed
 */
export function rounds(
  count: number,
  hosts: readonly string[],
  next: () => number,
  kinds: readonly Fault[] = FAULTS,
): Round[] {
  const shuffled = <T>(list: readonly T[]): T[] =>
    list
      .map((one) => ({ one, at: next() }))
      .sort((one, other) => one.at - other.at)
      .map(({ one }) => one);
  const faults = shuffled(kinds);
  const all: Round[] = [];
  let phases: (typeof PHASES)[number][] = [];
  // Each phase comes before any comes twice; an upgrade is applied on the first node only.
  const momentOn = (host: string): Round["moment"] => {
    const fits = (list: typeof phases): number =>
      list.findIndex(([phase]) => host === hosts[0] || !phase.includes("apply"));
    if (fits(phases) < 0) phases = [...phases, ...shuffled(PHASES)];
    const [phase, longest] = phases.splice(fits(phases), 1)[0] ?? PHASES[0];
    return { phase, after: (next() * longest).toFixed(2) };
  };
  for (let index = 0; all.length < count; index++) {
    const pass = Math.floor(index / faults.length);
    const fault = faults[index % faults.length];
    const host = hosts[(index + pass) % hosts.length] ?? "";
    all.push({ fault, host, ...(AT_MOMENTS.includes(fault) ? { moment: momentOn(host) } : {}) });
  }
  // A job goes on without its run, so its node is upgraded then, and no other fault comes to it.
  const last = ({ fault }: Round): number => Number(fault === "up is killed");
  return all.sort(
    (one, other) => hosts.indexOf(one.host) - hosts.indexOf(other.host) || last(one) - last(other),
  );
}

/** A phase, or the first that comes after it. */
function fromPhase(name: string): string {
  return PHASES.slice(
    Math.max(
      0,
      PHASES.findIndex(([phase]) => phase === name),
    ),
  )
    .map(([phase]) => phase)
    .join("|");
}

/** What stands in for an image that does not run. */
const BROKEN = "registry.k8s.io/pause";

/** Takes the newer version's images off a host that does not run them: an upgrade that failed has left them there. */
export async function dropNewerImages(cluster: LabCluster, host: string): Promise<void> {
  await cluster.host(
    host,
    `crictl images | awk '/v${kubernetesVersion}|3[.]6[.]8-0/ { print $1 ":" $2 }' | xargs -r -n 1 crictl rmi; true`,
  );
}

/** What came of a fault. */
export interface Struck {
  /** The moment came, or `up` failed by it. */
  readonly struck: boolean;
  /** What `up` said, where it could. */
  readonly log: string;
}

/** Runs `up` to the newer version, to which that happens. */
export async function strike(cluster: LabCluster, newer: Settings, round: Round): Promise<Struck> {
  const { fault, host } = round;
  const after = round.moment?.after ?? "0";
  const phase = fromPhase(round.moment?.phase ?? "");
  // The setup before it ends with phases of the same names.
  const since = "configuration";
  const moment = { host, phase, after, since };
  cluster.settings = newer;
  const onHost = (line: string): Promise<string> => cluster.host(host, line);
  const up = async (): Promise<Struck> => {
    const { ok, log } = await cluster.attempt("up");
    return { struck: !ok, log };
  };
  const upWithBroken = async (image: string): Promise<Struck> => {
    await dropNewerImages(cluster, host);
    await onHost(
      `ctr --namespace k8s.io images tag --force "$(crictl images | awk '$1 == "${BROKEN}" { print $1 ":" $2; exit }')" ${image}`,
    );
    try {
      return await up();
    } finally {
      await onHost(`ctr --namespace k8s.io images rm ${image}`);
    }
  };
  switch (fault) {
    case "the job is killed": {
      const { job, ok } = await killedUp(cluster, moment);
      return { struck: job === "a job was killed", log: `${job}; up ended well: ${ok}` };
    }
    case "power cut":
      await powerCut(cluster, moment);
      await cluster.lab.startHost(host);
      return { struck: true, log: "" };
    case "up is killed": {
      let engine = 0;
      const ended = cluster.attempt("up", { onStart: (pid) => (engine = pid) }).catch(() => undefined);
      const first = await Promise.race([
        onHost(untilPhase(phase, after, since)).then(() => "moment" as const),
        ended,
      ]);
      killTree(engine);
      await ended;
      return { struck: first === "moment", log: "" };
    }
    case "reboot": {
      let struck = false;
      const ended = up();
      const plug = onHost(untilPhase(phase, after, since)).then(async () => {
        struck = true;
        await cluster.lab.stopHost(host);
        await cluster.lab.startHost(host);
      });
      await Promise.race([plug, ended]);
      const { log } = await ended;
      if (struck) await plug;
      else plug.catch(() => undefined);
      return { struck, log };
    }
    case "image missing":
      await dropNewerImages(cluster, host);
      await onHost(
        `nft 'table inet faults { chain out { type filter hook output priority -300; tcp dport ${registryPort} reject with tcp reset; }; }'`,
      );
      try {
        return await up();
      } finally {
        await onHost("nft delete table inet faults");
      }
    case "broken manifest patch": {
      const file = "/etc/kubernetes/pulumi-kubeadm/patches/kube-apiserver9+json.yaml";
      const done = atPhase(cluster, host, "etcd", `echo '- {op: remove, path: /spec/nothing}' >${file}`);
      const log = await up();
      await done;
      return log;
    }
    case "disk full": {
      const folder = "/etc/kubernetes/tmp";
      await onHost(
        `mkdir -p ${folder} && mount -t tmpfs -o size=64k none ${folder} && { head -c 65536 /dev/zero >${folder}/full || true; }`,
      );
      try {
        return await up();
      } finally {
        await onHost(`umount ${folder}`);
      }
    }
    case "etcd does not start":
      return upWithBroken("registry.k8s.io/etcd:3.6.8-0");
    case "API server does not start":
      return upWithBroken(`registry.k8s.io/kube-apiserver:v${kubernetesVersion}`);
  }
}
