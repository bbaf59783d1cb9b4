/**
 * What a step of the program and the host program say to each other. The specification is free of secrets and
 * stands in an environment variable, where a preview shows what of it changes; connections and secret files come
 * on standard input and nowhere else.
 */
import type { ClusterSettings, MachineRole } from "../model/settings/resolved";

/** The environment variable that carries a `StepSpec` as JSON. */
export const SPEC_VARIABLE = "KUBEADM_SPEC";
/** The environment variable that carries the SHA-256 of the cluster CA: which cluster a host belongs to. */
export const CLUSTER_VARIABLE = "KUBEADM_CLUSTER_ID";

/**
 * The environment variable of init with `FixedFacts` as JSON: pod range, service range and endpoint. The host program does not read
 * it; it makes a change of one of them a change of the step, whose other inputs are history.
 */
export const FIXED_VARIABLE = "KUBEADM_FIXED";

/**
 * The environment variable with what only the cloud knows, JSON of token to value (`${issuer}`): the specification has the
 * token, so that it is plain before anything is made, and the program puts the value in its place.
 */
export const VALUES_VARIABLE = "KUBEADM_VALUES";
/** Of `KUBEADM_VALUES`: the version of the control plane's secret that masters fetch. No setting names it. */
export const SECRET_VERSION = "${secretVersion}";

export type Operation = "create" | "update" | "delete";

export interface PreflightSpec {
  readonly step: "preflight";
  readonly machines: readonly string[];
  readonly settings: ClusterSettings;
}

export interface SetupSpec {
  readonly step: "setup";
  readonly machine: string;
  readonly generation: number;
  /** Digest of everything rendered for the host, so that a newer library shows as a change. */
  readonly digest: string;
  readonly settings: ClusterSettings;
}

/** Node setup as a part of another step: on AWS a master costs one step. */
export interface SetupPart {
  /** Digest of everything rendered for the host by setup. */
  readonly digest: string;
  /** Setup's own view. */
  readonly settings: ClusterSettings;
}

export interface InitSpec {
  readonly step: "init";
  /** In the order of the settings; init runs on the first. */
  readonly masters: readonly string[];
  readonly settings: ClusterSettings;
  /** Setup of the first master, where it has no step of its own. */
  readonly setup?: SetupPart;
}

export interface MembershipSpec {
  readonly step: "membership";
  readonly machine: string;
  readonly role: MachineRole;
  readonly generation: number;
  readonly digest: string;
  readonly settings: ClusterSettings;
  /** Setup of the machine, where it has no step of its own. */
  readonly setup?: SetupPart;
}

/** Waits until a pool's instances, which join by themselves, are nodes. */
export interface PoolReadySpec {
  readonly step: "poolReady";
  /** The cluster's name. */
  readonly cluster: string;
  readonly pool: string;
  /** Ready nodes to wait for: the pool's least number. */
  readonly wanted: number;
  /** Which rendering of the pool's boot they must have come up with (`poolBoot`). */
  readonly boot: string;
  /** Seconds. */
  readonly timeout: number;
  /** Any of them is asked. */
  readonly masters: readonly string[];
}

/** A step that hosts are rendered for. */
export type HostSpec = PreflightSpec | SetupSpec | InitSpec | MembershipSpec;

export type StepSpec = HostSpec | PoolReadySpec;

/** One host with the key that opens it. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly privateKey: string;
}

export interface SecretFile {
  readonly path: string;
  readonly content: string;
}

/** Standard input of a step, as JSON. */
export interface StepInput {
  /** By machine name. */
  readonly connections: Readonly<Record<string, Connection>>;
  readonly bastion?: Connection;
  /** Written with mode 0600, owned by root, before a script that needs them runs. */
  readonly files: readonly SecretFile[];
}

/** Which cluster, and which of its unchangeable facts, a host carries in /var/lib/pulumi-kubeadm/member.json. */
export interface Member {
  readonly cluster: string;
  readonly machine: string;
  readonly generation: number;
  /** Which membership the node is: role, pool, machine and generation in one (`ownerOf`). */
  readonly owner: string;
  readonly state: "initialising" | "joining" | "member";
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly endpoint: string;
  /** Kubernetes version the node was last brought to. */
  readonly version: string;
  /** Digest of what was rendered for the node when it was last brought up to date. */
  readonly digest: string;
}

/** Standard output of a step: one line of JSON. */
export interface StepResult {
  readonly machine?: string;
  readonly generation?: number;
  readonly machineId?: string;
  readonly cluster?: string;
  readonly pool?: string;
  /** Ready nodes of the pool. */
  readonly nodes?: number;
}
