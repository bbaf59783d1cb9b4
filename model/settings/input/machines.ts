import type { NetworkInput } from "./network";

/** How to log in to a host over SSH. */
export interface SshInput {
  /** Where SSH reaches the host: a DNS name or an IPv4 address, without scheme, user or port. */
  host: string;
  /**
   * SSH port.
   *
   * @defaultValue `22`
   */
  port?: number;
  /** User to log in as: `root`, or a user with sudo and no password. A bastion's user needs no sudo. */
  user: string;
  /**
   * The host's public key in one line, `ssh-ed25519 AAAA...`: Ed25519, ECDSA or RSA. Take it from `ssh-keyscan HOST` and compare
   * it with the host's console. A host with another key is refused.
   */
  hostKey: string;
  /** Name in `kubeadm:secrets` of the private key to log in with. */
  key: string;
}

/** Your own Linux machine. Its key under `machines` is its identity and the name of its node. */
export interface MachineInput extends SshInput {
  /**
   * `controlPlane`: runs etcd and the control plane; there are 1, 3, 5 or 7 of them. `worker`: runs pods. `loadBalancer`: only
   * balances the API.
   */
  role: "controlPlane" | "worker" | "loadBalancer";
  /**
   * Worker pool: a set of workers that are alike. The node gets the label `node-role.kubernetes.io/<pool>`. Not `control-plane` or
   * `master`.
   *
   * @defaultValue `default`
   */
  pool?: string;
  /**
   * IPv4 address that nodes use among themselves: the kubelet's `node-ip`, the address of the API server and of etcd.
   *
   * @defaultValue `host`, where it is an address
   */
  nodeAddress?: string;
  /**
   * Network interface that must carry `nodeAddress`, up to 15 characters. Setup refuses a host where another interface has it.
   *
   * @defaultValue found by the address
   */
  nodeInterface?: string;
  /**
   * CPU architecture. Setup refuses a host with another architecture.
   *
   * @defaultValue `amd64`
   */
  architecture?: "amd64" | "arm64";
  /**
   * Operating system. Setup refuses a host of another family. `rhel-9` stands for RHEL, Rocky, AlmaLinux, CentOS Stream and
   * Oracle Linux.
   *
   * @defaultValue read on the host
   */
  os?: "ubuntu-22.04" | "ubuntu-24.04" | "debian-12" | "debian-13" | "rhel-9" | "amazon-linux-2023";
  /**
   * Labels of the node, set through the API. Role labels and those under `kubernetes.io` and `k8s.io` are reserved, except for
   * topology zone and region, `node.kubernetes.io/` and `kubelet.kubernetes.io/`.
   *
   * @defaultValue none
   */
  labels?: Record<string, string>;
  /**
   * Taints of the node. `[]` on a control-plane node lets ordinary pods run there.
   *
   * @defaultValue control plane: `node-role.kubernetes.io/control-plane:NoSchedule`; workers: none
   */
  taints?: TaintInput[];
  /**
   * Raise it when another machine takes over the name, or the machine was wiped: the node is removed and joins again.
   *
   * @defaultValue `1`
   */
  revision?: number;
  /**
   * `force` removes the machine where `safe` would refuse, and says which steps it skips.
   *
   * @defaultValue `safe`
   */
  removal?: "safe" | "force";
}

/** A taint as `kubectl taint` takes it, `key:Effect` or `key=value:Effect`, or written out. */
export type TaintInput = string | NodeTaintInput;

/** A taint written out as a Node has it. */
export interface NodeTaintInput {
  /** Key of the taint, a label name. */
  key: string;
  /**
   * Value of the taint.
   *
   * @defaultValue none
   */
  value?: string;
  /** What the taint does to pods that do not tolerate it. */
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** The address that nodes reach the API at. Cannot change once the cluster exists. */
export type EndpointInput = AddressEndpointInput | LocalProxyEndpointInput | ProxyMachineEndpointInput;

/** A name or address that you provide. */
export interface AddressEndpointInput {
  /** `address`: a name or address that you provide. The default with one control-plane node. */
  kind: "address";
  /**
   * DNS name or IPv4 address. A name of your own must resolve on every node.
   *
   * @defaultValue `api.<name>.<domain>`, which hosts files resolve to the first control-plane node
   */
  host?: string;
  /**
   * Port of the endpoint. API servers themselves listen on 6443.
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
  /** Key under `machines` of the machine that balances. */
  machine: string;
  /**
   * Port of the proxy.
   *
   * @defaultValue `6443`
   */
  port?: number;
}

/** How people and the Pulumi program reach the cluster, and who may. Can change at any time. */
export interface AccessInput {
  /**
   * DNS name or IPv4 address of the API in kubeconfigs; also a name in the API servers' certificates.
   *
   * @defaultValue SSH host of the load balancer machine, else of the first control-plane node
   */
  host?: string;
  /**
   * Port of the API in kubeconfigs.
   *
   * @defaultValue `endpoint.port` with a load balancer machine, else `6443`
   */
  port?: number;
  /**
   * IPv4 and IPv6 ranges that may log in over SSH. This list and the next two need `firewall: nftables`.
   *
   * @defaultValue none
   */
  ssh?: string[];
  /**
   * IPv4 ranges that may call the API from outside the cluster.
   *
   * @defaultValue none
   */
  api?: string[];
  /**
   * IPv4 ranges that may call NodePorts from outside the cluster.
   *
   * @defaultValue none
   */
  nodePorts?: string[];
}

/** Whether hosts filter what reaches them. */
export type FirewallKind = "none" | "nftables";

/** `none` or `nftables`, or the same as an object, with rules of your own. */
export type FirewallInput = FirewallKind | FirewallRulesInput;

/** A firewall on every host, with rules of your own. */
export interface FirewallRulesInput {
  /**
   * `nftables`: each host drops traffic that no component in use needs. firewalld and ufw are turned off, and on again when the
   * firewall is taken away. Requires `access.ssh` and `access.api`.
   */
  kind: FirewallKind;
  /**
   * What every machine also lets in.
   *
   * @defaultValue none
   */
  allow?: FirewallAllowInput[];
}

/** Traffic that every machine lets in. */
export interface FirewallAllowInput {
  /** IPv4 and IPv6 ranges that may send. `0.0.0.0/0` is accepted, with an advisory. */
  from: string[];
  /** IP protocol. `icmp` from an IPv6 range is ICMPv6. */
  protocol: "tcp" | "udp" | "sctp" | "icmp" | "igmp" | "vrrp" | "ospf" | "gre" | "ipip" | "esp" | "ah";
  /**
   * A port, or a range of ports such as `8000-8100`. Required for `tcp`, `udp` and `sctp`, refused for the others.
   *
   * @defaultValue none
   */
  port?: number | string;
  /** Why, in one line of ASCII of at most 100 characters. Shown beside the rule on the hosts and in the plan. */
  reason: string;
}

/** How fast a change reaches the workers. */
export interface RolloutInput {
  /**
   * How many workers take a change that restarts containerd or the kubelet at the same time: a number, or a share such as `10%`,
   * rounded down, at least one. Control-plane nodes take it first, one by one.
   *
   * @defaultValue `10%`
   */
  maxUnavailable?: number | string;
}

/** Settings of `platform: machines` only. */
export interface MachinesPlatformInput {
  /** Address ranges. */
  network?: NetworkInput;
  /** The machines by name. A name is a machine's identity, and the name of its node. */
  machines: Record<string, MachineInput>;
  /**
   * A jump host for SSH to all machines. It carries SSH only: the API must be reachable from where `pulumi up` runs.
   *
   * @defaultValue none
   */
  bastion?: SshInput;
  /** The address that nodes reach the API at. Cannot change once the cluster exists. */
  endpoint?: EndpointInput;
  /** How people and the Pulumi program reach the cluster, and who may. */
  access?: AccessInput;
  /** How fast a change reaches the workers. */
  rollout?: RolloutInput;
  /**
   * `nftables`: each host drops traffic that no component in use needs. firewalld and ufw are turned off, and on again when the
   * firewall is taken away. Requires `access.ssh` and `access.api`. Nodes, and whoever may log in over SSH, can ping.
   *
   * @defaultValue `none`
   */
  firewall?: FirewallInput;
}
