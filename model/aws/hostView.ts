import type { AwsPool, AwsSettings } from "../settings/resolvedAws";

/** What of the platform no host is rendered from: instances, networks and money are EC2's side. */
const NOWHERE: Omit<AwsSettings, "region" | "partition" | "pools" | "podIdentity"> = {
  vpc: { cidr: "", subnets: [], zones: [], nat: "none", s3Endpoint: false },
  access: { api: [], ssh: [], nodePorts: [], endpointAccess: "private", connectVia: "direct" },
  egress: "open",
  ssh: { key: "", authorizedKeys: [] },
  endpoint: { loadBalancer: false, addresses: [] },
  controlPlane: {
    instanceType: "",
    architecture: "amd64",
    image: { os: "ubuntu-24.04" },
    volume: { sizeGiB: 0, iops: 0, throughput: 0 },
    terminationProtection: true,
    deletable: [],
    masters: [],
  },
  cloudProvider: { image: "", chart: "" },
  tags: {},
};

/** A pool as masters know it: its name, and the labels that they give its nodes. */
function poolOfMasters({ name, platform, labels }: AwsPool): AwsPool {
  return {
    name,
    platform,
    labels,
    instanceTypes: [],
    architecture: "amd64",
    min: 0,
    max: 0,
    subnets: [],
    volume: NOWHERE.controlPlane.volume,
    taints: [],
    sourceDestinationCheckOff: false,
    minHealthyPercent: 0,
    maxHealthyPercent: 0,
    joinTimeoutSeconds: 0,
    revision: 0,
    tags: {},
  };
}

/** What is looked at before a host is set up. */
export function preflightAws({ region, partition }: AwsSettings): AwsSettings {
  return { ...NOWHERE, region, partition, pools: [] };
}

/** What node setup is rendered from: how large a root file system may be, and whether etcd has a volume of its own. */
export function setupAws(aws: AwsSettings): AwsSettings {
  const { volume, etcdVolume } = aws.controlPlane;
  return {
    ...preflightAws(aws),
    controlPlane: {
      ...NOWHERE.controlPlane,
      volume: { ...NOWHERE.controlPlane.volume, sizeGiB: volume.sizeGiB },
      ...(etcdVolume === undefined ? {} : { etcdVolume: NOWHERE.controlPlane.volume }),
    },
  };
}

/** What a master is configured from: a pool that grows changes none of it. */
export function masterAws({ region, partition, pools, podIdentity }: AwsSettings): AwsSettings {
  return {
    ...NOWHERE,
    region,
    partition,
    pools: pools.map(poolOfMasters),
    ...(podIdentity === undefined ? {} : { podIdentity }),
  };
}
