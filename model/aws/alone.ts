import { z } from "zod";

import { parseArguments, unknownKeys } from "../settings/alone";
import { defined } from "../core/defined";
import type { AwsIamInput } from "./attached/settings";
import type { AwsNetworkInput, SubnetType } from "./input";
import { readCluster } from "../settings/parse";
import { relocated, SettingsError, reportedWith, show, type Problem } from "../settings/problems";
import { dnsLabel, dnsName, matching, text } from "../settings/schema/primitives";
import type { AwsCluster } from "./spec";
import type { Statement } from "./statement";

/** The cluster that AWS resources belong to. */
interface OwnerInput {
  /** AWS region, such as `eu-central-1`. */
  region: string;
  /**
   * Name of the cluster. It is part of resource names, and of the tags by which AWS' controllers find subnets.
   *
   * @defaultValue the name of the component
   */
  clusterName?: string;
  /**
   * Tags of every resource that takes tags.
   *
   * @defaultValue none
   */
  tags?: Record<string, string>;
}

const OWNER_KEYS = ["region", "clusterName", "tags"] as const satisfies readonly (keyof OwnerInput)[];

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

/** A VPC for a cluster whose settings the library does not have. */
export interface VpcInput extends Pick<AwsNetworkInput, (typeof NETWORK_KEYS)[number]>, OwnerInput {
  /**
   * Where nodes run. `private` subnets reach the internet through NAT, which needs public subnets too.
   *
   * @defaultValue `public`
   */
  subnetType?: SubnetType;
}

/** IAM roles for pods of a cluster whose settings the library does not have. */
export interface IdentityInput extends AwsIamInput, OwnerInput {}

/** An IAM role for the pods of one service account. */
export interface PodRoleInput {
  /**
   * Part of the role's name; unique in the cluster.
   *
   * @defaultValue the name of the component
   */
  part?: string;
  /** Namespace of the service account. */
  namespace: string;
  /** Name of the service account that may assume the role. */
  serviceAccount: string;
  /** Permissions of the role; at least one statement. */
  statements: readonly Statement[];
}

/** Roles of instances and of flow logs have such names already. */
const OWN_PARTS = /^(control-plane|bastion|flow-logs|pool-.*)$/;
const rolePart = text((value) => {
  if (!/^[\w+=,.@-]+$/.test(value))
    return {
      message: "cannot be in a role's name",
      allowed: "letters, digits and _ + = , . @ -, such as backup",
    };
  if (!OWN_PARTS.test(value)) return undefined;
  return { message: "is the name of a role that the stack creates", allowed: "another word, such as backup" };
});
const words = z.array(z.string()).min(1);
const roleSchema = z.strictObject({
  identity: z.unknown().superRefine((value, context) => {
    const params = { allowed: "a PodIdentity, as AwsPlatform.of(cluster).identity" };
    if (value !== true) context.addIssue({ code: "custom", message: "is not a PodIdentity", params });
  }),
  part: rolePart,
  namespace: dnsLabel,
  serviceAccount: dnsName,
  statements: z
    .array(
      z.strictObject({
        sid: matching(/^[A-Za-z0-9]+$/, "letters and digits"),
        reason: z.string(),
        actions: words,
        resources: words,
        conditions: z.record(z.string(), z.record(z.string(), z.union([z.string(), words]))).optional(),
      }),
    )
    .min(1),
});

/** @throws SettingsError with every problem, by the path in the arguments */
export function parsePodRole(name: string, given: unknown, title: string): Required<PodRoleInput> {
  const { identity: _identity, ...role } = parseArguments(
    title,
    { part: name, ...(given as object) },
    roleSchema,
  );
  return role;
}

/** Documentation addresses: nobody is let in, since no machine is made. */
const NOBODY = ["203.0.113.0/24"];
/** Stands for the machines that are not made either. */
const INSTANCE = "m7i.large";

/**
 * Checks the arguments of a VPC as the settings of a cluster that has it.
 *
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseVpc(name: string, given: unknown, title: string): AwsCluster {
  const args = (given ?? {}) as Partial<VpcInput>;
  const { subnetType = "public", zones } = args;
  const places = args.existing?.subnets ?? zones;
  const one = places === 1 || (Array.isArray(places) && places.length === 1);
  return parseOnAws(name, given, title, [...NETWORK_KEYS, "subnetType"], {
    network: Object.fromEntries(
      NETWORK_KEYS.flatMap((key) => (args[key] === undefined ? [] : [[key, args[key]]])),
    ),
    access: { api: NOBODY, ssh: NOBODY, ...(subnetType === "private" ? { connectVia: "vpn" } : {}) },
    controlPlane: { count: one ? 1 : 3, instanceType: INSTANCE, subnetType },
  });
}

/**
 * Checks the arguments of roles for pods as the settings of a cluster that has them.
 *
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseIdentity(name: string, given: unknown, title: string): AwsCluster {
  const { path, permissionsBoundary } = (given ?? {}) as Partial<IdentityInput>;
  const settings = {
    access: { api: NOBODY, ssh: NOBODY },
    controlPlane: { count: 1, instanceType: INSTANCE },
    iam: defined({ path, permissionsBoundary }),
  };
  return parseOnAws(name, given, title, ["path", "permissionsBoundary"], settings, {
    serviceAccountKey: "an RSA key in PEM, as serviceAccountKey of a Pki",
  });
}

function parseOnAws(
  name: string,
  given: unknown,
  title: string,
  own: readonly string[],
  settings: object,
  /** Arguments of text that are no settings, each with what is allowed. */
  texts: Readonly<Record<string, string>> = {},
): AwsCluster {
  const args = (given ?? {}) as Partial<OwnerInput>;
  const { region, clusterName = name, tags } = args;
  const problems: Problem[] = [
    ...unknownKeys(args, [...Object.keys(texts), ...own, ...OWNER_KEYS]),
    ...Object.entries(texts).flatMap(([path, allowed]) => {
      const value = (args as Readonly<Record<string, unknown>>)[path];
      if (typeof value === "string") return [];
      return [
        { path, value: show(value), message: value === undefined ? "is missing" : "is not text", allowed },
      ];
    }),
  ];
  const whole = { platform: "aws", name: clusterName, ...settings, ...(tags === undefined ? {} : { tags }) };
  return reportedWith(problems, title, () => {
    try {
      return readCluster(whole, { environment: name, region });
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      const found = error.problems.map((problem) => relocated(problem, argumentOf));
      throw new SettingsError(found, title);
    }
  });
}

/** The argument that is at a path of the settings. */
function argumentOf(path: string): string {
  if (path === "aws:region") return "region";
  if (path === "name") return "clusterName";
  return path.replace(/^(network|controlPlane|iam)\./, "");
}
