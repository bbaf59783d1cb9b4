import {
  backendName,
  cniName,
  cniProfile,
  CNI_PROFILES,
  cniVariant,
  CNI_VARIANTS,
  domainOf,
  kindOf,
} from "../../cni";
import type { AwsLayout } from "../layout";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";

/**
 * Without encapsulation a packet to a pod has to go straight to its node. Between subnets it goes through the VPC's router,
 * which knows no pod range and drops it (flannel Documentation/backends.md, host-gw; Calico documentation, "Overlay
 * networking": unencapsulated traffic on AWS is within a subnet only).
 */
export function validateOneSubnet(aws: AwsLayout, problems: Problems, { settings }: Checked): void {
  if (!cniProfile(settings.cni).needsOneSubnet) return;
  const pools = aws.pools.filter(({ max }) => max > 0).flatMap(({ subnets }) => subnets);
  const used = new Set([
    ...aws.controlPlaneNodes.map(({ subnet }) => subnet),
    ...pools.map(({ name }) => name),
  ]);
  if (used.size < 2) return;
  const cni = cniVariant(settings.cni);
  const others = CNI_VARIANTS.filter(
    (one) => kindOf(one) === kindOf(cni) && !CNI_PROFILES[one].needsOneSubnet,
  );
  const message = `reaches nodes of one subnet only, and nodes are in ${[...used].join(", ")}`;
  problems.add(["cni", "backend"], backendName(cni), message, {
    allowed: `backend: ${others.map(backendName).join(", ")}, or network.zones: 1 with all nodes of one subnetType`,
  });
}

/** EC2 User Guide, "Network maximum transmission unit (MTU) for your EC2 instance": jumbo frames. */
const LARGEST_MTU = 9001;

/** A larger one would be refused by every host at its first boot. */
export function validateEc2Mtu({ input: { network } }: AwsLayout, problems: Problems): void {
  if (network?.mtu === undefined || network.mtu <= LARGEST_MTU) return;
  problems.add(["network", "mtu"], network.mtu, "is more than EC2's interfaces have", {
    allowed: `at most ${LARGEST_MTU}`,
  });
}

/** With `network.mtu` the two are compared for every platform. */
export function validatePodMtu({ input }: AwsLayout, problems: Problems, { settings }: Checked): void {
  const mtu = input.cni?.mtu;
  const { overhead } = cniProfile(settings.cni);
  const largest = LARGEST_MTU - overhead;
  if (mtu === undefined || mtu <= largest || input.network?.mtu !== undefined) return;
  const name = cniName(cniVariant(settings.cni));
  const message = `is more than EC2's ${LARGEST_MTU} bytes less ${overhead} that ${name} takes`;
  problems.add(["cni", "mtu"], mtu, message, { allowed: `at most ${largest}` });
}

/**
 * EC2 drops what an instance sends with an address that is not its own, and instances of a group have no other way to switch
 * that off than their boot script. Some CNIs have it do so unless the settings forbid it; with others people say so.
 */
export function validateSourceCheck(
  aws: AwsLayout,
  problems: Problems,
  { settings: { cni } }: Checked,
): void {
  if (!cniProfile(cni).sourceDestinationCheckOff) return;
  for (const { path, input, max } of aws.pools) {
    const given = input.sourceDestinationCheckOff;
    if (given === true || max === 0 || (given === undefined && domainOf(cni.kind).bootTurnsSourceCheckOff))
      continue;
    const wrong = given === false ? "contradicts the CNI" : "is missing";
    problems.add(
      [...path, "sourceDestinationCheckOff"],
      given,
      `${wrong}: ${cniName(cniVariant(cni))} sends pods' own addresses, which EC2 drops while its check is on`,
      { allowed: "true: the pool's role may switch the check off for its own instances; or backend: vxlan" },
    );
  }
}
