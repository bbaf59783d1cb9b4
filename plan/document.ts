import { flowsOf, sourceRanges, type Flow } from "../model/flows";
import { nodeCapacity, podCapacity, serviceCapacity } from "../model/network/clusterNetwork";
import type { ClusterSettings, ComponentVersions, MachineRole } from "../model/settings/resolved";
import { accessText, plannedAws, type PlannedAws } from "./aws";
import { certificatesOf, type PlannedCertificate } from "./certificates";
import type { EnvironmentConfig } from "./config";
import { COMPUTED, compare, plannedResources, type PlannedResource } from "./resources";
import type { Recording } from "./program";
import { missingSecrets, watchItems, type WatchItem } from "./watch";

/** Says that a folder holds a plan, which the next plan may replace. */
export const GENERATOR = "pulumi-kubeadm plan";

export interface PlannedFlow extends Flow {
  /** Addresses and ranges it may come from; empty: nobody is written down. */
  readonly sources: readonly string[];
}

export interface PlannedMachine {
  readonly name: string;
  readonly role: MachineRole;
  readonly pool: string;
  readonly host: string;
  readonly nodeAddress: string;
  readonly generation: number;
}

/** `plan.json`: the same bytes for the same settings, on every machine; free of secrets, times and paths. */
export interface PlanDocument {
  readonly generator: typeof GENERATOR;
  readonly environment: string;
  readonly cluster: {
    readonly name: string;
    readonly domain: string;
    readonly platform: string;
    /** Where nodes reach the API, and where people do; `host:port`. */
    readonly endpoint: string;
    readonly access: string;
  };
  readonly versions: ComponentVersions;
  readonly network: ClusterSettings["network"] & {
    readonly cni: ClusterSettings["cni"];
    readonly capacity: { readonly nodes: number; readonly podsPerNode: number; readonly services: number };
  };
  readonly machines: readonly PlannedMachine[];
  /** Undefined on machines that exist. */
  readonly aws?: PlannedAws;
  readonly counts: { readonly total: number; readonly byType: Readonly<Record<string, number>> };
  readonly flows: readonly PlannedFlow[];
  readonly certificates: readonly PlannedCertificate[];
  readonly watch: readonly WatchItem[];
  readonly secrets: { readonly referredTo: readonly string[]; readonly missing: readonly string[] };
  readonly resources: readonly PlannedResource[];
  /** Every file of this plan, relative to its folder, sorted. */
  readonly files: readonly string[];
}

export function planDocument(config: EnvironmentConfig, recording: Recording): Omit<PlanDocument, "files"> {
  const { settings } = recording;
  const { network } = settings;
  const resources = plannedResources(recording.resources);
  const certificates = certificatesOf(settings, resources);
  const aws = plannedAws(settings);
  return {
    generator: GENERATOR,
    environment: config.environment,
    cluster: {
      name: settings.name,
      domain: settings.domain,
      platform: settings.platform,
      endpoint: `${settings.endpoint.host}:${settings.endpoint.port}`,
      access: accessText(settings),
    },
    versions: settings.versions,
    network: {
      ...network,
      cni: settings.cni,
      capacity: {
        nodes: nodeCapacity(network.podCidr, network.nodeMask),
        podsPerNode: podCapacity(network.nodeMask),
        services: serviceCapacity(network.serviceCidr),
      },
    },
    machines: settings.machines.map(({ name, role, pool, ssh, nodeAddress, generation }) => ({
      name,
      role,
      pool,
      host: ssh.host || COMPUTED,
      nodeAddress,
      generation,
    })),
    ...(aws === undefined ? {} : { aws }),
    counts: countsOf(resources),
    flows: flowsOf(settings).map((flow) => ({ ...flow, sources: sourcesOf(settings, flow.from) })),
    certificates,
    watch: watchItems(config, settings, resources, certificates),
    secrets: { referredTo: settings.secretNames, missing: missingSecrets(config, settings) },
    resources,
  };
}

/** On AWS people are written down for its groups, and nodes have any address of the VPC. */
function sourcesOf(settings: ClusterSettings, from: Flow["from"]): string[] {
  const { aws } = settings;
  if (aws === undefined) return sourceRanges(settings, from);
  switch (from) {
    case "operator":
      return [...aws.access.ssh];
    case "apiClient":
      return [...aws.access.api];
    case "serviceClient":
      return [...aws.access.nodePorts];
    case "node":
      return aws.vpc.subnets.map((subnet) => subnet.cidr);
    case "controlPlane":
    case "loadBalancer":
    case "pod":
    case "any":
      return sourceRanges(settings, from);
  }
}

function countsOf(resources: readonly PlannedResource[]): PlanDocument["counts"] {
  const byType = new Map<string, number>();
  for (const { type } of resources) byType.set(type, (byType.get(type) ?? 0) + 1);
  return {
    total: resources.length,
    byType: Object.fromEntries([...byType].sort(([a], [b]) => compare(a, b))),
  };
}
