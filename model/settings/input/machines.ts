import type { ChecksumInput } from "./nodes";
import type { NetworkInput } from "./network";

/** How to log in to a host over SSH. */
export interface SshInput {
  /** SSH address of the host: a DNS name or an IPv4 address, without scheme, user or port. */
  host: string;
  /**
   * SSH port.
   *
   * @defaultValue `22`
   */
  port?: number;
  /** User to log in as: `root`, or a user who may use sudo without a password. A bastion's user does not need sudo. */
  user: string;
  /**
   * The host's public key on one line: `ssh-ed25519 AAAA...`, ECDSA or RSA. Run `ssh-keyscan HOST` and compare the
   * key with the host's console. The library refuses to connect to a host with another key.
   */
  hostKey: string;
  /** Name in `kubeadm:secrets` of the private key to log in with. */
  key: string;
}

/** Your own Linux machine. Its key under `machines` is its identity and the name of its node. */
export interface MachineInput extends SshInput {
  /**
   * `controlPlane` runs etcd and the control plane; a cluster has 1, 3, 5 or 7 of them. `worker` runs pods.
   * `loadBalancer` only balances the API.
   */
  role: "controlPlane" | "worker" | "loadBalancer";
  /**
   * Name of the worker pool, a set of similar workers. The node gets the label `node-role.kubernetes.io/<pool>`.
   * `control-plane` and `master` are not allowed.
   *
   * @defaultValue `default`
   */
  pool?: string;
  /**
   * IPv4 address that nodes use among themselves: the kubelet's `node-ip`, and the address of the API server and
   * etcd.
   *
   * @defaultValue `host`, if it is an address
   */
  nodeAddress?: string;
  /**
   * Network interface that must have `nodeAddress`, at most 15 characters. Setup refuses a host if another interface
   * has the address.
   *
   * @defaultValue the interface that has the address
   */
  nodeInterface?: string;
  /**
   * CPU architecture. Setup refuses a host with another architecture.
   *
   * @defaultValue `amd64`
   */
  architecture?: "amd64" | "arm64";
  /**
   * Operating system. Setup refuses a host of another family. `rhel-9` includes RHEL, Rocky, AlmaLinux, CentOS Stream
   * and Oracle Linux.
   *
   * @defaultValue read on the host
   */
  os?: "ubuntu-22.04" | "ubuntu-24.04" | "debian-12" | "debian-13" | "rhel-9" | "amazon-linux-2023";
  /**
   * Labels of the node, set through the API. Role labels and labels under `kubernetes.io` and `k8s.io` are reserved,
   * except for topology zone and region, `node.kubernetes.io/` and `kubelet.kubernetes.io/`.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * Taints of the node. With `[]`, ordinary pods run on a control-plane node.
   *
   * @defaultValue control plane: `node-role.kubernetes.io/control-plane:NoSchedule`; workers: none
   */
  taints?: readonly TaintInput[];
  /**
   * Revision of the machine. Raise it if another machine takes over the name or the machine was wiped: its node is
   * removed and joins again.
   *
   * @defaultValue `1`
   */
  revision?: number;
  /**
   * How the machine leaves the cluster. `force` removes it where `safe` refuses to, and lists the steps it skips.
   *
   * @defaultValue `safe`
   */
  removal?: "safe" | "force";
}

/** A taint, either as in `kubectl taint` (`key:Effect`, `key=value:Effect`) or as an object. */
export type TaintInput = string | NodeTaintInput;

/** A taint, as in `spec.taints` of a Node. */
export interface NodeTaintInput {
  /** Key of the taint. */
  key: string;
  /**
   * Value of the taint.
   *
   * @defaultValue none
   */
  value?: string;
  /** What happens to pods that do not tolerate the taint. */
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** The address at which nodes reach the API. Cannot change once the cluster exists. */
export type EndpointInput = AddressEndpointInput | LocalProxyEndpointInput | ProxyMachineEndpointInput;

/** A name or address that you provide. */
export interface AddressEndpointInput {
  /** `address`: a name or address that you provide. The default with one control-plane node. */
  kind: "address";
  /**
   * DNS name or IPv4 address. Your own name must resolve on every node.
   *
   * @defaultValue `api.<name>.<domain>`, which hosts files resolve to the first control-plane node
   */
  host?: string;
  /**
   * Port of the endpoint. API servers always listen on 6443.
   *
   * @defaultValue `6443`
   */
  port?: number;
}

/** nginx on every node, on 127.0.0.1. */
export interface LocalProxyEndpointInput {
  /** `nodeLocal`: nginx on every node, on 127.0.0.1, balances the API servers. The default with several control-plane nodes. */
  kind: "nodeLocal";
  /**
   * Port of the proxy.
   *
   * @defaultValue `7443`
   */
  port?: number;
}

/** nginx on a machine with role `loadBalancer`. */
export interface ProxyMachineEndpointInput {
  /** `loadBalancer`: nginx on a machine with role `loadBalancer` balances the API servers. */
  kind: "loadBalancer";
  /** Key of that machine under `machines`. */
  machine: string;
  /**
   * Port of the proxy.
   *
   * @defaultValue `6443`
   */
  port?: number;
}

/** How people and the Pulumi program reach the cluster, and who may do so. Can change at any time. */
export interface AccessInput {
  /**
   * DNS name or IPv4 address of the API in kubeconfigs. The API servers' certificates contain it too.
   *
   * @defaultValue SSH host of the load balancer machine, otherwise of the first control-plane node
   */
  host?: string;
  /**
   * Port of the API in kubeconfigs.
   *
   * @defaultValue `endpoint.port` with a load balancer machine, otherwise `6443`
   */
  port?: number;
  /**
   * IPv4 and IPv6 ranges that may log in over SSH. `ssh`, `api` and `nodePorts` need `firewall: nftables`.
   *
   * @defaultValue none
   */
  ssh?: readonly string[];
  /**
   * IPv4 ranges that may call the API from outside the cluster.
   *
   * @defaultValue none
   */
  api?: readonly string[];
  /**
   * IPv4 ranges that may call NodePorts from outside the cluster.
   *
   * @defaultValue none
   */
  nodePorts?: readonly string[];
}

/** Whether hosts filter incoming traffic. */
export type FirewallKind = "none" | "nftables";

/** `none`, `nftables`, or an object with your own rules. */
export type FirewallInput = FirewallKind | FirewallRulesInput;

/** A firewall on every host, with your own rules. */
export interface FirewallRulesInput {
  /**
   * `nftables`: each host drops traffic that no component in use needs. The library turns off firewalld and ufw, and
   * turns them on again when you remove the firewall. Requires `access.ssh` and `access.api`.
   */
  kind: FirewallKind;
  /**
   * More traffic that every machine accepts.
   *
   * @defaultValue none
   */
  allow?: readonly FirewallAllowInput[];
}

/** Traffic that every machine accepts. */
export interface FirewallAllowInput {
  /** IPv4 and IPv6 ranges that may send. `0.0.0.0/0` is accepted, with an advisory. */
  from: readonly string[];
  /** IP protocol. `icmp` from an IPv6 range means ICMPv6. */
  protocol: "tcp" | "udp" | "sctp" | "icmp" | "igmp" | "vrrp" | "ospf" | "gre" | "ipip" | "esp" | "ah";
  /**
   * A port, or a range such as `8000-8100`. Required for `tcp`, `udp` and `sctp`; not allowed for other protocols.
   *
   * @defaultValue none
   */
  port?: number | string;
  /** Reason for the rule: one line of at most 100 ASCII characters. The plan and the hosts show it next to the rule. */
  reason: string;
}

/** How fast a change reaches the workers. */
export interface RolloutInput {
  /**
   * How many workers may take a change at the same time if it restarts containerd or the kubelet: a number, or a
   * share such as `10%`, rounded down, but at least one. Control-plane nodes take it first, one by one.
   *
   * @defaultValue `10%`
   */
  maxUnavailable?: number | string;
}

/** How many workers may be drained at a time. */
export interface PoolUpgradesInput {
  /**
   * How many workers of the pool may be unavailable at the same time while nodes are drained, upgraded and let in again:
   * a number, or a share such as `25%`, rounded down, but at least one. A worker counts too that is not Ready, or that an
   * interrupted run left cordoned. The first worker of a pool goes alone.
   */
  maxUnavailable: number | string;
}

/** Changes that drain nodes: upgrades of Kubernetes, and other CPU or memory policies of kubelets. */
export interface UpgradesInput {
  /**
   * How many workers of each pool may be unavailable at the same time while nodes are drained, upgraded and let in again:
   * a number, or a share such as `25%`, rounded down, but at least one. A worker counts too that is not Ready, or that an
   * interrupted run left cordoned. The first worker of a pool goes alone. Control-plane nodes go first, one by one. Workers that you
   * remove from the settings leave by the same bound.
   *
   * @defaultValue `1`
   */
  maxUnavailable?: number | string;
  /**
   * Pools with another number, by name.
   *
   * @defaultValue none
   */
  pools?: Record<string, PoolUpgradesInput>;
  /**
   * What may stand against an upgrade of Kubernetes: blockers as the report of a refused upgrade names them, such as
   * `podDisruptionBudget/shop/web` or `capacity/general`.
   *
   * @defaultValue none
   */
  ignore?: readonly string[];
  /**
   * Versions that the control plane goes through in an upgrade over several minor versions, in place of those that the library knows: at most
   * one of each minor version, with kubeadm's SHA-256 checksums where the library has none, or where `downloads.mirror` has builds of your own.
   *
   * @example { "1.35.8": {} }
   * @defaultValue the newest version of each minor version that the library knows
   */
  through?: Record<string, ChecksumInput>;
}

/** Settings of `platform: machines` only. */
export interface MachinesPlatformInput {
  /** Address ranges. */
  network?: NetworkInput;
  /** Machines by name. The name is the machine's identity and the name of its node. */
  machines: Record<string, MachineInput>;
  /**
   * A jump host for SSH to all machines. It forwards SSH only: the API must be reachable from where `pulumi up` runs.
   *
   * @defaultValue none
   */
  bastion?: SshInput;
  /** The address at which nodes reach the API. Cannot change once the cluster exists. */
  endpoint?: EndpointInput;
  /** How people and the Pulumi program reach the cluster, and who may do so. */
  access?: AccessInput;
  /** How fast a change reaches the workers. */
  rollout?: RolloutInput;
  /** How fast a change that drains nodes reaches the workers. */
  upgrades?: UpgradesInput;
  /**
   * `nftables`: each host drops traffic that no component in use needs. The library turns off firewalld and ufw, and
   * turns them on again when you remove the firewall. Requires `access.ssh` and `access.api`. Nodes, and everybody
   * who may log in over SSH, can still ping.
   *
   * @defaultValue `none`
   */
  firewall?: FirewallInput;
}
