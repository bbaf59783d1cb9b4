import { listOf, type Mapping } from "../../core/tree";
import { KUBE_PROXY_TYPES } from "../kubeProxy";
import { parseRange } from "../../network/addresses";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import { KUBEADM, type Owner } from "../../flags/validate/owned";
import { type ComponentRules, validateConfiguration } from "./report";

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
  ipvs: "this library does not support mode ipvs, so kube-proxy ignores it",
  winkernel: WINDOWS,
  windowsRunAsService: WINDOWS,
  portRange: "kube-proxy has ignored it since Kubernetes 1.20",
};

const RULES: ComponentRules = {
  types: KUBE_PROXY_TYPES,
  root: "KubeProxyConfiguration",
  nulls: true,
  owned: OWNED,
  kept: IGNORED,
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
export function validateKubeProxy(checked: Checked, problems: Problems): void {
  const config = checked.written.kubeProxy?.config;
  if (config === undefined) return;
  validateConfiguration(BASE, config, RULES, checked, problems);
  validateAddresses(config, problems);
}

function validateAddresses(config: Mapping, problems: Problems): void {
  for (const [key, pattern, allowed] of [
    ["bindAddress", /^0\.0\.0\.0$/, "0.0.0.0; each kube-proxy takes its node's address from the API"],
    [
      "healthzBindAddress",
      /^(0\.0\.0\.0|127\.0\.0\.1):\d+$/,
      "0.0.0.0 or 127.0.0.1 with a port, such as 0.0.0.0:10256",
    ],
    [
      "metricsBindAddress",
      /^(0\.0\.0\.0|127\.0\.0\.1):\d+$/,
      "0.0.0.0 or 127.0.0.1 with a port, such as 0.0.0.0:10249",
    ],
  ] as const) {
    const value = config[key];
    if (typeof value === "string" && !pattern.test(value))
      problems.add([...BASE, key], value, "is the address of one host, or not an address with a port", {
        allowed,
      });
  }
  const ranges = listOf(config.nodePortAddresses);
  ranges.forEach((one, index) => {
    if (typeof one !== "string" || (one === "primary" && ranges.length === 1)) return;
    if ("problem" in parseRange(one))
      problems.add([...BASE, "nodePortAddresses", index], one, "is not a range", {
        allowed: "IPv4 ranges in CIDR notation, or only primary",
      });
  });
}

/** Settings of the mode that is not used are taken by kube-proxy, and do nothing. */
export function validateKubeProxyMode({ written, settings }: Checked, problems: Problems): void {
  const config = written.kubeProxy?.config ?? {};
  const { mode } = settings.kubeProxy;
  const other = mode === "nftables" ? "iptables" : "nftables";
  if (config[other] === undefined || config[other] === null) return;
  problems.add([...BASE, other], config[other], `is ignored: kubeProxy.mode is ${mode}`, {
    allowed: `${mode}: with the same, or kubeProxy.mode: ${other}`,
    nearest: mode,
  });
}
