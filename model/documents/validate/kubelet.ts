import { mergeConfig } from "../../core/merge";
import { type Mapping, mappingOf } from "../../core/tree";
import { DURATION, QUANTITY } from "../check";
import { KUBELET_TYPES } from "../kubelet";
import { KUBELET_DEFAULTS } from "../../kubeadm/kubelet";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";
import { KUBEADM, type Owner } from "../../flags/validate/owned";
import { ciphers } from "../../flags/validate/rules";
import { type ComponentRules, validateConfiguration } from "./report";

/** Keys of KubeletConfiguration (kubelet.config.k8s.io/v1beta1) that follow from other settings. */
const OWNED: Owner = {
  apiVersion: KUBEADM,
  kind: KUBEADM,
  clusterDNS: "network.serviceCidr; it is the tenth address of that range",
  clusterDomain: "network.clusterDomain",
  maxPods: "network.podsPerNode",
  podCIDR: "cni.podCidr",
  staticPodPath: KUBEADM,
  staticPodURL: "staticPods",
  staticPodURLHeader: "staticPods",
  registerWithTaints: "machines.<name>.taints",
  authentication: "it stays certificates and webhook",
  authorization: "it stays Webhook",
  readOnlyPort: "it stays closed",
  serverTLSBootstrap: "the library's approver signs serving certificates",
  rotateCertificates: "certificates are renewed",
  tlsCertFile: "the library's approver signs serving certificates",
  tlsPrivateKeyFile: "the library's approver signs serving certificates",
  containerRuntimeEndpoint: "the library's containerd",
  imageServiceEndpoint: "the library's containerd",
  // Flags that have no key here, and the setting for the same.
  "node-ip": "machines.<name>.nodeAddress",
  "node-labels": "machines.<name>.labels",
  "hostname-override": "the machine's key under machines",
  "register-with-taints": "machines.<name>.taints",
  "cloud-provider": "platform",
  "pod-infra-container-image": "versions.pause",
  "container-runtime-endpoint": "the library's containerd",
  kubeconfig: KUBEADM,
  "bootstrap-kubeconfig": KUBEADM,
};

const ONE_HOST = "it is specific to one host, and this configuration is for all";
const PROBED = "kubeadm and this library check the kubelet's health at 127.0.0.1:10248";

/** Keys that would take away what the API server, kubeadm or this library rely on. */
const KEPT: Owner = {
  address: "API servers connect to kubelets at the nodes' addresses",
  port: "API servers and the host firewall expect kubelets at 10250",
  healthzPort: PROBED,
  healthzBindAddress: PROBED,
  enableServer: "logs, exec and metrics come from it",
  registerNode: "a node joins by registering itself",
  providerID: ONE_HOST,
  runOnce: "the kubelet would exit after its first pods",
};

/** Signals that thresholds may be of (pkg/kubelet/eviction/api/types.go; those of containerfs follow and are ignored). */
const SIGNALS = [
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
  "allocatableMemory.available",
];
const RESERVABLE = ["cpu", "memory", "ephemeral-storage", "pid"];

/** Words and bounds: pkg/kubelet/apis/config/validation/validation.go and the managers' policies of v1.36.4. */
const RULES: ComponentRules = {
  types: KUBELET_TYPES,
  root: "KubeletConfiguration",
  nulls: true,
  owned: OWNED,
  kept: KEPT,
  words: {
    "KubeletConfiguration.cgroupDriver": ["systemd", "cgroupfs"],
    "KubeletConfiguration.cpuManagerPolicy": ["none", "static"],
    "KubeletConfiguration.memoryManagerPolicy": ["None", "Static"],
    "KubeletConfiguration.topologyManagerPolicy": ["none", "best-effort", "restricted", "single-numa-node"],
    "KubeletConfiguration.topologyManagerScope": ["container", "pod"],
    "KubeletConfiguration.hairpinMode": ["promiscuous-bridge", "hairpin-veth", "none"],
    "KubeletConfiguration.configMapAndSecretChangeDetectionStrategy": ["Get", "Cache", "Watch"],
    "KubeletConfiguration.enforceNodeAllocatable": [
      "none",
      "pods",
      "system-reserved",
      "system-reserved-compressible",
      "kube-reserved",
      "kube-reserved-compressible",
    ],
    "KubeletConfiguration.imagePullCredentialsVerificationPolicy": [
      "NeverVerify",
      "NeverVerifyPreloadedImages",
      "NeverVerifyAllowlistedImages",
      "AlwaysVerify",
    ],
    "KubeletConfiguration.memoryReservationPolicy": ["None", "TieredReservation"],
    "KubeletConfiguration.tlsMinVersion": ["VersionTLS12", "VersionTLS13"],
    "MemorySwapConfiguration.swapBehavior": ["NoSwap", "LimitedSwap"],
    "LoggingConfiguration.format": ["text", "json"],
  },
  keys: {
    "KubeletConfiguration.evictionHard": SIGNALS,
    "KubeletConfiguration.evictionSoft": SIGNALS,
    "KubeletConfiguration.evictionSoftGracePeriod": SIGNALS,
    "KubeletConfiguration.evictionMinimumReclaim": SIGNALS,
    "KubeletConfiguration.systemReserved": RESERVABLE,
    "KubeletConfiguration.kubeReserved": RESERVABLE,
    "KubeletConfiguration.cpuManagerPolicyOptions": [
      "full-pcpus-only",
      "distribute-cpus-across-numa",
      "align-by-socket",
      "distribute-cpus-across-cores",
      "strict-cpu-reservation",
      "prefer-align-cpus-by-uncorecache",
    ],
    "KubeletConfiguration.topologyManagerPolicyOptions": [
      "prefer-closest-numa-nodes",
      "max-allowable-numa-nodes",
    ],
  },
  ranges: {
    "KubeletConfiguration.imageGCHighThresholdPercent": [0, 100],
    "KubeletConfiguration.imageGCLowThresholdPercent": [0, 100],
    "KubeletConfiguration.nodeLeaseDurationSeconds": [1, Infinity],
    "KubeletConfiguration.oomScoreAdj": [-1000, 1000],
    "KubeletConfiguration.iptablesMasqueradeBit": [0, 31],
    "KubeletConfiguration.iptablesDropBit": [0, 31],
    "KubeletConfiguration.maxParallelImagePulls": [1, Infinity],
    "KubeletConfiguration.containerLogMaxFiles": [2, Infinity],
    "KubeletConfiguration.containerLogMaxWorkers": [1, Infinity],
    "KubeletConfiguration.nodeStatusMaxImages": [-1, Infinity],
    "KubeletConfiguration.eventBurst": [0, Infinity],
    "KubeletConfiguration.eventRecordQPS": [0, Infinity],
    "KubeletConfiguration.registryPullQPS": [0, Infinity],
    "KubeletConfiguration.registryBurst": [0, Infinity],
    "KubeletConfiguration.kubeAPIQPS": [0, Infinity],
    "KubeletConfiguration.kubeAPIBurst": [0, Infinity],
    "KubeletConfiguration.podsPerCore": [0, Infinity],
    "KubeletConfiguration.maxOpenFiles": [0, Infinity],
    "KubeletConfiguration.memoryThrottlingFactor": [0.01, 1],
  },
};

const BASE = ["kubelet", "config"];

/** `kubelet.config` is a part of KubeletConfiguration, says nothing that a setting says, and makes a whole that the kubelet takes. */
export function validateKubelet(checked: Checked, problems: Problems): void {
  const config = checked.written.kubelet?.config;
  if (config === undefined) return;
  validateConfiguration(BASE, config, RULES, checked, problems);
  validateThresholds(config, problems);
  const suites = config.tlsCipherSuites;
  const found = Array.isArray(suites) ? ciphers(suites.map(String), checked) : undefined;
  if (found !== undefined) problems.add([...BASE, "tlsCipherSuites"], suites, found.message, found);
  validateWhole(config, problems);
}

/** A threshold is an amount or a share; a grace period is a duration; what is reserved is an amount. */
function validateThresholds(config: Mapping, problems: Problems): void {
  const share = /^\d+(\.\d+)?%$/;
  const rules = [
    ["evictionHard", [QUANTITY, share], "a quantity or a share, such as 100Mi or 10%"],
    ["evictionSoft", [QUANTITY, share], "a quantity or a share, such as 300Mi or 15%"],
    ["evictionMinimumReclaim", [QUANTITY, share], "a quantity or a share, such as 500Mi or 5%"],
    ["evictionSoftGracePeriod", [DURATION], "a duration with its unit, such as 1m30s"],
    ["systemReserved", [QUANTITY], "a quantity, such as 100m or 200Mi"],
    ["kubeReserved", [QUANTITY], "a quantity, such as 100m or 300Mi"],
  ] as const;
  for (const [key, patterns, allowed] of rules) {
    for (const [name, value] of Object.entries(mappingOf(config[key]))) {
      if (typeof value !== "string" || patterns.some((pattern) => pattern.test(value))) continue;
      problems.add([...BASE, key, name], value, "is not valid for the kubelet", { allowed });
    }
  }
}

/** What the kubelet's own validation refuses of keys that are each right, with the library's defaults beneath. */
function validateWhole(config: Mapping, problems: Problems): void {
  const whole = mergeConfig(KUBELET_DEFAULTS, config);
  const add = (key: string, message: string, allowed: string): void => {
    const given = key in config ? key : (Object.keys(config)[0] ?? key);
    const path = [...BASE, given];
    if (!problems.has(path)) problems.add(path, config[given], message, { allowed });
  };
  const grace = mappingOf(whole.evictionSoftGracePeriod);
  for (const signal of Object.keys(mappingOf(whole.evictionSoft))) {
    if (!Object.hasOwn(grace, signal))
      add(
        "evictionSoft" in config ? "evictionSoft" : "evictionSoftGracePeriod",
        `has ${signal} without a grace period`,
        `evictionSoftGracePeriod: { ${signal}: 1m30s } as well`,
      );
  }
  for (const signal of Object.keys(grace)) {
    if (!Object.hasOwn(mappingOf(whole.evictionSoft), signal))
      add(
        "evictionSoftGracePeriod" in config ? "evictionSoftGracePeriod" : "evictionSoft",
        `has a grace period for ${signal} but no threshold`,
        `evictionSoft: { ${signal}: ... } as well, or evictionSoftGracePeriod: null`,
      );
  }
  const [high, low] = [whole.imageGCHighThresholdPercent ?? 85, whole.imageGCLowThresholdPercent ?? 80];
  if (typeof high === "number" && typeof low === "number" && low >= high) {
    const key =
      "imageGCHighThresholdPercent" in config ? "imageGCHighThresholdPercent" : "imageGCLowThresholdPercent";
    add(
      key,
      "makes imageGCLowThresholdPercent at least as large as imageGCHighThresholdPercent",
      `a low threshold below the high one (now ${low} and ${high})`,
    );
  }
  if (whole.serializeImagePulls === true && Number(whole.maxParallelImagePulls ?? 1) > 1)
    add(
      "serializeImagePulls",
      `pulls one image at a time, which contradicts maxParallelImagePulls ${String(whole.maxParallelImagePulls)}`,
      "maxParallelImagePulls: 1 as well, or false",
    );
  validateShutdown(whole, add);
  validateReserved(whole, add);
}

type Add = (key: string, message: string, allowed: string) => void;

function validateShutdown(whole: Mapping, add: Add): void {
  const total = seconds(whole.shutdownGracePeriod);
  const critical = seconds(whole.shutdownGracePeriodCriticalPods);
  if (total !== undefined && critical !== undefined && critical > total)
    add(
      "shutdownGracePeriod",
      "is shorter than shutdownGracePeriodCriticalPods, which is a part of it",
      `at least ${critical}s, or a shorter shutdownGracePeriodCriticalPods`,
    );
  const priorities = whole.shutdownGracePeriodByPodPriority;
  if (Array.isArray(priorities) && priorities.length > 0 && ((total ?? 0) > 0 || (critical ?? 0) > 0))
    add(
      "shutdownGracePeriodByPodPriority",
      "cannot be combined with shutdownGracePeriod",
      "shutdownGracePeriod: 0s and shutdownGracePeriodCriticalPods: 0s as well",
    );
}

function validateReserved(whole: Mapping, add: Add): void {
  const enforced = Array.isArray(whole.enforceNodeAllocatable)
    ? whole.enforceNodeAllocatable.map(String)
    : ["pods"];
  for (const part of ["system", "kube"] as const) {
    const needs = enforced.some((name) => name.startsWith(`${part}-reserved`));
    if (needs && !isText(whole[`${part}ReservedCgroup`]))
      add(
        "enforceNodeAllocatable",
        `has ${part}-reserved without ${part}ReservedCgroup`,
        `${part}ReservedCgroup as well, such as /${part}.slice`,
      );
  }
  if (enforced.includes("none") && enforced.length > 1)
    add("enforceNodeAllocatable", "combines none with other values", "only none, or the others");
  if (whole.cgroupsPerQOS === false && enforced.some((name) => name !== "none"))
    add(
      "cgroupsPerQOS",
      "disables what enforceNodeAllocatable needs",
      "enforceNodeAllocatable: [none] as well",
    );
  if (
    whole.memoryManagerPolicy === "Static" &&
    !(Array.isArray(whole.reservedMemory) && whole.reservedMemory.length > 0)
  )
    add(
      "memoryManagerPolicy",
      "needs reservedMemory",
      "reservedMemory as well: the reserved memory of each NUMA node",
    );
  if (isText(whole.systemCgroups) && !isText(whole.cgroupRoot))
    add("systemCgroups", "needs cgroupRoot", "cgroupRoot as well, such as /");
  if (
    isText(whole.reservedSystemCPUs) &&
    (isText(whole.systemReservedCgroup) || isText(whole.kubeReservedCgroup))
  )
    add(
      "reservedSystemCPUs",
      "cannot be combined with systemReservedCgroup or kubeReservedCgroup",
      "one of them",
    );
  if (whole.enableSystemLogQuery === true && whole.enableSystemLogHandler === false)
    add("enableSystemLogQuery", "needs enableSystemLogHandler", "enableSystemLogHandler: true");
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** A duration of Go in seconds; undefined: it cannot be read. */
function seconds(value: unknown): number | undefined {
  if (typeof value !== "string" || !DURATION.test(value)) return undefined;
  return [...value.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce(
    (sum, [, number = "0", unit = "s"]) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  );
}
