import type { ClusterNetwork, Machine } from "../settings/resolved";
import { STRONG_CIPHERS } from "./ciphers";
import { mergeConfig, mergePatch } from "../core/merge";
import type { Mapping } from "../core/tree";

/** What every kubelet is configured by. */
export interface KubeletSpec {
  readonly network: Pick<ClusterNetwork, "dnsServiceAddress" | "clusterDomain" | "podsPerNode">;
  /** Merged over the library's configuration; a `null` removes a key. */
  readonly kubelet: { readonly config: Readonly<Record<string, unknown>> };
}

/** A machine, as far as its kubelet's configuration depends on it. */
type KubeletRole = Pick<Machine, "role">;

/**
 * What the node keeps for itself, by role: a control-plane node's kubelet carries etcd and the API server as pods of
 * its own.
 */
const reserved = {
  controlPlane: {
    kubeReserved: { cpu: "200m", memory: "300Mi" },
    systemReserved: { cpu: "100m", memory: "200Mi" },
  },
  worker: {
    kubeReserved: { cpu: "100m", memory: "300Mi" },
    systemReserved: { cpu: "100m", memory: "200Mi" },
  },
} as const;

const header = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" } as const;

/** What the library sets for every node, whatever its settings: the checks of `kubelet.config` read it too. */
export const KUBELET_DEFAULTS = {
  evictionHard: {
    "memory.available": "100Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
  },
  evictionSoft: { "memory.available": "300Mi" },
  evictionSoftGracePeriod: { "memory.available": "1m30s" },
  evictionMaxPodGracePeriod: 60,
  // The kubelet raises logind's delay itself (InhibitDelayMaxSec), so this needs no file of ours.
  shutdownGracePeriod: "60s",
  shutdownGracePeriodCriticalPods: "20s",
  containerLogMaxSize: "10Mi",
  containerLogMaxFiles: 5,
  serializeImagePulls: false,
  maxParallelImagePulls: 5,
} as const;

/** The library's KubeletConfiguration, before the settings' own is laid on it. */
function defaults(settings: KubeletSpec, machine?: KubeletRole): Mapping {
  return {
    ...header,
    clusterDNS: [settings.network.dnsServiceAddress],
    clusterDomain: settings.network.clusterDomain,
    cgroupDriver: "systemd",
    maxPods: settings.network.podsPerNode,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true, cacheTTL: "2m0s" } },
    authorization: { mode: "Webhook" },
    readOnlyPort: 0,
    rotateCertificates: true,
    // The certificate that the API server asks for is signed by the cluster CA, once the approver has let it through.
    serverTLSBootstrap: true,
    seccompDefault: true,
    tlsCipherSuites: [...STRONG_CIPHERS],
    // One pod that forks without end must not take the processes of all (CIS 4.2.13). OpenShift's number.
    podPidsLimit: 4096,
    ...reserved[machine?.role === "controlPlane" ? "controlPlane" : "worker"],
    ...KUBELET_DEFAULTS,
  };
}

/**
 * KubeletConfiguration with the settings' `kubelet.config` laid over it. Without a machine it is the cluster's, as kubeadm
 * uploads it at init; a machine's own differs in what it reserves. `resolvConf` and the client CA are kubeadm's to fill
 * in: it looks for systemd-resolved on each host.
 */
export function kubeletConfiguration(settings: KubeletSpec, machine?: KubeletRole): Record<string, unknown> {
  return mergeConfig(defaults(settings, machine), settings.kubelet.config);
}

/**
 * The same as a merge patch for the target `kubeletconfiguration`. It is the whole configuration and not a difference: a
 * node that joins late, and one that stays, get what the settings say now whatever the ConfigMap kept from init.
 */
export function kubeletPatch(settings: KubeletSpec, machine: KubeletRole): Record<string, unknown> {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    ...patch
  } = mergePatch(defaults(settings, machine), settings.kubelet.config);
  return patch;
}
