import { plannedFlows, type PlannedFlow } from "./flows";
import { nodeCapacity, podCapacity, serviceCapacity } from "../model/network/clusterNetwork";
import type { ClusterSettings, ComponentVersions, MachineRole } from "../model/settings/resolved";
import { summarizeAddons } from "../model/addons";
import type { AddonSummary } from "../model/addons/domain";
import { accessText, plannedAws, type PlannedAws } from "./aws";
import { certificatesOf, type PlannedCertificate } from "./certificates";
import type { EnvironmentConfig } from "./config";
import { COMPUTED, compare, plannedResources, type PlannedResource } from "./resources";
import type { Recording } from "./program";
import { planFiles } from "./files";
import type { PlanFile } from "./planFile";
import { plannedReachability } from "./reach";
import type { Reachability } from "../model/reach/reach";
import { securityOf, type SecurityFact } from "./security";
import { missingSecrets, watchItems, type WatchItem } from "./watch";

/** Says that a folder holds a plan, which the next plan may replace. */
export const GENERATOR = "pulumi-kubeadm plan";

/** A machine without its keys; on AWS the control-plane nodes alone, since pools' nodes come and go. */
export interface PlannedMachine {
  /** Key in the settings; on AWS `cp-<i>`. */
  readonly name: string;
  /** What it is in the cluster. */
  readonly role: MachineRole;
  /** "" for control-plane nodes and load balancers. */
  readonly pool: string;
  /** Where SSH reaches it; `COMPUTED` where AWS gives the address. */
  readonly host: string;
  /** IPv4 address that nodes use among themselves. */
  readonly nodeAddress: string;
  /** 1 until it is raised by hand. */
  readonly revision: number;
}

/** `plan.json`: the same bytes for the same settings, on every machine; free of secrets, times and paths. */
export interface PlanDocument {
  /** By which the next plan knows a folder that it may replace. */
  readonly generator: typeof GENERATOR;
  /** Name of the Pulumi stack. */
  readonly environment: string;
  /** Who it is, and where its API is. */
  readonly cluster: {
    /** DNS label. */
    readonly name: string;
    /** Suffix of the names that the library makes. */
    readonly domain: string;
    /** `machines` or `aws`. */
    readonly platform: string;
    /** Where nodes reach the API, and where people do; `host:port`. */
    readonly endpoint: string;
    readonly access: string;
  };
  /** Versions of everything that is installed. */
  readonly versions: ComponentVersions;
  /** All ranges, the CNI, and how many nodes, pods and Services they hold. */
  readonly network: ClusterSettings["network"] & {
    readonly cni: ClusterSettings["cni"];
    readonly capacity: { readonly nodes: number; readonly podsPerNode: number; readonly services: number };
  };
  /** In the order of the settings. */
  readonly machines: readonly PlannedMachine[];
  /** Undefined on your own machines. */
  readonly aws?: PlannedAws;
  /** Resources, in all and by their type token, sorted. */
  readonly counts: { readonly total: number; readonly byType: Readonly<Record<string, number>> };
  /** What firewalls let through, and why; on AWS the rules of the security groups. */
  readonly flows: readonly PlannedFlow[];
  /** Each flow walked through the planned resources and files: its path, or what stops it; rules that no flow uses. */
  readonly reachability: Reachability;
  /** DNS, and what else runs in the cluster. */
  readonly addons: readonly AddonSummary[];
  /** In the order of the settings. */
  readonly tenants: ClusterSettings["tenancy"]["tenants"];
  /** Who may do what, in words. */
  readonly security: readonly SecurityFact[];
  /** Certificates of the stack and of kubeadm, with their validity in days. */
  readonly certificates: readonly PlannedCertificate[];
  /** What deserves a look before `pulumi up`. */
  readonly watch: readonly WatchItem[];
  /** Names in `kubeadm:secrets` that the settings use, and those of them that are not there. */
  readonly secrets: { readonly referredTo: readonly string[]; readonly missing: readonly string[] };
  /** Everything that `pulumi up` would make. */
  readonly resources: readonly PlannedResource[];
  /** Every file of this plan, relative to its folder, sorted. */
  readonly files: readonly string[];
}

export function planDocument(
  config: EnvironmentConfig,
  recording: Recording,
): { readonly document: Omit<PlanDocument, "files">; readonly hosts: readonly PlanFile[] } {
  const { settings } = recording;
  const { network } = settings;
  const resources = plannedResources(recording.resources);
  const hosts = planFiles(config.environment, resources);
  const certificates = certificatesOf(settings, resources);
  const aws = plannedAws(settings);
  const reachability = plannedReachability(settings, recording.resources, resources, hosts);
  const document = {
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
        nodes: nodeCapacity(network.podCidr, network.nodeCidrMaskSize),
        podsPerNode: podCapacity(network.nodeCidrMaskSize),
        services: serviceCapacity(network.serviceCidr),
      },
    },
    machines: settings.machines.map(({ name, role, pool, ssh, nodeAddress, revision }) => ({
      name,
      role,
      pool,
      host: ssh.host || COMPUTED,
      nodeAddress,
      revision,
    })),
    ...(aws === undefined ? {} : { aws }),
    counts: countsOf(resources),
    flows: plannedFlows(settings),
    reachability,
    addons: summarizeAddons(settings),
    tenants: settings.tenancy.tenants,
    security: securityOf(settings),
    certificates,
    watch: watchItems(config, recording, resources, certificates, reachability),
    secrets: {
      referredTo: settings.secretNames,
      missing: recording.withSecrets === undefined ? missingSecrets(config, settings) : [],
    },
    resources,
  } as const;
  return { document, hosts };
}

function countsOf(resources: readonly PlannedResource[]): PlanDocument["counts"] {
  const byType = new Map<string, number>();
  for (const { type } of resources) byType.set(type, (byType.get(type) ?? 0) + 1);
  return {
    total: resources.length,
    byType: Object.fromEntries([...byType].sort(([a], [b]) => compare(a, b))),
  };
}
