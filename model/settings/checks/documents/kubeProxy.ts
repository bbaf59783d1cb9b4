import { CNI_PROFILES } from "../../../cni";
import { type DocumentRules, checkDocument } from "../../../documents/check";
import { KUBE_PROXY_TYPES } from "../../../documents/kubeProxy";
import { parseRange } from "../../../network/addresses";
import { minorOf } from "../../../versions";
import type { Facts } from "../../draft";
import type { Problems } from "../../problems";
import { keep, refuse } from "../flags";
import { KUBEADM, type Owner } from "../flags/owned";
import { kubernetesGates } from "../flags/rules";
import { report } from "./report";

/** Keys of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) that follow from other settings. */
const OWNED: Owner = {
  apiVersion: KUBEADM,
  kind: KUBEADM,
  clusterCIDR: "cni.podCidr",
  mode: "kubeProxy.mode",
  clientConnection: KUBEADM,
  hostnameOverride: "the machine's key under machines",
};

const WINDOWS = "it is for Windows nodes, and kube-proxy on Linux ignores it";

/** Keys that kube-proxy takes and does nothing with. */
const IGNORED: Owner = {
  ipvs: "kubeProxy.mode is never ipvs here, and kube-proxy ignores it",
  winkernel: WINDOWS,
  windowsRunAsService: WINDOWS,
  portRange: "kube-proxy has ignored it since Kubernetes 1.20",
};

const RULES: DocumentRules = {
  types: KUBE_PROXY_TYPES,
  root: "KubeProxyConfiguration",
  nulls: true,
  except: [...Object.keys(OWNED), ...Object.keys(IGNORED)],
  words: {
    "KubeProxyConfiguration.detectLocalMode": [
      "ClusterCIDR",
      "NodeCIDR",
      "BridgeInterface",
      "InterfaceNamePrefix",
    ],
    "LoggingConfiguration.format": ["text", "json"],
  },
  ranges: {
    "KubeProxyConfiguration.oomScoreAdj": [-1000, 1000],
    "KubeProxyIPTablesConfiguration.masqueradeBit": [0, 31],
    "KubeProxyNFTablesConfiguration.masqueradeBit": [0, 31],
    "KubeProxyConntrackConfiguration.maxPerCore": [0, Infinity],
    "KubeProxyConntrackConfiguration.min": [0, Infinity],
  },
};

const BASE = ["kubeProxy", "config"];

/** `kubeProxy.config` is a part of KubeProxyConfiguration, for all nodes, and of the mode that is used. */
export function validateKubeProxy(facts: Facts, problems: Problems): void {
  const config = facts.input.kubeProxy?.config;
  if (config === undefined) return;
  const minor = facts.kubernetesVersion === undefined ? undefined : minorOf(facts.kubernetesVersion);
  for (const [key, value] of Object.entries(config)) {
    const near = Object.keys(OWNED).find((own) => own.toLowerCase() === key.toLowerCase());
    if (refuse(OWNED, [...BASE, key], near ?? key, value, problems)) continue;
    keep(IGNORED, [...BASE, key], key, value, problems);
  }
  report(BASE, checkDocument(RULES, config, minor), problems);
  validateAddresses(config, problems);
  validateMode(config, facts, problems);
  for (const [name, value] of Object.entries((config.featureGates ?? {}) as Record<string, unknown>)) {
    const found = typeof value === "boolean" ? kubernetesGates([`${name}=${value}`], facts) : undefined;
    if (found === undefined) continue;
    problems.add([...BASE, "featureGates", name], value, found.message, {
      allowed: found.allowed,
      nearest: found.nearest,
    });
  }
}

/** Each node has the same configuration: an address in it is none of one node's. */
function validateAddresses(config: Readonly<Record<string, unknown>>, problems: Problems): void {
  for (const [key, pattern, allowed] of [
    ["bindAddress", /^0\.0\.0\.0$/, "0.0.0.0; each kube-proxy takes its node's address from the API"],
    [
      "healthzBindAddress",
      /^(0\.0\.0\.0|127\.0\.0\.1):\d+$/,
      "0.0.0.0 or 127.0.0.1 with a port, as 0.0.0.0:10256",
    ],
    [
      "metricsBindAddress",
      /^(0\.0\.0\.0|127\.0\.0\.1):\d+$/,
      "0.0.0.0 or 127.0.0.1 with a port, as 0.0.0.0:10249",
    ],
  ] as const) {
    const value = config[key];
    if (typeof value === "string" && !pattern.test(value))
      problems.add([...BASE, key], value, "belongs to one host, or is not an address with its port", {
        allowed,
      });
  }
  const ranges = config.nodePortAddresses;
  if (!Array.isArray(ranges)) return;
  ranges.forEach((one: unknown, index) => {
    if (
      typeof one !== "string" ||
      (one === "primary" && ranges.length === 1) ||
      !("problem" in parseRange(one))
    )
      return;
    problems.add([...BASE, "nodePortAddresses", index], one, "is not a range", {
      allowed: "IPv4 ranges in CIDR notation, or primary alone",
    });
  });
}

/** Settings of the mode that is not used are taken by kube-proxy, and do nothing. */
function validateMode(
  config: Readonly<Record<string, unknown>>,
  { input, cni }: Facts,
  problems: Problems,
): void {
  const mode = input.kubeProxy?.mode ?? (cni === undefined ? undefined : CNI_PROFILES[cni].kubeProxyModes[0]);
  if (mode === undefined) return;
  const other = mode === "nftables" ? "iptables" : "nftables";
  if (config[other] === undefined || config[other] === null) return;
  problems.add([...BASE, other], config[other], `is ignored: kubeProxy.mode is ${mode}`, {
    allowed: `${mode}: with the same, or kubeProxy.mode: ${other}`,
    nearest: mode,
  });
}
