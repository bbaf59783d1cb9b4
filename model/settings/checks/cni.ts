import { addonPorts } from "../../addons";
import {
  backendName,
  cniName,
  cniProfile,
  CNI_PROFILES,
  CNI_VARIANTS,
  cniVariant,
  domainOf,
  kindOf,
  type CniVariant,
} from "../../cni";
import type { CniProfile, CniPort, CniSurroundings } from "../../cni/domain";
import { sizeOf } from "../../network/addresses";
import { windowsPool } from "../../windows/releases";
import type { Checked } from "../checked";
import type { Problems } from "../problems";

/** Largest MTU an IPv4 interface can have: the total length field has 16 bits (RFC 791). */
const LARGEST_MTU = 65535;

/** What every CNI has to fit, by its profile, and then its own keys. */
export function validateCni(checked: Checked, problems: Problems): void {
  const { written, settings, refused } = checked;
  if (refused("cni.kind")) return;
  if (!refused("cni.backend")) {
    const variant = cniVariant(settings.cni);
    const profile = cniProfile(settings.cni);
    kubeProxyFits(checked, variant, profile, problems);
    mtuFits(checked, variant, profile, problems);
    addressesSuffice(checked, profile, problems);
    windowsFit(checked, variant, profile, problems);
  }
  domainOf(settings.cni.kind).validate(written.cni ?? {}, settings.cni, surroundingsOf(checked), problems);
}

function surroundingsOf(checked: Checked): CniSurroundings {
  const { written, settings, refused, pods, services } = checked;
  return {
    refused,
    nodes: settings.machines.filter(({ role }) => role !== "loadBalancer"),
    pooled: settings.platform === "aws",
    windowsPools: windowsPool(settings) !== undefined,
    pods,
    services,
    maxNodes: refused("network.maxNodes") ? undefined : settings.network.maxNodes,
    windowsPool: windowsPool(settings),
    udpPorts: addonPorts(settings.addons).filter(({ protocol }) => protocol === "udp"),
    kubeProxy: Object.keys(written.kubeProxy ?? {}),
  };
}

function kubeProxyFits({ written }: Checked, variant: CniVariant, row: CniProfile, problems: Problems): void {
  const mode = written.kubeProxy?.mode;
  if (mode === undefined || row.kubeProxyModes.includes(mode)) return;
  const message = `does not work with ${cniName(variant)}, whose rules are iptables'`;
  problems.add(["kubeProxy", "mode"], mode, message, { allowed: row.kubeProxyModes.join(", ") });
}

function mtuFits({ written }: Checked, variant: CniVariant, row: CniProfile, problems: Problems): void {
  const mtu = written.cni?.mtu;
  if (mtu === undefined) return;
  const outer = written.network?.mtu;
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
function addressesSuffice(checked: Checked, row: CniProfile, problems: Problems): void {
  const { pods, settings, refused } = checked;
  const { maxNodes, podsPerNode } = settings.network;
  if (row.slices || pods === undefined || refused("network.maxNodes", "network.podsPerNode")) return;
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
function windowsFit({ settings }: Checked, variant: CniVariant, row: CniProfile, problems: Problems): void {
  const pool = windowsPool(settings);
  if (pool === undefined || row.windows) return;
  // Whoever wrote another kind has no backend to change.
  const key = CNI_VARIANTS.some((one) => CNI_PROFILES[one].windows && kindOf(one) === kindOf(variant))
    ? "backend"
    : "kind";
  problems.add(["cni", key], cniName(variant), `cannot be combined with Windows nodes (workers.${pool})`, {
    allowed: CNI_VARIANTS.filter((one) => CNI_PROFILES[one].windows)
      .map(cniName)
      .join(", "),
  });
}

/** A port that the CNI has on every node. */
export interface CniHostPort {
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
export function cniPortsOf({ written, settings: { cni }, refused }: Checked): CniHostPort[] {
  const settable = "port" in domainOf(cni.kind).schema.shape;
  if (refused("cni.kind", "cni.backend") || (settable && refused("cni.port"))) return [];
  const given = settable && (written.cni as { readonly port?: number } | undefined)?.port !== undefined;
  const usual = CNI_PROFILES[cniVariant(cni)].ports;
  return cniProfile(cni).ports.flatMap(({ protocol, port, name, reason }) => {
    if (port === undefined) return [];
    const own = reason === undefined;
    return [
      {
        protocol,
        port,
        name,
        settable: settable && !own,
        given: given && !own,
        usual: usual.find((one) => one.name === name)?.port ?? port,
      },
    ];
  });
}
