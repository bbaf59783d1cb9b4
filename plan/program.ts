import { createRequire } from "node:module";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { createCluster } from "../stacks/program";
import { record, type Recorded } from "../testing/recorder";
import { hasCloud } from "../components/cloud";
import type { ClusterArgs } from "../components/cluster";
import { keepTokens } from "../components/late";
import { observeClusters } from "../components/observer";
import { projectFiles } from "../components/extras/projectFiles";
import type { ProjectFiles } from "../model/extras/files";
import type { ClusterSettings } from "../model/settings/resolved";
import type { EnvironmentConfig } from "./config";
import { PlanError } from "./error";
import { ownProgram, runProgram } from "./ownProgram";
import { hideEncrypted } from "./secretConfig";

export interface Recording {
  readonly settings: ClusterSettings;
  readonly resources: readonly Recorded[];
  /** Your own program passes secrets, whose names were checked then; undefined where the stack's file has them. */
  readonly withSecrets?: boolean;
}

/**
 * Runs the environment's own program as the first `pulumi preview` would: what only a provider or a host can tell is not
 * known.
 *
 * @throws ClusterSettingsError with every problem of the settings
 */
export async function recordEnvironment(config: EnvironmentConfig): Promise<Recording> {
  return config.cluster === undefined ? recordOwnProgram(config) : recordStackFile(config);
}

/** The project's own program, with the configuration of the stack. */
async function recordOwnProgram(config: EnvironmentConfig): Promise<Recording> {
  const { environment, project, folder = "." } = config;
  const program = ownProgram(folder);
  if (program === undefined) throw new PlanError("the folder has no Pulumi program");
  const clusters: { settings: ClusterSettings; withSecrets: boolean }[] = [];
  const stop = observeClusters(({ settings }, { secrets }) =>
    clusters.push({ settings, withSecrets: secrets !== undefined }),
  );
  // Addresses that another provider gives are shown by their tokens: nobody knows them yet.
  const stopTokens = keepTokens();
  const showEncrypted = hideEncrypted(config.all);
  const unanswered = new Set<string>();
  try {
    const resources = await record(() => runProgram(program), {
      preview: true,
      project,
      stack: environment,
      config: config.all,
      allowEmpty: true,
      onWarning: () => undefined,
      stackReferences: "unknown",
      // The program may ask for anything; a result that has something unknown in it is unknown as a whole.
      call: (asked) => {
        if (isAnswered(asked)) return answer(asked);
        unanswered.add(asked.token);
        return { unknown: pulumi.unknown };
      },
    }).catch((error: unknown) => {
      throw withUnanswered(error, path.basename(program), unanswered);
    });
    const [cluster, ...more] = clusters;
    if (cluster === undefined)
      throw new PlanError(
        `${path.basename(program)} creates no Cluster, and Pulumi.${environment}.yaml has no kubeadm:cluster`,
      );
    if (more.length > 0)
      throw new PlanError(
        `${path.basename(program)} creates ${clusters.length} clusters (${clusters.map(({ settings }) => settings.name).join(", ")}); a plan ` +
          "shows one: let the stack's configuration say which of them the program creates",
      );
    return { ...cluster, resources };
  } finally {
    stop();
    stopTokens();
    showEncrypted();
  }
}

/** The library's own program, which takes everything from the stack's file. */
async function recordStackFile(config: EnvironmentConfig): Promise<Recording> {
  const { environment, project } = config;
  let settings: ClusterSettings | undefined;
  loadPlatform(config);
  const resources = await record(
    () => {
      const { cluster } = createCluster({
        settings: config.cluster as ClusterArgs["settings"],
        secrets: config.secrets,
        environment,
        region: config.region,
        files: filesFrom(config.folder),
      });
      settings = cluster.settings;
    },
    // The advisories that the program warns of are in the plan.
    { preview: true, project, stack: environment, onWarning: () => undefined, call: answer },
  );
  if (settings === undefined) throw new Error("the program made no cluster");
  return { settings, resources };
}

/**
 * Loads what a cluster on AWS needs; nobody else has its package.
 *
 * @throws PlanError when the package is missing
 */
function loadPlatform({ cluster, environment }: EnvironmentConfig): void {
  const { platform } = (cluster ?? {}) as { readonly platform?: unknown };
  if (platform !== "aws" || hasCloud(platform)) return;
  try {
    createRequire(__filename)("../aws");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "MODULE_NOT_FOUND" || !message.includes("@pulumi/aws")) throw error;
    throw new PlanError(
      `${environment} is on AWS, which needs the package @pulumi/aws: npm install @pulumi/aws`,
    );
  }
}

/** Files beside the configuration file, and as `pulumi up` reads them: of the folder it runs in. */
function filesFrom(folder: string | undefined): ProjectFiles {
  const places = [...(folder === undefined ? [] : [projectFiles(folder)]), projectFiles()];
  return {
    read: (file) => places.map((place) => place.read(file)).find((text) => text !== undefined),
    list: (name) => places.map((place) => place.list(name)).find((names) => names !== undefined),
  };
}

/**
 * What the program looks up while it runs: there is no account to ask, so that nothing of it is known. Asked are images by
 * their publishers' parameters, zones, the instance types and services that they offer, images of one's own, and the zone in which AWS has the names of its balancers.
 */
const ANSWERS: Readonly<Record<string, Record<string, unknown>>> = {
  "aws:ssm/getParameter:getParameter": { insecureValue: pulumi.unknown },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { names: pulumi.unknown },
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
    instanceTypes: pulumi.unknown,
    locations: pulumi.unknown,
  },
  "aws:lb/getHostedZoneId:getHostedZoneId": { id: pulumi.unknown },
  "aws:ec2/getVpcEndpointService:getVpcEndpointService": { availabilityZones: pulumi.unknown },
  "aws:ec2/getAmi:getAmi": { architecture: pulumi.unknown, rootDeviceName: pulumi.unknown },
};

/** The error of a program, which may have come of a result that the program awaited and the plan has not. */
function withUnanswered(error: unknown, program: string, unanswered: ReadonlySet<string>): unknown {
  if (unanswered.size === 0 || !(error instanceof TypeError)) return error;
  return new PlanError(
    `${program}: ${error.message}. A plan knows no result of ${[...unanswered].join(", ")}: ` +
      "use its form that returns an output, which a preview accepts as unknown",
  );
}

function isAnswered({ token }: pulumi.runtime.MockCallArgs): boolean {
  return Object.hasOwn(ANSWERS, token);
}

function answer({ token }: pulumi.runtime.MockCallArgs): Record<string, unknown> {
  const found = ANSWERS[token];
  if (found === undefined) throw new Error(`the plan has no result for ${token}`);
  return found;
}
