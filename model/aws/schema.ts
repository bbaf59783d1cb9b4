import { z } from "zod";

import { NARROWEST_SUBNET, VPC_PREFIX } from "./addressPlan";
import { attachedShape, iam } from "./attached/schema";
import { clusterAutoscaler } from "./autoscaler/schema";
import { ecr } from "./ecr/schema";
import { vpcEndpoints } from "./endpoints/schema";
import { repair } from "./repair/schema";
import { refreshShape } from "./refresh/schema";
import { API_PORT } from "../network/ports";
import { hopVersions, ignoredBlockers, networkShape } from "../settings/schema/common";
import { OS_FAMILIES, taint } from "../settings/schema/machines";
import { publicKeyProblem } from "../settings/sshKeys";
import {
  accessRange,
  cidr,
  dnsLabel,
  dnsName,
  host,
  matching,
  port,
  secretName,
  switched,
  text,
} from "../settings/schema/primitives";
import { onDestroy } from "./leftovers/schema";
import { loadBalancerController } from "./loadBalancers/schema";

const WINDOWS = ["windows-2022", "windows-2025"] as const;

const instanceType = matching(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, "an EC2 instance type, such as t3.medium");
const ami = matching(/^ami-[0-9a-f]{8,17}$/, "the id of an image, such as ami-0123456789abcdef0");
// Ids and aliases of keys are taken by EC2 as well, but it answers with the ARN: every preview would show a difference, and
// for a root volume that means another instance.
const kmsKey = matching(
  /^arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:\d{12}:key\/[0-9A-Za-z-]{8,64}$/,
  "the ARN of a key (not an alias or a bare id), such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
);
const authorizedKey = text((value) => {
  const problem = publicKeyProblem(value);
  return problem === undefined
    ? undefined
    : {
        message: problem,
        allowed: "one public key as in a .pub file, without options: ssh-ed25519 AAAA... comment",
      };
});
const tags = z.record(z.string(), z.string());
// Debian policy 5.6.1; names of rpm have capitals and _ as well.
const packages = z
  .array(
    matching(
      /^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$/,
      "the name of a package without its version, such as nfs-common",
    ),
  )
  .max(50);

const volume = z.strictObject({
  sizeGiB: z.number().int().min(8).max(16384).optional(),
  iops: z.number().int().min(3000).max(16000).optional(),
  throughput: z.number().int().min(125).max(1000).optional(),
  kmsKeyId: kmsKey.optional(),
});

/** /dev/sdf to /dev/sdp (Amazon EC2 User Guide, "Device names for volumes"). */
const MOST_VOLUMES = 11;

const spot = switched({
  onDemandBase: z.number().int().min(0).max(1000).default(0),
  onDemandPercent: z.number().int().min(0).max(100).default(0),
  maxPrice: matching(
    /^(?!0+(\.0+)?$)\d+(\.\d{1,6})?$/,
    'US dollars per hour, more than 0 and in quotes, such as "0.05"',
  ).optional(),
});

/** What CloudWatch Logs keeps events for, days (its API reference, PutRetentionPolicy: retentionInDays). */
const logDays = z.literal([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);

const subnet = z.strictObject({
  id: matching(/^subnet-[0-9a-f]{8,17}$/, "the id of a subnet, such as subnet-0123456789abcdef0"),
  cidr,
  zone: z.string(),
  subnetType: z.enum(["public", "private"]),
});

const pool = z.strictObject({
  count: z.number().int().min(0).max(1000).optional(),
  min: z.number().int().min(0).max(1000).optional(),
  max: z.number().int().min(0).max(1000).optional(),
  instanceType: instanceType.optional(),
  /** More types that will do, for spot and for when the first is short. */
  instanceTypes: z.array(instanceType).min(1).max(40).optional(),
  os: z.enum([...OS_FAMILIES, ...WINDOWS]).optional(),
  ami: ami.optional(),
  architecture: z.enum(["amd64", "arm64"]).optional(),
  subnetType: z.enum(["public", "private"]).optional(),
  zones: z.array(z.string()).min(1).optional(),
  volume: volume.optional(),
  labels: z.record(z.string(), z.string()).default({}),
  taints: z.array(taint).optional(),
  spot: spot.optional(),
  sourceDestinationCheckOff: z.boolean().optional(),
  joinTimeoutSeconds: z.number().int().min(60).max(7200).optional(),
  revision: z.number().int().min(1).default(1),
  tags: tags.default({}),
  ...attachedShape,
  ...refreshShape,
  packages: packages.default([]),
  volumes: z.array(volume).min(1).max(MOST_VOLUMES).optional(),
  repair: repair.optional(),
});

/** What only `platform: aws` has, or has more of. */
export const awsShape = {
  network: z
    .strictObject({
      ...networkShape,
      vpcCidr: cidr.default("10.0.0.0/16"),
      /** A number of zones, or their letters or names. */
      zones: z.union([z.number().int().min(1).max(6), z.array(z.string()).min(1).max(6)]).optional(),
      nat: z.enum(["none", "one", "perZone"]).optional(),
      /** Prefix length of the subnets that are made. */
      subnetMask: z.number().int().min(VPC_PREFIX.widest).max(NARROWEST_SUBNET).optional(),
      s3Endpoint: z.boolean().optional(),
      endpoints: vpcEndpoints.optional(),
      flowLogs: switched({ retentionDays: logDays.default(30) }).optional(),
      /** An existing VPC, with the subnets to use. */
      existing: z
        .strictObject({
          vpcId: matching(/^vpc-[0-9a-f]{8,17}$/, "the id of a VPC, such as vpc-0123456789abcdef0"),
          subnets: z.array(subnet).min(1),
          cidrReservations: z.boolean().optional(),
        })
        .optional(),
    })
    .prefault({}),
  access: z.strictObject({
    api: z.array(accessRange),
    ssh: z.array(accessRange),
    nodePorts: z.array(accessRange).default([]),
    endpointAccess: z.enum(["public", "private"]).optional(),
    connectVia: z.enum(["direct", "bastion", "vpn"]).optional(),
    sessionManager: z.boolean().default(false),
    /** Another address of the API for people and the program, as that of a VPN. */
    host: host.optional(),
    port: port.default(API_PORT),
  }),
  controlPlane: z.strictObject({
    count: z.number().int().min(0).max(100),
    instanceType,
    os: z.enum(OS_FAMILIES).optional(),
    ami: ami.optional(),
    architecture: z.enum(["amd64", "arm64"]).optional(),
    subnetType: z.enum(["public", "private"]).optional(),
    volume: volume.optional(),
    /** A gp3 volume for etcd alone. `sizeGiB` defaults to 20. */
    etcdVolume: volume.optional(),
    terminationProtection: z.boolean().optional(),
    /** Names of control-plane nodes whose instance the stack may delete, for as long as they stand here. */
    deletable: z.array(z.string()).default([]),
    labels: z.record(z.string(), z.string()).default({}),
    taints: z.array(taint).optional(),
    /** Raised by hand for a control-plane node that is to be another instance, by its name. */
    revisions: z.record(z.string(), z.number().int().min(1)).default({}),
    /** A network load balancer in front of one control-plane node as well. */
    loadBalancer: z.boolean().optional(),
    packages: packages.default([]),
    ...attachedShape,
  }),
  workers: z.record(dnsLabel, pool).default({}),
  ssh: z
    .strictObject({
      key: secretName.default("generated"),
      authorizedKeys: z.array(authorizedKey).default([]),
    })
    .prefault({}),
  bastion: z
    .strictObject({
      instanceType: instanceType.optional(),
      os: z.enum(OS_FAMILIES).optional(),
      ami: ami.optional(),
      architecture: z.enum(["amd64", "arm64"]).optional(),
    })
    .optional(),
  endpoint: z
    .strictObject({
      dns: z
        .strictObject({
          zoneId: matching(/^Z[A-Z0-9]{5,31}$/, "the id of a hosted zone, such as Z0123456789ABCDEFGHIJ"),
          name: dnsName,
        })
        .optional(),
    })
    .optional(),
  egress: z.enum(["open", "strict"]).default("open"),
  iam: iam.optional(),
  ecr: ecr.optional(),
  podIdentity: z.boolean().default(true),
  storage: switched({ kmsKeyId: kmsKey.optional() }).prefault({}),
  clusterAutoscaler: clusterAutoscaler.optional(),
  loadBalancerController: loadBalancerController.optional(),
  onDestroy,
  upgrades: z.strictObject({ ignore: ignoredBlockers, through: hopVersions }).prefault({}),
  tags: tags.default({}),
};
