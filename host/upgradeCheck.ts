/** What stands against an upgrade of Kubernetes, asked of the living cluster. Preflight and the doctor ask alike. */
import { apiServerPort } from "../model/kubeadm";
import { UPGRADING } from "../model/core/labelDomain";
import type { ClusterMachine } from "../model/machine";
import type { Blocker, UpgradePlan } from "../model/upgrade/blocker";
import {
  diskBlockers,
  hostLookScript,
  imageBlockers,
  pullScript,
  readHostLook,
} from "../model/upgrade/hosts";
import { upgradeImages } from "../model/upgrade/images";
import { clusterBlockers, mayPass, sorted } from "../model/upgrade/judge";
import { clusterLookScript, readClusterLook } from "../model/upgrade/look";
import type { UpgradeFacts } from "../model/upgrade/objects";
import { atOnce } from "./atOnce";
import type { UpgradeCheckSpec } from "./protocol";
import type { Hosts } from "./runner";

/** A machine that is a node of the cluster, with the version that its kubelet has. */
export interface FoundNode {
  readonly own: ClusterMachine;
  readonly version: string;
}

/** The upgrade that is looked at. */
export interface UpgradeCheck {
  /** x.y.z. */
  readonly target: string;
  readonly spec: UpgradeCheckSpec;
  /** Versions that the control plane goes through before. */
  readonly through: readonly string[];
  /** All of them that were looked at. */
  readonly nodes: readonly FoundNode[];
}

/** What was found. */
export interface UpgradeLook {
  readonly blockers: readonly Blocker[];
  /** An earlier run began the upgrade and did not end it: the cluster is not to stay as it is. */
  readonly isHalfDone: boolean;
}

/** Looks at the cluster, a while apart: a budget without room for a moment stands against nothing. */
const LOOKS = 4;
const PAUSE = 15_000;

/**
 * Pulls the images of the new version on each host; changes nothing else. Nodes that have the version are not looked at.
 * @returns nothing where all nodes have it, or no control-plane node was looked at
 */
export async function lookAtUpgrade(
  hosts: Pick<Hosts, "query" | "leave">,
  check: UpgradeCheck,
  pause = PAUSE,
): Promise<UpgradeLook> {
  const { target, spec, nodes } = check;
  const plane = nodes.filter(({ own }) => own.role === "controlPlane");
  const [asked] = plane;
  if (asked === undefined || nodes.every(({ version }) => version === target))
    return { blockers: [], isHalfDone: false };
  const plan: UpgradePlan = {
    target,
    nodes: nodes.flatMap(({ own: { nodeName, role, pool } }) =>
      role === "loadBalancer" ? [] : [{ name: nodeName, role, pool }],
    ),
    maxUnavailable: spec.maxUnavailable,
  };
  const script = clusterLookScript(plane.map(({ own }) => `https://${own.nodeAddress}:${apiServerPort}`));
  const look = async (): Promise<UpgradeFacts> =>
    readClusterLook(await hosts.query(asked.own.name, "looking at the cluster", "/bin/bash -s", script));
  const [ofHosts, ofCluster] = await Promise.all([
    hostBlockers(hosts, check),
    (async () => {
      const facts = await look();
      const isHalfDone = isUnderWay(plane, target, facts);
      let blockers = clusterBlockers(plan, facts);
      for (let looks = 1; looks < LOOKS && !isHalfDone; looks += 1) {
        if (!sorted(blockers, spec.ignore).left.some(mayPass)) break;
        await new Promise((wake) => setTimeout(wake, pause));
        const still = new Set(blockers.map(({ id }) => id));
        blockers = clusterBlockers(plan, await look()).filter((one) => !mayPass(one) || still.has(one.id));
      }
      return { blockers, isHalfDone };
    })(),
  ]);
  return { ...ofCluster, blockers: [...ofCluster.blockers, ...ofHosts] };
}

/** Control-plane nodes go first: one of them has the version, has another API server than kubelet, or was left drained. */
function isUnderWay(
  plane: readonly FoundNode[],
  target: string,
  { nodes, apiServers }: UpgradeFacts,
): boolean {
  const versions = new Set(plane.map(({ version }) => version));
  const drained = plane.some(({ own }) =>
    nodes.some(
      ({ metadata }) => metadata.name === own.nodeName && metadata.annotations?.[UPGRADING] !== undefined,
    ),
  );
  return (
    versions.has(target) ||
    versions.size > 1 ||
    drained ||
    apiServers.some((version) => !versions.has(version))
  );
}

/** Disks first: images are pulled only where there is room for them. */
async function hostBlockers(
  hosts: Pick<Hosts, "query" | "leave">,
  { target, spec, through, nodes }: UpgradeCheck,
): Promise<Blocker[]> {
  const images = upgradeImages(spec.images, target, through);
  const outdated = nodes.filter(({ version }) => version !== target);
  const pulled = new Map<string, string>();
  const disks = await atOnce(outdated, async ({ own: { name, role } }) => {
    const wanted = images[role === "controlPlane" ? "controlPlane" : "worker"];
    const look = readHostLook(
      await hosts.query(name, "looking at disks and images", "/bin/bash -s", hostLookScript(wanted)),
    );
    const blockers = diskBlockers(name, look);
    if (blockers.length === 0 && look.missing.length > 0)
      pulled.set(name, await hosts.query(name, "pulling images", "/bin/bash -s", pullScript(look.missing)));
    if (role === "worker") hosts.leave(name);
    return blockers;
  });
  return [...disks.flat(), ...imageBlockers(pulled)];
}
