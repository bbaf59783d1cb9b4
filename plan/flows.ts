import { groupName, groupRules, type GroupRule } from "../model/aws/firewall";
import { flowsOf, rangesOf } from "../model/flows";
import type { PortRange } from "../model/network/flow";
import type { ClusterSettings } from "../model/settings/resolved";

/** Who must reach whom, and why. On AWS these are the rules of the security groups, which decide it there. */
export interface PlannedFlow {
  /** A kind of party, as `node`; on AWS a security group, or `addresses`. */
  readonly from: string;
  /** The same. */
  readonly to: string;
  /** `any`: every protocol. */
  readonly protocol: string;
  /** Inclusive; empty where the protocol has no ports, or all are meant. */
  readonly ports: readonly PortRange[];
  /** The one ICMP message that passes. */
  readonly icmp?: string;
  readonly reason: string;
  /** Addresses and ranges it may come from; empty: nobody is written down, or on AWS whoever is in the group. */
  readonly sources: readonly string[];
}

export function plannedFlows(settings: ClusterSettings): PlannedFlow[] {
  return settings.aws === undefined
    ? flowsOf(settings).map((flow) => {
        const { from, to, protocol, ports, icmp, reason } = flow;
        return {
          ...{ from, to, protocol, ports, reason, sources: rangesOf(settings, flow) },
          ...(icmp === undefined ? {} : { icmp: icmp.code ?? icmp.type }),
        };
      })
    : merged(groupRules(settings).map(flowOfRule));
}

function flowOfRule({ group, peer, protocol, ports, reason }: GroupRule): PlannedFlow {
  const icmp = protocol === "icmp" && ports !== undefined;
  return {
    from: peer.kind === "group" ? groupName(peer.group) : "addresses",
    to: groupName(group),
    protocol: protocol === "-1" ? "any" : protocol,
    ports: ports === undefined || icmp ? [] : [ports],
    ...(icmp ? { icmp: ports.from === 3 ? "frag-needed" : "echo-request" } : {}),
    reason,
    sources: peer.kind === "group" ? [] : [peer.cidr],
  };
}

/** Rules that differ in their source alone are one flow. */
function merged(flows: readonly PlannedFlow[]): PlannedFlow[] {
  const byKey = new Map<string, PlannedFlow>();
  for (const flow of flows) {
    const key = JSON.stringify({ ...flow, sources: [] });
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? flow : { ...known, sources: [...known.sources, ...flow.sources] });
  }
  return [...byKey.values()];
}
