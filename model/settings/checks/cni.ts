import { METALLB_MEMBER_PORT } from "../../addons/flows";
import { CNI_FACTS, CNI_VARIANTS, type CniFacts, type CniPort, type CniVariant } from "../../cni/facts";
import { WINDOWS_VXLAN } from "../../cni/windows";
import { holds, overlaps, parseRange, sizeOf } from "../../network/addresses";
import type { Draft, Facts } from "../draft";
import { pick } from "../draft";
import type { Problems } from "../problems";
import type { AnyInput } from "../schema/cluster";
import type { FlannelInput } from "../schema/cni";

/** Largest MTU an IPv4 interface can have: the total length field has 16 bits (RFC 791). */
const LARGEST_MTU = 65535;

/** What every CNI has to fit, by the facts of its row. */
export function cniFits(facts: Facts, problems: Problems): void {
  if (facts.cni === undefined) return;
  const row = CNI_FACTS[facts.cni];
  kubeProxyFits(facts, facts.cni, row, problems);
  mtuFits(facts, facts.cni, row, problems);
  addressesSuffice(facts, row, problems);
}

/** As a sentence names it: "flannel vxlan"; Weave has nothing to choose. */
function cniName(variant: CniVariant): string {
  return variant === "weave/fastdp" ? "weave" : variant.replace("/", " ");
}

function kubeProxyFits({ input }: Facts, variant: CniVariant, row: CniFacts, problems: Problems): void {
  const mode = pick(input.kubeProxy ?? {}, "mode", row.kubeProxyModes[0]);
  if (mode === undefined || row.kubeProxyModes.includes(mode)) return;
  // rajch/weave website/kubernetes/kube-addon.md: its rules are iptables' and hook in before kube-proxy's.
  problems.add(
    ["kubeProxy", "mode"],
    mode,
    `does not work with ${cniName(variant)}, whose rules are iptables'`,
    {
      allowed: row.kubeProxyModes.join(", "),
    },
  );
}

function mtuFits({ input }: Facts, variant: CniVariant, row: CniFacts, problems: Problems): void {
  const mtu = input.cni?.mtu;
  if (mtu === undefined) return;
  const outer = input.network?.mtu;
  const largest = (outer ?? LARGEST_MTU) - row.overhead;
  if (mtu > largest) {
    const of = outer === undefined ? "the largest there is" : `network.mtu ${outer}`;
    const message = `is more than ${of} less ${row.overhead} bytes that ${backendName(variant)} takes`;
    problems.add(["cni", "mtu"], mtu, message, { allowed: `at most ${largest}` });
  } else if (variant === "weave/fastdp" && mtu % 4 !== 0) {
    // rajch/weave website/tasks/manage/fastdp.md, "Packet size (MTU)".
    problems.add(["cni", "mtu"], mtu, "is no multiple of 4, as Weave's packets have to be", {
      allowed: `${mtu - (mtu % 4)}`,
    });
  }
}

function backendName(variant: CniVariant): string {
  return variant === "weave/fastdp" ? "weave" : (variant.split("/")[1] ?? variant);
}

/**
 * A CNI that hands addresses out by itself takes them from the whole range and not from a node's slice; kubeadm's slices
 * stay, and are checked as they are for all.
 */
function addressesSuffice(facts: Facts, row: CniFacts, problems: Problems): void {
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

/** flannel's own keys. */
export function flannelFits(facts: Facts, problems: Problems): void {
  const { cni: variant } = facts;
  const input = flannelInput(facts.input);
  if (variant === undefined || input === undefined) return;
  const backend = backendName(variant);
  for (const key of ["vni", "port"] as const) {
    const value = input[key];
    if (value === undefined || backend === "vxlan" || (key === "port" && backend === "wireguard")) continue;
    const of = key === "vni" ? "VXLAN" : "VXLAN and WireGuard";
    problems.add(["cni", key], value, `is a setting of ${of}, the backend is ${backend}`, {
      allowed: `backend: vxlan, or no ${key}`,
    });
  }
  // Speakers of MetalLB hear one another by UDP too.
  if (input.port === METALLB_MEMBER_PORT && "metallb" in facts.input && backend !== "host-gw") {
    problems.add(["cni", "port"], input.port, "is the UDP port of MetalLB's speakers on the nodes", {
      allowed: `another port, as ${backend === "wireguard" ? 51820 : 8472}`,
    });
  }
}

function flannelInput(input: Draft<AnyInput>): Draft<FlannelInput> | undefined {
  if (input.cni === undefined && "cni" in input) return undefined;
  const kind = pick(input.cni ?? {}, "kind", "flannel");
  return kind === "flannel" ? ((input.cni ?? {}) as Draft<FlannelInput>) : undefined;
}

/** Windows nodes know one VXLAN network only, and nothing else that this library renders. */
export function windowsFits(facts: Facts, problems: Problems): void {
  const { cni: variant } = facts;
  if (variant === undefined) return;
  const pool = windowsPool(facts.input);
  const input = flannelInput(facts.input);
  const wanted = input === undefined ? undefined : pick(input, "windows", pool !== undefined);
  const because = pool === undefined ? "cni.windows" : `workers.${pool}`;
  if (input?.windows === false && pool !== undefined) {
    problems.add(["cni", "windows"], false, `although workers.${pool} has Windows nodes`, {
      allowed: "true",
    });
    return;
  }
  if (wanted !== true && pool === undefined) return;
  if (!CNI_FACTS[variant].windows) {
    const key = input === undefined || facts.input.cni === undefined ? "kind" : "backend";
    const fitting = CNI_VARIANTS.filter((one) => CNI_FACTS[one].windows).map(cniName);
    problems.add(["cni", key], cniName(variant), `cannot be with Windows nodes (${because})`, {
      allowed: fitting.join(", "),
    });
    return;
  }
  if (input?.vni !== undefined && input.vni < WINDOWS_VXLAN.vni) {
    problems.add(["cni", "vni"], input.vni, `is an identifier that Windows nodes do not take (${because})`, {
      allowed: `${WINDOWS_VXLAN.vni} or more; without it, ${WINDOWS_VXLAN.vni}`,
    });
  }
  if (input?.port !== undefined && input.port !== WINDOWS_VXLAN.port) {
    problems.add(["cni", "port"], input.port, `is a port that Windows nodes do not take (${because})`, {
      allowed: `${WINDOWS_VXLAN.port}, which is taken without it`,
    });
  }
}

/** Name of the first pool of Windows nodes. */
function windowsPool(input: Draft<AnyInput>): string | undefined {
  const pools = Object.entries(input.workers ?? {});
  return pools.find(([, pool]) => pool?.os?.startsWith("windows-") === true)?.[0];
}

/** Weave's own keys. */
export function weaveFits({ input, pods, services }: Facts, problems: Problems): void {
  if (input.cni?.kind !== "weave") return;
  const cni = input.cni;
  if (cni.trustedSubnets === undefined) return;
  if (!("encryption" in cni)) {
    problems.add(
      ["cni", "trustedSubnets"],
      cni.trustedSubnets,
      "trusts ranges although nothing is encrypted",
      {
        allowed: "encryption with the name of a password, or no trustedSubnets",
      },
    );
    return;
  }
  cni.trustedSubnets.forEach((text, index) => {
    const range = text === undefined ? undefined : parseRange(text);
    if (range === undefined || "problem" in range) return;
    const other = [pods, services].find((one) => one !== undefined && overlaps(one.range, range));
    if (other === undefined) return;
    problems.add(
      ["cni", "trustedSubnets", index],
      text,
      `overlaps ${other.name} ${other.range.text}: no node is there`,
      { allowed: "ranges of nodes' own addresses" },
    );
  });
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
export function cniPortsOf({ cni: variant, input }: Facts): DraftCniPort[] {
  if (variant === undefined) return [];
  const flannel = flannelInput(input);
  return CNI_FACTS[variant].ports.flatMap(({ protocol, port: usual, name }) => {
    const port = flannel === undefined ? usual : pick(flannel, "port", usual);
    if (port === undefined || usual === undefined) return [];
    const given = flannel?.port !== undefined;
    return [{ protocol, port, name, settable: flannel !== undefined, given, usual }];
  });
}

/** Whether an address of the nodes' network would shadow one of the cluster's ranges. */
export function clusterRangeOf({ pods, services }: Facts, address: number): string | undefined {
  const found = [pods, services].find((one) => one !== undefined && holds(one.range, address));
  return found === undefined ? undefined : `${found.name} ${found.range.text}`;
}
