/**
 * The account that the stand-in plays: everything that exists in it, in one file, so that it outlives the provider's
 * process. Each operation of the provider loads the file, works on it and writes it back, under a lock.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import type { Values } from "../shared/values";

/** Path of the account's file; it is made when the first thing is. */
export const accountFileVariable = "PULUMI_KUBEADM_TEST_AWS_ACCOUNT_FILE";

export interface OwnImage {
  readonly architecture: "x86_64" | "arm64";
  readonly rootDevice: string;
  readonly windows?: boolean;
}

/** What a test may set before or between operations. */
export interface Controls {
  /** Values of public parameters that differ from the built-in ones, by name. */
  parameters?: Record<string, string>;
  /** Images of one's own by id: the architecture, and the root device where that is not /dev/sda1. */
  images?: Record<string, OwnImage["architecture"] | OwnImage>;
  /** Hosted zones: domain by id. */
  zones?: Record<string, string>;
  /** Letters of the zones that the account has, where those are not all of the region's. */
  zoneLetters?: string;
  /** Letters of the zones in which a service has endpoints, by the service's name, where those are not all of the region's. */
  endpointZones?: Record<string, string>;
  /** Instance types that a zone, by its name, does not offer. */
  notOffered?: Record<string, string[]>;
  /** Zones, by their names, that have no capacity now. */
  withoutCapacity?: string[];
  /** Calls of the account after which S3 believes a changed public access block; default 0. */
  s3Settles?: number;
  /** Seconds that each instance of a group takes to drain while the group is deleted; default 0. */
  drainSeconds?: number;
  /** Hosts run behind the interfaces: what is ended is there until its host is down, and the provider waits for that. */
  hosts?: boolean;
  /** Quotas that differ from AWS' defaults, see `quotas`. */
  quotas?: Partial<Record<Quota, number>>;
}

/**
 * Default quotas: VPC and its security groups, https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html;
 * IAM, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; vCPUs,
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html: 5 in a new account, more in one in use, as here.
 */
export const quotas = {
  vpcs: 5,
  elasticAddresses: 5,
  rulesPerGroup: 60,
  groupsPerInterface: 5,
  policiesPerRole: 10,
  standardVcpus: 256,
} as const;
export type Quota = keyof typeof quotas;

export interface AccountData {
  /** Number of ids given out so far. */
  sequence: number;
  /** By kind, then by id; attributes that start with `_` are the account's own and no provider's. */
  objects: Record<string, Record<string, Values>>;
  controls: Controls;
}

export const accountId = "123456789012";

export function readAccount(file: string): AccountData {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as AccountData;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { sequence: 0, objects: {}, controls: {} };
  }
}

/** Runs `work` on the account and writes it back where `work` went through: what AWS refuses changes nothing. */
export function withAccount<T>(file: string, work: (data: AccountData) => T): T {
  const lock = `${file}.lock`;
  takeLock(lock);
  try {
    const data = readAccount(file);
    const before = JSON.stringify(data);
    const result = work(data);
    const after = JSON.stringify(data);
    if (after !== before) {
      writeFileSync(`${file}.new`, after);
      renameSync(`${file}.new`, file);
    }
    return result;
  } finally {
    rmdirSync(lock);
  }
}

/** The 17 digits of an id; the same in each run of one sequence of operations. */
export function nextDigits(data: AccountData, seed: string): string {
  data.sequence += 1;
  return createHash("sha256").update(`${seed} ${data.sequence}`).digest("hex").slice(0, 16);
}

const staleAfter = 10_000;

function takeLock(lock: string): void {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    // A provider that was killed leaves its lock behind; no operation holds it for more than milliseconds.
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > staleAfter) {
      try {
        rmdirSync(lock);
      } catch {
        // Somebody else was faster.
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}
