import { apiAccess, getObject } from "../host/api";
import { atOnce } from "../host/atOnce";
import { lookAtCluster } from "../host/clusterLook";
import { HostProblem } from "../host/problem";
import type { Hosts } from "../host/runner";
import type { ClusterFacts } from "../model/doctor/clusterFacts";
import { peersOf, type ExpectedCluster, type ExpectedHost } from "../model/doctor/expected";
import { readFacts, type HostFacts } from "../model/doctor/facts";
import type { Finding } from "../model/doctor/finding";
import { diagnose } from "../model/doctor/judgements";
import { probeScript } from "../model/doctor/probe";
import { BASH_WHOLE_SCRIPT } from "../model/text";
import { hostsOf } from "./hosts";
import type { StackState } from "./state";
import { examineUpgrade } from "./upgrade";

export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** What an upgrade would cost, and what people accept of it. Default: no upgrade was looked at. */
  readonly notes?: readonly string[];
  /** What answered: machines, and the API. */
  readonly looked: { readonly hosts: readonly string[]; readonly api: boolean };
}

/**
 * Looks at a cluster and its hosts, and says what is not as the state has it. Changes nothing.
 * @param upgrade a version: what stands against an upgrade to it is looked for too, and hosts pull its images
 */
export async function examine(
  state: StackState,
  kubeconfig: string | undefined,
  upgrade?: string,
): Promise<Diagnosis> {
  const { expected } = state;
  const findings: Finding[] = [];
  const cluster = await seenCluster(kubeconfig ?? state.kubeconfig, expected, findings);
  const hosts = await seenHosts(state, overlayOf(expected, cluster), findings);
  const looked = { hosts: Object.keys(hosts), api: cluster !== undefined };
  const found = [
    ...findings,
    ...diagnose(expected, { ...(cluster === undefined ? {} : { cluster }), hosts }),
  ];
  if (upgrade === undefined) return { findings: found, looked };
  const { findings: blockers, notes } = await examineUpgrade(state, upgrade, looked.hosts);
  return { findings: [...found, ...blockers], notes, looked };
}

async function seenCluster(
  kubeconfig: string | undefined,
  expected: ExpectedCluster,
  findings: Finding[],
): Promise<ClusterFacts | undefined> {
  const about = { check: "api", where: "cluster" };
  if (kubeconfig === undefined) {
    findings.push({ ...about, what: "the stack has no kubeconfig", cure: "pulumi up, or --kubeconfig FILE" });
    return undefined;
  }
  const access = apiAccess(kubeconfig);
  try {
    return await lookAtCluster((path) => getObject(access, path), expected);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    findings.push({
      ...about,
      what: `the API does not answer at ${access.server}: ${why}`,
      cure: "on a control-plane node: crictl ps -a shows whether kube-apiserver and etcd run; access.host has to lead there",
    });
    return undefined;
  }
}

/** flannel gives each node the first address of its slice on flannel.1. */
function overlayOf({ fixed }: ExpectedCluster, cluster: ClusterFacts | undefined): Record<string, string> {
  if (fixed.cni !== "flannel" || fixed.cniBackend !== "vxlan" || cluster === undefined) return {};
  return Object.fromEntries(
    cluster.nodes.flatMap(({ name, podCidrs: [slice] }) => {
      const address = slice?.split("/")[0];
      return address === undefined ? [] : [[name, address]];
    }),
  );
}

async function seenHosts(
  state: StackState,
  overlay: Readonly<Record<string, string>>,
  findings: Finding[],
): Promise<Record<string, HostFacts>> {
  const { expected } = state;
  const hosts = hostsOf(state);
  const seen: Record<string, HostFacts> = {};
  try {
    await atOnce(
      expected.hosts.filter(({ name }) => hosts.has(name)),
      async (host) => {
        try {
          const script = probeScript(host, peersOf(expected.hosts, host, overlay));
          seen[host.name] = await seenHost(hosts, host, script);
        } catch (error) {
          if (!(error instanceof HostProblem) && !(error instanceof RangeError)) throw error;
          findings.push({
            check: "ssh",
            where: host.name,
            what: hosts.scrub(error.message.split("\n")[0] ?? ""),
            cure: "docs/how-to/debug-a-node.md says what each error of SSH means",
          });
        } finally {
          hosts.leave(host.name);
        }
      },
    );
  } finally {
    hosts.close();
  }
  return seen;
}

async function seenHost(hosts: Hosts, host: ExpectedHost, script: string): Promise<HostFacts> {
  await hosts.session(host.name);
  const from = Date.now();
  const clock = Number(await hosts.query(host.name, "asking the host's clock", "date +%s%3N"));
  const to = Date.now();
  const output = await hosts.query(host.name, "looking at the host", BASH_WHOLE_SCRIPT, script);
  return readFacts(output, { clock, from, to });
}
