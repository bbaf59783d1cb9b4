import { backendName, cniName, CNI_PROFILES, CNI_VARIANTS, domainOf, kindOf } from "../../../cni";
import type { AwsFacts } from "../../awsFacts";
import type { Facts } from "../../draft";
import type { Problems } from "../../problems";
import { cniOf } from "../cni";

/**
 * Without encapsulation a packet to a pod has to go straight to its node. Between subnets it goes through the VPC's router,
 * which knows no pod range and drops it (flannel Documentation/backends.md, host-gw; Calico documentation, "Overlay
 * networking": unencapsulated traffic on AWS is within a subnet only).
 */
export function validateOneSubnet(aws: AwsFacts, { cni }: Facts, problems: Problems): void {
  if (cni === undefined || !CNI_PROFILES[cni].needsOneSubnet) return;
  const used = new Set([
    ...aws.controlPlaneNodes.map((controlPlaneNode) => controlPlaneNode.subnet),
    ...aws.pools.flatMap(subnetNames),
  ]);
  if (used.size < 2) return;
  const others = CNI_VARIANTS.filter(
    (one) => kindOf(one) === kindOf(cni) && !CNI_PROFILES[one].needsOneSubnet,
  );
  const backend = backendName(cni);
  problems.add(
    ["cni", "backend"],
    backend,
    `reaches nodes of one subnet only, and nodes are in ${[...used].join(", ")}`,
    {
      allowed: `backend: ${others.map(backendName).join(", ")}, or network.zones: 1 with all nodes of one subnetType`,
    },
  );
}

/** EC2 User Guide, "Network maximum transmission unit (MTU) for your EC2 instance": jumbo frames. */
const LARGEST_MTU = 9001;

/** A larger one would be refused by every host at its first boot. */
export function validateEc2Mtu({ input: { network } }: AwsFacts, facts: Facts, problems: Problems): void {
  const { cni, input } = facts;
  const outer = network?.mtu;
  if (outer !== undefined && outer > LARGEST_MTU) {
    problems.add(["network", "mtu"], outer, "is more than EC2's interfaces have", {
      allowed: `at most ${LARGEST_MTU}`,
    });
  }
  const inner = input.cni?.mtu;
  // With network.mtu the two were compared.
  if (cni === undefined || inner === undefined || (network !== undefined && "mtu" in network)) return;
  const overhead = cniOf(facts)?.facts?.overhead ?? 0;
  if (inner <= LARGEST_MTU - overhead) return;
  problems.add(
    ["cni", "mtu"],
    inner,
    `is more than EC2's ${LARGEST_MTU} bytes less ${overhead} that ${cniName(cni)} takes`,
    {
      allowed: `at most ${LARGEST_MTU - overhead}`,
    },
  );
}

function subnetNames(pool: AwsFacts["pools"][number]): string[] {
  return pool.max === 0 ? [] : pool.subnets.map((subnet) => subnet.name);
}

/**
 * EC2 drops what an instance sends with an address that is not its own, and instances of a group have no other way to switch
 * that off than their boot script. Some CNIs have it do so unless the settings forbid it; with others people say so.
 */
export function validateSourceCheck(aws: AwsFacts, { cni }: Facts, problems: Problems): void {
  if (cni === undefined || !CNI_PROFILES[cni].sourceDestinationCheckOff) return;
  for (const { path, input, max } of aws.pools) {
    const given = input.sourceDestinationCheckOff;
    if (domainOf(kindOf(cni)).bootTurnsSourceCheckOff && given === undefined) continue;
    if (given === true || max === 0 || ("sourceDestinationCheckOff" in input && given === undefined))
      continue;
    const message = `is missing: ${cniName(cni)} sends pods' own addresses, which EC2 drops while its check is on`;
    problems.add(
      [...path, "sourceDestinationCheckOff"],
      given,
      given === false ? message.replace("is missing", "does not go with the CNI") : message,
      { allowed: "true: the pool's role may switch the check off for its own instances; or backend: vxlan" },
    );
  }
}
