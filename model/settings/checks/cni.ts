import { addonPorts } from "../../addons";
import {
  backendName,
  cniName,
  CNI_PROFILES,
  CNI_VARIANTS,
  draftCni,
  type CniDraft,
  type CniVariant,
} from "../../cni";
import type { CniContext, CniProfile, CniPort, CniSurroundings } from "../../cni/domain";
import { sizeOf } from "../../network/addresses";
import { type Facts, pick } from "../draft";
import type { Problems } from "../problems";

/** Largest MTU an IPv4 interface can have: the total length field has 16 bits (RFC 791). */
const LARGEST_MTU = 65535;

/** The CNI's part of the settings; undefined where it, or its kind, was rejected. */
export function cniOf(facts: Facts): CniDraft | undefined {
  const { input } = facts;
  if (input.cni === undefined && "cni" in input) return undefined;
  return draftCni(input.cni ?? {}, contextOf(facts));
}

function contextOf({ machines, aws, input }: Facts): CniContext {
  return {
    nodes: machines
      .filter(({ role }) => role !== "loadBalancer")
      .map(({ name, nodeAddress, input: { labels } }) => ({
        name,
        nodeName: name,
        revision: 0,
        labels: labels ?? {},
        nodeAddress,
      })),
    pooled: aws !== undefined,
    windowsPools: windowsPool(input) !== undefined,
  };
}

/** What every CNI has to fit, by the facts of its row, and then its own keys. */
export function validateCni(facts: Facts, problems: Problems): void {
  const cni = cniOf(facts);
  if (cni === undefined) return;
  const { variant, facts: row } = cni;
  if (variant !== undefined && row !== undefined) {
    kubeProxyFits(facts, variant, row, problems);
    mtuFits(facts, variant, row, problems);
    addressesSuffice(facts, row, problems);
    windowsFit(facts, variant, row, problems);
  }
  cni.domain.validate(cni.input, cni.settled, surroundingsOf(facts), problems);
}

function surroundingsOf(facts: Facts): CniSurroundings {
  const { input, pods, services, maxNodes } = facts;
  return {
    ...contextOf(facts),
    pods,
    services,
    maxNodes,
    windowsPool: windowsPool(input),
    udpPorts: addonPorts(facts.settings.addons).filter(({ protocol }) => protocol === "udp"),
    kubeProxy: Object.keys(input.kubeProxy ?? {}),
  };
}

function kubeProxyFits({ input }: Facts, variant: CniVariant, row: CniProfile, problems: Problems): void {
  const mode = pick(input.kubeProxy ?? {}, "mode", row.kubeProxyModes[0]);
  if (mode === undefined || row.kubeProxyModes.includes(mode)) return;
  const message = `does not work with ${cniName(variant)}, whose rules are iptables'`;
  problems.add(["kubeProxy", "mode"], mode, message, { allowed: row.kubeProxyModes.join(", ") });
}

function mtuFits({ input }: Facts, variant: CniVariant, row: CniProfile, problems: Problems): void {
  const mtu = input.cni?.mtu;
  if (mtu === undefined) return;
  const outer = input.network?.mtu;
  const largest = (outer ?? LARGEST_MTU) - row.overhead;
  const multiple = row.mtuMultiple ?? 1;
  if (mtu > largest) {
    const of = outer === undefined ? "the largest possible" : `network.mtu ${outer}`;
    const message = `is more than ${of} less ${row.overhead} bytes that ${backendName(variant)} takes`;
    problems.add(["cni", "mtu"], mtu, message, { allowed: `at most ${largest}` });
  } else if (mtu % multiple !== 0) {
    problems.add(
      ["cni", "mtu"],
      mtu,
      `is not a multiple of ${multiple}, which ${cniName(variant)} requires`,
      {
        allowed: `${mtu - (mtu % multiple)}`,
      },
    );
  }
}

/**
 * A CNI that hands addresses out by itself takes them from the whole range and not from a node's slice; kubeadm's slices
 * stay, and are checked as they are for all.
 */
function addressesSuffice(facts: Facts, row: CniProfile, problems: Problems): void {
  const { pods, maxNodes, podsPerNode } = facts;
  if (row.slices || pods === undefined || maxNodes === undefined || podsPerNode === undefined) return;
  const size = sizeOf(pods.range);
  if (size >= maxNodes * podsPerNode) return;
  const prefix = 32 - Math.ceil(Math.log2(maxNodes * podsPerNode));
  problems.add(
    pods.path,
    pods.range.text,
    `has ${size} addresses for ${maxNodes} nodes of ${podsPerNode} pods (network.maxNodes, network.podsPerNode)`,
    { allowed: `/${prefix} or larger, fewer nodes, or fewer pods on each` },
  );
}

/** A pool of Windows nodes needs a backend that they know. */
function windowsFit({ input }: Facts, variant: CniVariant, row: CniProfile, problems: Problems): void {
  const pool = windowsPool(input);
  if (pool === undefined || row.windows) return;
  // Whoever wrote another kind has no backend to change.
  const key = CNI_VARIANTS.some((one) => CNI_PROFILES[one].windows && sameKind(one, variant))
    ? "backend"
    : "kind";
  problems.add(["cni", key], cniName(variant), `cannot be combined with Windows nodes (workers.${pool})`, {
    allowed: CNI_VARIANTS.filter((one) => CNI_PROFILES[one].windows)
      .map(cniName)
      .join(", "),
  });
}

function sameKind(one: CniVariant, other: CniVariant): boolean {
  return one.split("/")[0] === other.split("/")[0];
}

/** Name of the first pool of Windows nodes. */
export function windowsPool(input: Facts["input"]): string | undefined {
  const pools = Object.entries(input.workers ?? {});
  return pools.find(([, pool]) => pool?.os?.startsWith("windows-") === true)?.[0];
}

export interface DraftCniPort {
  readonly protocol: CniPort["protocol"];
  readonly port: number;
  readonly name: string;
  /** By `cni.port`. */
  readonly settable: boolean;
  readonly given: boolean;
  /** What it is when nothing is set. */
  readonly usual: number;
}

/** Ports that the CNI has on every node; none where its port was refused. */
export function cniPortsOf(facts: Facts): DraftCniPort[] {
  const cni = cniOf(facts);
  const row = cni?.variant && CNI_PROFILES[cni.variant];
  const settable = cni !== undefined && "port" in cni.domain.schema.shape;
  const given = settable && (cni.input as { readonly port?: number }).port !== undefined;
  return (cni?.facts?.ports ?? []).flatMap(({ protocol, port, name }) => {
    if (port === undefined) return [];
    const usual = row?.ports.find((one) => one.name === name)?.port ?? port;
    return [{ protocol, port, name, settable, given, usual }];
  });
}
