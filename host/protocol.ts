/**
 * What a step of the program and the host program say to each other. The specification is free of secrets and
 * is in an environment variable, where a preview shows what of it changes; connections and secret files come
 * on standard input and nowhere else.
 */
import type { ControlPlaneTopology } from "../model/aws/topology";
import type { AwsRotation } from "../model/aws/rotation/spec";
import type { LeftoversSpec } from "../model/aws/leftovers/settings";
import type { ImmutableSettings } from "../model/immutableSettings";
import type { ClusterMachine } from "../model/machine";
import type { NodeIdentity } from "../model/lifecycle/identity";
import type { CheckedMachine, NodeSetupSpec, PacketFilterSpec, PreflightCheckSpec } from "../model/node/spec";
import type { NodeSpec } from "../model/lifecycle/spec";
import type { GivenHops, MachineRole } from "../model/settings/resolved";
import type { UpgradeImages } from "../model/upgrade/images";

/** The environment variable that carries a `StepSpec` as JSON. */
export const SPEC_VARIABLE = "KUBEADM_SPEC";
/** The environment variable that carries the SHA-256 of the cluster CA: which cluster a host belongs to. */
export const CLUSTER_VARIABLE = "KUBEADM_CLUSTER_ID";

/**
 * The environment variable of init with `ImmutableSettings` as JSON: what the settings say now. The rest of init's
 * specification is history, so this is what the step compares with its last output.
 */
export const FIXED_VARIABLE = "KUBEADM_FIXED";

/**
 * The environment variable with what only the cloud knows, JSON of token to value (`${issuer}`): the specification has the
 * token, so that it is plain before anything is made, and the program puts the value in its place.
 */
export const VALUES_VARIABLE = "KUBEADM_VALUES";

/** Key of `KUBEADM_VALUES`: what the account lacks, as a report; "" where it has everything. The guard alone has it. */
export const MISSING = "${missing}";

/** What Pulumi does with the step's resource; each is a separate run of the program. */
export type Operation = "create" | "update" | "delete";

/** What every step on hosts knows of its cluster. */
export interface ClusterPart {
  /** `<name>.<domain>` of the settings. */
  readonly clusterName: string;
  /** What the settings say of what a living cluster cannot change. */
  readonly fixed: ImmutableSettings;
  /** x.y.z. */
  readonly kubernetesVersion: string;
  /** Hosts are instances of a cloud: one that was made a moment ago boots while it is dialled. */
  readonly cloud?: true;
}

/** The cluster's part with the machines that the step may ask: its own and the control-plane nodes, or all of them. */
export interface KnownCluster extends ClusterPart {
  readonly machines: readonly ClusterMachine[];
}

/** What an upgrade of Kubernetes is judged by before it begins. */
export interface UpgradeCheckSpec {
  /** Workers that may be unavailable at a time, by pool. */
  readonly maxUnavailable: Readonly<Record<string, number | string>>;
  readonly images: UpgradeImages;
  /** Ids of blockers that people accept. */
  readonly ignore: readonly string[];
}

/** A look at all machines before one of them is changed. The machines come by standard input (`StepInput.machines`). */
export interface PreflightSpec extends ClusterPart {
  readonly step: "preflight";
  /** SHA-256 in hex of the machines, so that a preview shows a change of them. */
  readonly machines: string;
  readonly node: PreflightCheckSpec;
  readonly packetFilters: PacketFilterSpec;
  /** `serviceAccountIssuers`. */
  readonly issuers: readonly string[];
  /** The value of `certificates.rotation`; undefined: the cluster has its first CAs. */
  readonly rotation?: string;
  readonly upgrade: UpgradeCheckSpec;
  /** Versions that the control plane goes through instead of those that the library knows. Default: none. */
  readonly through?: GivenHops;
}

/** How a change goes over living nodes. */
export interface Rollout {
  /** Workers that may be changed at a time: a number, or a share of them. */
  readonly maxUnavailable: number | string;
}

/** How changes that drain nodes go over the workers of a pool. */
export interface PoolUpgrades {
  /** Workers of the pool that may be unavailable at a time: a number, or a share of them. */
  readonly maxUnavailable: number | string;
}

/** Node setup of one machine. */
export interface SetupSpec extends KnownCluster {
  readonly step: "setup";
  /** Its name in the settings. */
  readonly machine: string;
  /** Raised by hand for another host behind the name. */
  readonly revision: number;
  /** SHA-256 in hex of everything rendered for the host, so that a newer library shows as a change. */
  readonly digest: string;
  readonly rollout: Rollout;
  readonly node: NodeSetupSpec;
}

/** Node setup as a part of another step: on AWS a control-plane node costs one step. */
export interface SetupPart {
  /** SHA-256 in hex of everything rendered for the host by setup. */
  readonly digest: string;
  readonly node: NodeSetupSpec;
}

/** kubeadm init: once in a cluster's life. */
export interface InitSpec extends KnownCluster {
  readonly step: "init";
  /** Names in the order of the settings; init runs on the first. */
  readonly controlPlaneNodes: readonly string[];
  /** The first control-plane node. */
  readonly node: NodeSpec;
  /** Setup of the first control-plane node, if it has no separate step. */
  readonly setup?: SetupPart;
}

/** The cluster is put back to a snapshot of etcd, once for one name of it. */
export interface RestoreSpec extends Omit<InitSpec, "step"> {
  readonly step: "restore";
  /** Name of the snapshot at the target of backups. */
  readonly snapshot: string;
}

/** All nodes are brought to the CAs and the service-account key of the stack. The machines come by standard input. */
export interface RotationSpec extends ClusterPart {
  readonly step: "rotation";
  /** The value of `certificates.rotation`. */
  readonly rotation: string;
  /** SHA-256 in hex of the machines, so that a preview shows a change of them. */
  readonly machines: string;
  readonly rollout: Rollout;
  /** Seconds between the last new token and the end of the old key. */
  readonly graceSeconds: number;
  /** Kubelets ask for their serving certificates, as they do unless `serverTLSBootstrap` is false. */
  readonly serversByBootstrap: boolean;
  /** The settings have backups of etcd. */
  readonly backup: boolean;
  /** On AWS: pools, whose nodes nobody logs in to, and what AWS knows of the keys. */
  readonly aws?: AwsRotation;
  /** As in `NodeStepSpec`: what a snapshot brings back may be older than the rotation. */
  readonly restored?: string;
}

/** A machine being a node. */
export interface NodeStepSpec extends KnownCluster {
  readonly step: "node";
  /** Its name in the settings. */
  readonly machine: string;
  /** Never `loadBalancer`, which is not a node. */
  readonly role: MachineRole;
  /** As `Machine.revision`: another one replaces the step. */
  readonly revision: number;
  /** `nodeDigest` of the machine. */
  readonly digest: string;
  readonly rollout: Rollout;
  /** undefined: a control-plane node, which goes alone. */
  readonly upgrades?: PoolUpgrades;
  /** As in `PreflightSpec`; undefined in the step of a worker. */
  readonly through?: GivenHops;
  readonly node: NodeSpec;
  /** Setup of the machine, if it has no separate step. */
  readonly setup?: SetupPart;
  /** The snapshot that the cluster was restored from: with another one the node joins again, or its kubelet restarts. */
  readonly restored?: string;
  /** Nothing that Pulumi does can end the machine, so the node may not leave it. */
  readonly held?: true;
}

/** On AWS: compares the control plane's instances with those of the last run. It asks no host, and runs before all else. */
export interface TopologySpec {
  readonly step: "topology";
  readonly topology: ControlPlaneTopology;
}

/** On AWS with several control-plane nodes: whether the others are well before one of them is away. Asks the API alone. */
export interface HealthSpec {
  readonly step: "health";
  readonly topology: ControlPlaneTopology;
}

/** On AWS, between two control-plane nodes: waits until the first is well again after it got another instance type. */
export interface SettledSpec {
  readonly step: "settled";
  /** Its name in the settings. */
  readonly machine: string;
  /** Its private address, which its API server's certificate names. */
  readonly address: string;
  readonly instanceType: string;
}

/** Waits until a pool's instances, which join by themselves, are nodes. */
export interface PoolReadySpec {
  readonly step: "poolReady";
  /** The cluster's name. */
  readonly cluster: string;
  /** The pool's name. */
  readonly pool: string;
  /** Ready nodes to wait for: the pool's least number. */
  readonly wanted: number;
  /** Which rendering of the pool's boot they must have come up with (`poolBoot`). */
  readonly boot: string;
  /** Seconds without another Ready node after which the wait fails. */
  readonly timeout: number;
  /** Seconds on top of it while nodes of an earlier rendering are there: each drains before the next one comes. */
  readonly rolling: number;
  /** Names; any of them is asked. */
  readonly controlPlaneNodes: readonly string[];
  /** The snapshot that the cluster was restored from: after another one instances are looked for that it does not know. */
  readonly restored?: string;
}

/**
 * On AWS, both at a destroy, while the API still serves. `leftovers`: deletes or lists what controllers in the cluster have created there.
 * `destroyGuard`: refuses what that one would refuse, before anything of the cluster is deleted.
 */
export interface LeftoversStepSpec {
  readonly step: "leftovers" | "destroyGuard";
  readonly leftovers: LeftoversSpec;
  /** Names; any of them is asked. */
  readonly controlPlaneNodes: readonly string[];
}

/**
 * With a firewall on the hosts: waits for what leaves. A change of machines makes another one, and the one before is deleted when
 * they have left; until then hosts let them in (`model/node/leaving.ts`).
 */
export interface FirewallSpec {
  readonly step: "firewall";
  /** Names of the control-plane nodes; the other machines are those with a connection. */
  readonly controlPlane: readonly string[];
}

/** A step that hosts are rendered for. */
export type HostSpec = PreflightSpec | SetupSpec | InitSpec | RestoreSpec | RotationSpec | NodeStepSpec;

/** What `KUBEADM_SPEC` holds. */
export type StepSpec =
  HostSpec | PoolReadySpec | TopologySpec | HealthSpec | SettledSpec | LeftoversStepSpec | FirewallSpec;

/** One host with the key that opens it. */
export interface Connection {
  /** DNS name or IPv4 address. */
  readonly host: string;
  /** TCP port of SSH. */
  readonly port: number;
  /** `root`, or a user with sudo without a password; on a bastion any user. */
  readonly user: string;
  /** The one key that is taken: a line as in known_hosts without the host, `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
  /** Private key as text, in a format that ssh2 reads; secret. */
  readonly privateKey: string;
}

/** A file with a key that a host gets. */
export interface SecretFile {
  /** Absolute, on the host. */
  readonly path: string;
  /** Its whole text; secret. */
  readonly content: string;
}

/** Standard input of a step, as JSON. */
export interface StepInput {
  /** By machine name. */
  readonly connections: Readonly<Record<string, Connection>>;
  /** Jump host that all connections go through; undefined: none. */
  readonly bastion?: Connection;
  /** Written with mode 0600, owned by root, before a script that needs them runs. */
  readonly files: readonly SecretFile[];
  /** Preflight and rotation: all machines, in the order of the settings. There are too many of them for an environment variable. */
  readonly machines?: readonly CheckedMachine[];
  /** Preflight: names of those that the same program makes, which may still boot. Default: none. */
  readonly created?: readonly string[];
  /** Preflight: what is wrong with the settings now that all addresses are known, as a report. Default: nothing. */
  readonly problems?: string;
}

/** Which cluster, and which of its unchangeable facts, a host carries in /var/lib/pulumi-kubeadm/node.json. */
export interface NodeRecord extends NodeIdentity {
  /** How far the host is: anything but `joined` is under way, or was cut off and is cleared by the next run. */
  readonly state: "initialising" | "joining" | "joined";
}

/** Standard output of a step: one line of JSON. */
export interface StepResult {
  /** Setup and node: whose step it was. */
  readonly machine?: string;
  /** Setup and node: its revision at that time. */
  readonly revision?: number;
  /** Setup and node: the host's /etc/machine-id, for whoever compares it with the host of today. */
  readonly machineId?: string;
  /** Preflight and init: SHA-256 of the cluster CA's certificate. */
  readonly cluster?: string;
  /** Preflight: machines that the same program makes and that were reached, each with its address. */
  readonly reached?: readonly string[];
  /** Topology and health: the control plane's instances that the run may make. */
  readonly topology?: ControlPlaneTopology;
  /** Rotation: the value of `certificates.rotation`. */
  readonly rotation?: string;
  /** Rotation: SHA-256 of the cluster CA's certificate that all nodes have. */
  readonly authority?: string;
  /** Restore, rotation, node and wait for a pool: the snapshot that the cluster was restored from. */
  readonly restored?: string;
  /** Settled: the type of the machine's instance. */
  readonly instanceType?: string;
  /** Wait for a pool: the pool's name. */
  readonly pool?: string;
  /** Ready nodes of the pool. */
  readonly nodes?: number;
}
