/** What the steps on hosts are told: their specifications, with the digest of what is rendered from them. */
import { sha256 } from "../../model/core/hash";
import type {
  InitSpec,
  NodeStepSpec,
  PreflightSpec,
  RestoreSpec,
  RotationSpec,
  SetupPart,
  SetupSpec,
  TopologySpec,
  UpgradeCheckSpec,
} from "../../host/protocol";
import { defined } from "../../model/core/defined";
import type { AwsRotation } from "../../model/aws/rotation/spec";
import { imageOf, UPSTREAM_REGISTRY } from "../../model/images";
import { cniProfile } from "../../model/cni";
import { controlPlaneTopology, heldBy } from "../../model/aws/topology";
import { serviceAccountIssuers } from "../../model/kubeadm/issuer";
import { digestOf } from "../../model/lifecycle/files";
import { nodeDigest } from "../../model/lifecycle/digest";
import { renderNode } from "../../model/node/render";
import type { CheckedMachine } from "../../model/node/spec";
import type { ClusterSettings, GivenHops, Machine } from "../../model/settings/resolved";
import {
  checkedMachine,
  clusterPart,
  controlPlaneOf,
  knownMachines,
  nodeSetupSpec,
  nodeSpec,
  packetFilterSpec,
  preflightCheckSpec,
} from "../../model/settings/specs";

/** All machines as preflight looks at them; they go by standard input. */
export function checkedMachines(settings: ClusterSettings): CheckedMachine[] {
  return settings.machines.map((machine) => checkedMachine(settings, machine));
}

export function preflightSpec(
  settings: ClusterSettings,
  machines: readonly CheckedMachine[] = checkedMachines(settings),
): PreflightSpec {
  return {
    step: "preflight",
    ...clusterPart(settings),
    machines: sha256(JSON.stringify(machines)),
    node: preflightCheckSpec(settings),
    packetFilters: packetFilterSpec(settings),
    issuers: serviceAccountIssuers(settings),
    ...rotationPart(settings),
    upgrade: upgradeCheckSpec(settings),
    ...throughPart(settings),
  };
}

/** Empty if the library's own table decides, so that a newer patch in that table changes no step. */
function throughPart({ upgrades: { through } }: ClusterSettings): { through?: GivenHops } {
  return Object.keys(through).length === 0 ? {} : { through };
}

function rotationPart({ certificates }: ClusterSettings): { rotation?: string } {
  return certificates.rotation === undefined ? {} : { rotation: certificates.rotation };
}

function upgradeCheckSpec(settings: ClusterSettings): UpgradeCheckSpec {
  const { upgrades, machines, images, versions, cni } = settings;
  const pools = new Set(machines.flatMap(({ role, pool }) => (role === "worker" ? [pool] : [])));
  return {
    maxUnavailable: Object.fromEntries([...pools].map((pool) => [pool, ofPool(settings, pool)])),
    images: {
      repository: images.repository,
      etcd: versions.etcd,
      kubeProxy: cniProfile(cni).replacesKubeProxy !== true,
    },
    ignore: upgrades.ignore,
  };
}

function ofPool({ upgrades }: ClusterSettings, pool: string): number | string {
  return upgrades.pools[pool]?.maxUnavailable ?? upgrades.maxUnavailable;
}

/** Several steps of a machine tell the same of it, and to render it takes most of a program's time. */
function once<R>(
  make: (settings: ClusterSettings, machine: Machine) => R,
): (settings: ClusterSettings, machine: Machine) => R {
  const made = new WeakMap<ClusterSettings, Map<Machine, R>>();
  return (settings, machine) => {
    const ofCluster = made.get(settings) ?? new Map<Machine, R>();
    made.set(settings, ofCluster);
    const known = ofCluster.get(machine) ?? make(settings, machine);
    ofCluster.set(machine, known);
    return known;
  };
}

export const setupPart = once((settings, machine): SetupPart => {
  const node = nodeSetupSpec(settings, machine);
  const { files, setupScript } = renderNode(node);
  return { digest: digestOf(files, setupScript), node };
});

const nodePart = once((settings, machine): Pick<NodeStepSpec, "node" | "digest"> => {
  const node = nodeSpec(settings, machine);
  return { digest: nodeDigest(node), node };
});

export function setupSpec(settings: ClusterSettings, machine: Machine): SetupSpec {
  return {
    step: "setup",
    machine: machine.name,
    revision: machine.revision,
    ...clusterPart(settings),
    machines: knownMachines(settings, machine),
    rollout: settings.rollout,
    ...setupPart(settings, machine),
  };
}

/** Setup as a part of the steps of one machine: on AWS a control-plane node has no step of its own for it. */
function ownSetup(settings: ClusterSettings, machine: Machine): { setup?: SetupPart } {
  return settings.aws === undefined ? {} : { setup: setupPart(settings, machine) };
}

/** @throws Error when there is no control-plane node */
export function initSpec(settings: ClusterSettings): InitSpec {
  const plane = controlPlaneOf(settings);
  const [first] = plane;
  if (first === undefined) throw new Error("a cluster has at least one control-plane node");
  return {
    step: "init",
    ...clusterPart(settings),
    machines: knownMachines(settings, first),
    controlPlaneNodes: plane.map((machine) => machine.name),
    node: nodeSpec(settings, first),
    ...ownSetup(settings, first),
  };
}

/** Pulumi cannot end the machine's instance, whatever becomes of its node. */
function heldPart(settings: ClusterSettings, machine: Machine): { held?: true } {
  if (settings.aws === undefined || machine.role !== "controlPlane") return {};
  const { terminationProtection, forceDestroy } = heldBy(settings, machine.name);
  return terminationProtection && !forceDestroy ? { held: true } : {};
}

function poolUpgrades(settings: ClusterSettings, { role, pool }: Machine): Pick<NodeStepSpec, "upgrades"> {
  if (role !== "worker") return {};
  return { upgrades: { maxUnavailable: ofPool(settings, pool) } };
}

/** The instances of the control plane on AWS, and what their steps would write on them. */
export function topologySpec(settings: ClusterSettings): TopologySpec {
  const configuration = controlPlaneOf(settings).map((machine) => {
    const { digest } = nodePart(settings, machine);
    const { setup } = ownSetup(settings, machine);
    return [machine.name, sha256(`${digest} ${setup?.digest ?? ""}`).slice(0, 16)];
  });
  return {
    step: "topology",
    topology: {
      ...controlPlaneTopology(settings),
      configuration: Object.fromEntries(configuration) as Record<string, string>,
    },
  };
}

/** @throws Error where the settings restore nothing */
export function restoreSpec(settings: ClusterSettings): RestoreSpec {
  const { restore } = settings.etcd;
  if (restore === undefined) throw new Error("the settings restore nothing");
  return { ...initSpec(settings), step: "restore", snapshot: restore };
}

/** @throws Error where the settings rotate nothing */
export function rotationSpec(
  settings: ClusterSettings,
  machines: readonly CheckedMachine[] = checkedMachines(settings),
): RotationSpec {
  const { certificates, etcd } = settings;
  if (certificates.rotation === undefined) throw new Error("the settings rotate nothing");
  return {
    step: "rotation",
    ...clusterPart(settings),
    rotation: certificates.rotation,
    machines: sha256(JSON.stringify(machines)),
    rollout: settings.rollout,
    graceSeconds: certificates.rotationGraceSeconds,
    serversByBootstrap: settings.kubelet.config.serverTLSBootstrap !== false,
    backup: etcd.backup !== undefined,
    ...defined({ aws: awsRotation(settings) }),
    ...(etcd.restore === undefined ? {} : { restored: etcd.restore }),
  };
}

function awsRotation(settings: ClusterSettings): AwsRotation | undefined {
  const { aws, proxy, versions } = settings;
  if (aws === undefined) return undefined;
  const { region, partition, pools, podIdentity } = aws;
  return {
    region,
    partition,
    ...defined({ proxy }),
    pools: pools.map(({ name }) => name),
    identity: podIdentity !== undefined,
    pauseImage: imageOf(settings, `${UPSTREAM_REGISTRY}/pause:${versions.pause}`),
  };
}

export function nodeStepSpec(settings: ClusterSettings, machine: Machine): NodeStepSpec {
  const { node, digest } = nodePart(settings, machine);
  return {
    step: "node",
    machine: machine.name,
    role: machine.role,
    revision: machine.revision,
    digest,
    ...clusterPart(settings),
    machines: knownMachines(settings, machine),
    rollout: settings.rollout,
    ...poolUpgrades(settings, machine),
    ...(machine.role === "controlPlane" ? throughPart(settings) : {}),
    node,
    ...(settings.etcd.restore === undefined ? {} : { restored: settings.etcd.restore }),
    ...ownSetup(settings, machine),
    ...heldPart(settings, machine),
  };
}
