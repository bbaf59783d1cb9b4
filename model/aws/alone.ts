import { nearest } from "../settings/issues";
import type { AwsNetworkInput, SubnetType } from "../settings/input/aws";
import { readCluster } from "../settings/parse";
import { SettingsError, show, type Problem } from "../settings/problems";
import type { AwsCluster } from "./spec";

/** Arguments of a VPC that are under `network` in the settings. */
const NETWORK_KEYS = [
  "vpcCidr",
  "zones",
  "nat",
  "subnetMask",
  "s3Endpoint",
  "flowLogs",
  "existing",
] as const satisfies readonly (keyof AwsNetworkInput)[];

/** A VPC for a cluster of which nothing else is known. */
export interface VpcInput extends Pick<AwsNetworkInput, (typeof NETWORK_KEYS)[number]> {
  /** Region, as `eu-central-1`. */
  region: string;
  /**
   * Name of the cluster: of the VPC and of what is in it, and in the tags by which AWS' controllers find subnets.
   *
   * @defaultValue the name of the component
   */
  clusterName?: string;
  /**
   * Where nodes are to be: `private` subnets go out by NAT, and come with public ones for it.
   *
   * @defaultValue `public`
   */
  subnetType?: SubnetType;
  /**
   * Tags of everything in it.
   *
   * @defaultValue none
   */
  tags?: Record<string, string>;
}

const KEYS = [...NETWORK_KEYS, "region", "clusterName", "subnetType", "tags"];

/** Documentation addresses: nobody is let in, since nothing but the VPC is made. */
const NOBODY = ["203.0.113.0/24"];

/**
 * Checks the arguments of a VPC as the settings of a cluster that has it.
 *
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseVpc(name: string, given: unknown, title: string): AwsCluster {
  const args = (given ?? {}) as VpcInput;
  const { region, clusterName = name, subnetType = "public", tags, zones } = args;
  const network = Object.fromEntries(
    NETWORK_KEYS.flatMap((key) => (args[key] === undefined ? [] : [[key, args[key]]])),
  );
  const places = args.existing?.subnets ?? zones;
  const one = places === 1 || (Array.isArray(places) && places.length === 1);
  const settings = {
    platform: "aws",
    name: clusterName,
    network,
    access: { api: NOBODY, ssh: NOBODY, ...(subnetType === "private" ? { connectVia: "vpn" } : {}) },
    controlPlane: { count: one ? 1 : 3, instanceType: "m7i.large", subnetType },
    ...(tags === undefined ? {} : { tags }),
  };
  const problems: Problem[] = unknownKeys(args);
  try {
    const cluster = readCluster(settings, { environment: name, region });
    if (problems.length === 0) return cluster;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    problems.push(...error.problems.map((problem) => ({ ...problem, path: argumentOf(problem.path) })));
  }
  throw new SettingsError(problems, title);
}

function unknownKeys(args: object): Problem[] {
  return Object.entries(args).flatMap(([key, value]) => {
    if (KEYS.includes(key) || value === undefined) return [];
    const near = nearest(key, KEYS);
    return [
      {
        path: key,
        value: show(value),
        message: "unknown key",
        allowed: KEYS.join(", "),
        ...(near === undefined ? {} : { nearest: near }),
      },
    ];
  });
}

/** The argument that is at a path of the settings. */
function argumentOf(path: string): string {
  if (path === "aws:region") return "region";
  if (path === "name") return "clusterName";
  return path.replace(/^(network|controlPlane)\./, "");
}
