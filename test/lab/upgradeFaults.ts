/** What becomes of an upgrade under way, by seed. */
import { kubernetesVersion } from "../support/toolchain";
import type { LabCluster } from "./cluster";
import type { Settings } from "./environment";
import { killTree } from "./engine";
import { atPhase, killedUp, powerCut, untilPhase } from "./moments";

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
  readonly phase: string;
  /** Seconds after the phase has begun. */
  readonly after: string;
}

/** Phases of a control-plane node's upgrade, and the longest that a moment comes after their beginning. */
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

/** The faults of a run. Each kind comes before any comes twice; @param next numbers from 0 to 1, by a seed */
export function rounds(
  count: number,
  hosts: readonly string[],
  next: () => number,
  kinds: readonly Fault[] = FAULTS,
): Round[] {
  const all: Round[] = [];
  let left: Fault[] = [];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  while (all.length < count) {
    if (left.length === 0) left = [...kinds];
    const fault = left.splice(Math.floor(next() * left.length), 1)[0];
    // Most at the first node, from which everything can go back; an upgrade is applied there only.
    const host = next() < 0.7 ? (hosts[0] ?? "") : pick(hosts);
    const phases = PHASES.filter(([phase]) => host === hosts[0] || !phase.includes("apply"));
    const [phase, longest] = pick(phases);
    all.push({ fault, host, phase, after: (next() * longest).toFixed(2) });
  }
  return all;
}

/** Runs `up` to the newer version, to which that happens. @returns what `up` said, where it could */
export async function strike(cluster: LabCluster, newer: Settings, round: Round): Promise<string> {
  const { fault, host, phase } = round;
  cluster.settings = newer;
  const onHost = (line: string): Promise<string> => cluster.host(host, line);
  const up = async (): Promise<string> => (await cluster.attempt("up").catch(() => undefined))?.log ?? "";
  const flag = (name: "apiServer" | "etcd", key: string, value: string): Settings => ({
    ...newer,
    [name]: { ...newer[name], extraArgs: { ...newer[name]?.extraArgs, [key]: value } },
  });
  switch (fault) {
    case "the job is killed":
      return JSON.stringify(await killedUp(cluster, round));
    case "power cut":
      await powerCut(cluster, round);
      await cluster.lab.startHost(host);
      return "";
    case "up is killed": {
      let engine = 0;
      const ended = cluster.attempt("up", { onStart: (pid) => (engine = pid) }).catch(() => undefined);
      await Promise.race([onHost(untilPhase(phase, round.after)), ended]);
      killTree(engine);
      await ended;
      return "";
    }
    case "reboot": {
      const log = up();
      const plug = onHost(untilPhase(phase, round.after)).then(async () => {
        await cluster.lab.stopHost(host);
        await cluster.lab.startHost(host);
      });
      await Promise.race([plug, log]);
      await plug.catch(() => undefined);
      return log;
    }
    case "image missing": {
      // Images of rounds before.
      await onHost(
        `crictl images | awk '/v${kubernetesVersion}|3[.]6[.]8-0/ { print $1 ":" $2 }' | xargs -r -n 1 crictl rmi; true`,
      );
      await cluster.lab.stopService("registry");
      try {
        return await up();
      } finally {
        await cluster.lab.startService("registry");
      }
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
      cluster.settings = flag("etcd", "auto-compaction-retention", "never");
      return up();
    case "API server does not start":
      cluster.settings = flag("apiServer", "service-account-max-token-expiration", "30m");
      return up();
  }
}
