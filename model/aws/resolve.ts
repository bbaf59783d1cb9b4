import { defined } from "../core/defined";
import { whenEnabled } from "../core/enabled";
import { resolveAttached } from "./attached/settings";
import { resolveLoadBalancerController } from "./loadBalancers/resolve";
import { resolveClusterAutoscaler } from "./autoscaler/resolve";
import { resolveEcr } from "./ecr/settings";
import { endpointSubnets } from "./endpoints/settings";
import { resolveRepair } from "./repair/settings";
import { refreshPercents } from "./refresh/settings";
import { IMAGES } from "./images";
import { architectureOf } from "./instanceTypes";
import { partitionOf, privateDnsName } from "../data/regions";
import { CHARTS, type ChartName } from "../charts";
import { cniProfile, domainOf, resolveCni } from "../cni";
import { apiName } from "../network/endpoint";
import { API_PORT } from "../network/ports";
import { WINDOWS_TAINT } from "../windows/releases";
import { AWS_DEFAULTS } from "./defaults";
import { type AwsLayout, type PoolLayout, type PoolInput, bastionPlace, endpointAddressesOf } from "./layout";
import { taintsOf } from "../settings/labels";
import type { ComponentVersions, Machine, PlatformSettings } from "../settings/resolved";
import type {
  AwsBastion,
  AwsEndpoint,
  AwsImage,
  AwsOs,
  AwsPool,
  AwsSettings,
  AwsVolume,
  AwsVpc,
} from "./settings";
import { resolveWindowsDownloads } from "../windows/resolve";
import type { AwsInput, FilledAws } from "../settings/schema/cluster";

export interface AwsNames {
  readonly name: string;
  readonly domain: string;
  /** As `eu-central-1`. */
  readonly region: string;
  readonly versions: ComponentVersions;
}

/** What `platform: aws` decides of the settings; the input was checked. */
export function awsPlatform(input: FilledAws, layout: AwsLayout, names: AwsNames): PlatformSettings {
  const { name, domain } = names;
  const aws = awsSettings(input, layout, names);
  return {
    platform: "aws",
    aws,
    machines: aws.controlPlane.instances.map((controlPlaneNode) =>
      controlPlaneMachine(input, aws, controlPlaneNode),
    ),
    endpoint: {
      kind: "addresses",
      host: apiName(name, domain),
      port: API_PORT,
      addresses: aws.endpoint.addresses.map(({ address }) => address),
    },
    // Where people reach the API is known once the balancer, the elastic address or the tunnel is there.
    access: { host: input.access.host ?? "", port: input.access.port },
    // Security groups filter, outside the host.
    firewall: "none",
    // Workers are replaced by their groups (`maxSurge`, `maxUnavailable`), and control-plane nodes changed one after the other.
    rollout: { maxUnavailable: "10%" },
    upgrades: { maxUnavailable: 1, pools: {}, ...input.upgrades },
    firewallAllow: [],
    firewallAccess: { ssh: [], api: [], nodePorts: [] },
  };
}

function controlPlaneMachine(
  input: FilledAws,
  aws: AwsSettings,
  controlPlaneNode: AwsSettings["controlPlane"]["instances"][number],
): Machine {
  const { image, architecture } = aws.controlPlane;
  return {
    name: controlPlaneNode.name,
    nodeName: privateDnsName(controlPlaneNode.address, aws.region),
    role: "controlPlane",
    pool: "",
    // Host and host key are outputs of the stack.
    ssh: {
      host: "",
      port: 22,
      user: IMAGES[image.os].user,
      hostKey: "",
      key: aws.ssh.key,
    },
    nodeAddress: controlPlaneNode.address,
    architecture,
    os: image.os,
    labels: input.controlPlane.labels,
    taints: taintsOf("controlPlane", input.controlPlane.taints),
    revision: input.controlPlane.revisions[controlPlaneNode.name] ?? 1,
    removal: "safe",
  };
}

function awsSettings(
  input: FilledAws,
  layout: AwsLayout,
  { region, versions }: Pick<AwsNames, "region" | "versions">,
): AwsSettings {
  const { connectVia = "direct", endpointAccess } = layout;
  const bastion = bastionOf(input, layout);
  const storage = whenEnabled(input.storage);
  const chart = (name: ChartName) => input.helm?.versions?.[name] ?? CHARTS[name].version;
  return {
    region,
    partition: partitionOf(region),
    vpc: vpcOf(input, layout),
    access: {
      api: input.access.api,
      ssh: input.access.ssh,
      nodePorts: input.access.nodePorts,
      endpointAccess,
      connectVia,
      sessionManager: input.access.sessionManager,
    },
    egress: input.egress,
    ssh: {
      key: input.ssh.key,
      authorizedKeys: input.ssh.authorizedKeys.map((line) => line.trim()),
    },
    ...(bastion === undefined ? {} : { bastion }),
    endpoint: endpointOf(input, layout),
    controlPlane: {
      instanceType: input.controlPlane.instanceType,
      architecture: layout.architecture,
      image: imageOf(input.controlPlane),
      volume: volumeOf(input.controlPlane.volume, AWS_DEFAULTS.volume.sizeGiB),
      ...(input.controlPlane.etcdVolume === undefined
        ? {}
        : { etcdVolume: volumeOf(input.controlPlane.etcdVolume, AWS_DEFAULTS.etcdVolumeGiB) }),
      terminationProtection: input.controlPlane.terminationProtection ?? input.protect,
      deletable: input.controlPlane.deletable,
      packages: input.controlPlane.packages,
      attached: resolveAttached(input.controlPlane),
      instances: layout.controlPlaneNodes,
    },
    pools: layout.pools.map((pool) => poolOf(pool, bootTurnsCheckOff(input))),
    ...windowsOf(input, layout, versions),
    ...(!input.podIdentity
      ? {}
      : {
          podIdentity: {
            audiences: ["sts.amazonaws.com", `https://kubernetes.default.svc.${input.network.clusterDomain}`],
          },
        }),
    cloudProvider: {
      image: `registry.k8s.io/provider-aws/cloud-controller-manager:${CHARTS["aws-cloud-controller-manager"].appVersion}`,
      chart: chart("aws-cloud-controller-manager"),
    },
    ...(storage === undefined
      ? {}
      : { storage: { chart: chart("aws-ebs-csi-driver"), ...defined({ kmsKeyId: storage.kmsKeyId }) } }),
    ...defined({
      clusterAutoscaler: resolveClusterAutoscaler(input.clusterAutoscaler, {
        chart: chart("cluster-autoscaler"),
        kubernetes: versions.kubernetes,
      }),
      loadBalancerController: resolveLoadBalancerController(input.loadBalancerController, {
        chart: chart("aws-load-balancer-controller"),
        version: CHARTS["aws-load-balancer-controller"].appVersion,
        controlPlaneNodes: layout.controlPlaneNodes.length,
      }),
    }),
    onDestroy: input.onDestroy,
    ...(input.ecr === undefined ? {} : { ecr: resolveEcr(input.ecr) }),
    ...defined({ rolePath: input.iam?.path, permissionsBoundary: input.iam?.permissionsBoundary }),
    tags: input.tags,
  };
}

function windowsOf(
  input: FilledAws,
  layout: AwsLayout,
  versions: ComponentVersions,
): Pick<AwsSettings, "windows"> {
  return layout.pools.some((pool) => pool.windows)
    ? { windows: { downloads: resolveWindowsDownloads(input.downloads ?? {}, versions) } }
    : {};
}

function vpcOf({ network }: FilledAws, layout: AwsLayout): AwsVpc {
  const { vpc, nat } = layout;
  const id = network.existing?.vpcId;
  const logs = whenEnabled(network.flowLogs);
  return {
    cidr: vpc.range.text,
    ...(id === undefined ? {} : { id }),
    cidrReservations: network?.existing?.cidrReservations ?? true,
    subnets: layout.subnets,
    zones: layout.zones,
    nat,
    s3Endpoint: network.s3Endpoint ?? !layout.existing,
    ...(layout.endpoints.length === 0
      ? {}
      : {
          endpoints: {
            services: layout.endpoints,
            subnets: endpointSubnets(layout.subnets).map((subnet) => subnet.name),
          },
        }),
    ...(logs && { flowLogs: { retentionDays: logs.retentionDays } }),
  };
}

function endpointOf(input: FilledAws, layout: AwsLayout): AwsEndpoint {
  const dns = input.endpoint?.dns;
  return {
    loadBalancer: layout.loadBalancer,
    addresses: endpointAddressesOf(layout),
    ...(dns === undefined ? {} : { dns }),
  };
}

function bastionOf({ bastion: given }: AwsInput, layout: AwsLayout): AwsBastion | undefined {
  const place = bastionPlace(layout);
  if (given === undefined || place === undefined) return undefined;
  const instanceType =
    given.instanceType ?? AWS_DEFAULTS.bastionInstanceType[given.architecture ?? AWS_DEFAULTS.architecture];
  return {
    instanceType,
    architecture: given.architecture ?? architectureOf(instanceType) ?? AWS_DEFAULTS.architecture,
    image: imageOf(given),
    ...place,
  };
}

function imageOf({ os, ami }: { readonly os?: AwsOs; readonly ami?: string }): AwsImage {
  return { os: os ?? AWS_DEFAULTS.os, ...(ami === undefined ? {} : { ami }) };
}

export function volumeOf(given: AwsInput["controlPlane"]["volume"], sizeGiB: number): AwsVolume {
  const { iops, throughput } = AWS_DEFAULTS.volume;
  return { sizeGiB, iops, throughput, ...given };
}

/** EC2's source/destination check of pools is turned off by their boot script where the CNI has it do so. */
function bootTurnsCheckOff(input: FilledAws): boolean {
  const cni = resolveCni(input.cni, { nodes: [], pooled: true, windowsPools: false });
  return domainOf(cni.kind).bootTurnsSourceCheckOff && cniProfile(cni).sourceDestinationCheckOff;
}

function poolOf(layout: PoolLayout, checkOff: boolean): AwsPool {
  const { filled: input } = layout;
  const sizeGiB = layout.windows ? AWS_DEFAULTS.windowsVolumeGiB : AWS_DEFAULTS.volume.sizeGiB;
  const spot = whenEnabled(input.spot);
  return {
    name: layout.name,
    platform: layout.windows ? "windows" : "linux",
    ...systemOf(input),
    instanceTypes: layout.instanceTypes,
    architecture: layout.architecture,
    min: layout.min,
    max: layout.max,
    subnets: layout.subnets.map((subnet) => subnet.name),
    volume: volumeOf(input.volume, sizeGiB),
    labels: input.labels,
    taints: layout.windows && input.taints === undefined ? [WINDOWS_TAINT] : taintsOf("worker", input.taints),
    ...(spot && {
      spot: defined({
        onDemandBase: spot.onDemandBase,
        onDemandPercent: spot.onDemandPercent,
        maxPrice: spot.maxPrice,
      }),
    }),
    sourceDestinationCheckOff: input.sourceDestinationCheckOff ?? checkOff,
    ...refreshPercents(input),
    ...(input.repair === undefined ? {} : { repair: resolveRepair(input.repair) }),
    joinTimeoutSeconds:
      input.joinTimeoutSeconds ??
      AWS_DEFAULTS[layout.windows ? "windowsJoinTimeoutSeconds" : "joinTimeoutSeconds"],
    revision: input.revision,
    packages: input.packages,
    volumes: (input.volumes ?? []).map((one) => volumeOf(one, sizeGiB)),
    attached: resolveAttached(input),
    tags: input.tags,
  };
}

function systemOf({ os, ami }: PoolInput): Pick<AwsPool, "image" | "windows"> {
  if (os === "windows-2022" || os === "windows-2025") {
    const release = os === "windows-2022" ? "2022" : "2025";
    return { windows: { release, ...(ami === undefined ? {} : { ami }) } };
  }
  return { image: imageOf({ ...(os === undefined ? {} : { os }), ...(ami === undefined ? {} : { ami }) }) };
}
