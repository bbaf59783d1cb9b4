import type { ClusterMachine } from "./machine";

/** What a cluster is born with: changing it would leave nodes, certificates and routes of two minds. */
export interface ImmutableSettings {
  /** `cni.podCidr`, IPv4 CIDR. */
  readonly podCidr: string;
  /** `network.serviceCidr`, IPv4 CIDR. */
  readonly serviceCidr: string;
  /** `host:port` where nodes reach the API. */
  readonly endpoint: string;
  /** DNS suffix of Services. This and the following are not in records of older releases of the library. */
  readonly clusterDomain?: string;
  /** Prefix length of the slice of `podCidr` that each node has. */
  readonly nodeCidrMaskSize?: number;
  /** `cni.kind`. */
  readonly cni?: string;
  /** `cni.backend`. */
  readonly cniBackend?: string;
  /** `cni.blockSize`; 0: not Calico. */
  readonly cniBlockSize?: number;
  /** Who does kube-proxy's work: the CNI, or kubeadm's kube-proxy. */
  readonly kubeProxy?: "cni" | "kubeadm";
  /** `kubelet.config.cgroupDriver`. */
  readonly cgroupDriver?: string;
}

/**
 * Which step of the program a host belongs to. A machine that moves to another pool gets new steps, and the deletion of
 * the old ones, which comes after, must not take the node from under them.
 */
export function ownerOf(machine: Pick<ClusterMachine, "role" | "pool" | "name" | "revision">): string {
  return `${machine.role}/${machine.pool}/${machine.name}@${machine.revision}`;
}

/** The setting behind each value, and why it cannot change while the cluster lives. */
const SETTING: Record<keyof ImmutableSettings, { readonly path: string; readonly why: string }> = {
  podCidr: { path: "cni.podCidr", why: "every node and pod has an address from it" },
  serviceCidr: {
    path: "network.serviceCidr",
    why: "Services and the API server's certificate use addresses from it",
  },
  endpoint: { path: "endpoint", why: "every node's kubeconfig and the API server's certificate name it" },
  clusterDomain: {
    path: "network.clusterDomain",
    why: "running pods keep the old names in /etc/resolv.conf, and tokens name it as their issuer",
  },
  nodeCidrMaskSize: {
    path: "network.nodeCidrMaskSize",
    why: "nodes keep the pod range they were assigned",
  },
  cni: {
    path: "cni.kind",
    why: "pods keep their interfaces, and nodes with different CNIs cannot reach each other's pods",
  },
  cniBackend: {
    path: "cni.backend",
    why: "nodes with different backends cannot reach each other's pods while it changes",
  },
  cniBlockSize: { path: "cni.blockSize", why: "Calico cannot change it in an address pool that is in use" },
  kubeProxy: {
    path: "cni.kubeProxyReplacement",
    why: "an old kube-proxy's rules would stay on the nodes, and a missing kube-proxy is not installed later",
  },
  cgroupDriver: {
    path: "kubelet.config.cgroupDriver",
    why: "the runtime cannot manage running pods that another driver created",
  },
};

/** One sentence for each value that is not what the living cluster has; values missing from an old record are skipped. */
export function immutableChanges(living: Partial<ImmutableSettings>, wanted: ImmutableSettings): string[] {
  const keys = Object.keys(SETTING) as (keyof ImmutableSettings)[];
  // Another CNI has another backend, and other numbers: one sentence is enough.
  const otherCni = living.cni !== undefined && living.cni !== wanted.cni;
  return keys
    .filter((key) => living[key] !== undefined && living[key] !== wanted[key])
    .filter((key) => !(otherCni && key.startsWith("cni") && key !== "cni"))
    .map(
      (key) =>
        `${SETTING[key].path}: the living cluster has ${shown(living[key])}, but the settings say ${shown(wanted[key])}. ` +
        `It is fixed when the cluster is created (${SETTING[key].why}): set it back, or create a new cluster`,
    );
}

/** 0 stands for "not set". */
function shown(value: string | number | undefined): string {
  return value === 0 ? "none" : String(value);
}
