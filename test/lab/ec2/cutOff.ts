/** A zone that is cut off: what is in it reaches itself, its metadata and its name server, and nothing else reaches it. */
import type { BalancerFlow } from "./balancers/rules";
import type { Port } from "./packets";

/** Rules that come before all others of a chain. */
export interface Cut {
  readonly routed: readonly string[];
  readonly served: readonly string[];
  readonly answers: readonly string[];
}

/** @param local addresses that each host has its own of */
export function cutOff(
  zones: readonly string[],
  ports: readonly Port[],
  flows: readonly BalancerFlow[],
  local: readonly string[],
): Cut {
  const lost = ports.filter(({ instance }) => zones.includes(instance.zone));
  const nodes = [...new Map(flows.map(({ node }) => [node.id, node])).values()];
  const lostNodes = nodes.filter(({ zone }) => zones.includes(zone));
  const addresses = (all: typeof nodes): string[] =>
    all.flatMap((node) => [node.address, node.publicAddress]).filter((address) => address !== "");
  const gone = addresses(lostNodes);
  if (lost.length === 0 && gone.length === 0) return { routed: [], served: [], answers: [] };
  // Never empty: an interface that there is not.
  const devices = ['"none"', ...lost.map(({ device }) => `"${device}"`)].join(", ");
  const kept = addresses(nodes.filter(({ zone }) => !zones.includes(zone)));
  const inside = [...local, ...gone].join(", ");
  return {
    routed: [
      `iifname { ${devices} } oifname != { ${devices} } counter drop`,
      `iifname != { ${devices} } oifname { ${devices} } counter drop`,
      ...(gone.length === 0
        ? []
        : [`iifname != { ${devices} } ct original ip daddr { ${gone.join(", ")} } counter drop`]),
      ...(kept.length === 0
        ? []
        : [`iifname { ${devices} } ct original ip daddr { ${kept.join(", ")} } counter drop`]),
    ],
    served: [`iifname { ${devices} } ip daddr != { ${inside} } counter drop`],
    answers: [
      `oifname { ${devices} } ip saddr != { ${inside} } counter drop`,
      ...(gone.length === 0
        ? []
        : [`oifname != { ${devices} } ip saddr { ${gone.join(", ")} } counter drop`]),
    ],
  };
}
