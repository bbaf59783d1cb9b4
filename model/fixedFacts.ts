import type { ClusterSettings, Machine } from "./settings/resolved";

/** What a cluster is born with: changing it would leave nodes, certificates and routes of two minds. */
export interface FixedFacts {
  /** `cni.podCidr`, IPv4 CIDR. */
  readonly podCidr: string;
  /** `network.serviceCidr`, IPv4 CIDR. */
  readonly serviceCidr: string;
  /** `host:port` where nodes reach the API. */
  readonly endpoint: string;
}

export function fixedFacts(settings: ClusterSettings): FixedFacts {
  return {
    podCidr: settings.network.podCidr,
    serviceCidr: settings.network.serviceCidr,
    endpoint: `${settings.endpoint.host}:${settings.endpoint.port}`,
  };
}

/**
 * Which step of the program a host belongs to. A machine that moves to another pool gets new steps, and the deletion of
 * the old ones, which comes after, must not take the node from under them.
 */
export function ownerOf(machine: Machine): string {
  return `${machine.role}/${machine.pool}/${machine.name}@${machine.generation}`;
}

const SETTING: Record<keyof FixedFacts, string> = {
  podCidr: "cni.podCidr",
  serviceCidr: "network.serviceCidr",
  endpoint: "endpoint",
};

/** One sentence for each fact that is not what the living cluster has. */
export function changedFacts(living: FixedFacts, wanted: FixedFacts): string[] {
  return (Object.keys(SETTING) as (keyof FixedFacts)[])
    .filter((key) => living[key] !== wanted[key])
    .map(
      (key) =>
        `${SETTING[key]}: the living cluster has ${living[key]}, the settings say ${wanted[key]}. ` +
        `It is fixed when the cluster is made: set it back, or make a new cluster`,
    );
}
