import * as pulumi from "@pulumi/pulumi";
import { createCluster } from "../stacks/program";
import { record, type Recorded } from "../testing/recorder";
import type { ClusterArgs } from "../components/cluster";
import { projectFiles } from "../components/own/projectFiles";
import type { ProjectFiles } from "../model/own/files";
import type { ClusterSettings } from "../model/settings/resolved";
import type { EnvironmentConfig } from "./config";

export interface Recording {
  readonly settings: ClusterSettings;
  readonly resources: readonly Recorded[];
}

/**
 * Runs the environment's own program as the first `pulumi preview` would: what only a provider or a host can tell is not
 * known.
 *
 * @throws ClusterSettingsError with every problem of the settings
 */
export async function recordEnvironment(config: EnvironmentConfig): Promise<Recording> {
  const { environment, project } = config;
  let settings: ClusterSettings | undefined;
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
    // The advisories that the program warns of stand in the plan.
    { preview: true, project, stack: environment, onWarning: () => undefined, call: answer },
  );
  if (settings === undefined) throw new Error("the program made no cluster");
  return { settings, resources };
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
 * their publishers' parameters, zones and the instance types that they offer, and the zone in which AWS has the names of its balancers.
 */
const ANSWERS: Readonly<Record<string, Record<string, unknown>>> = {
  "aws:ssm/getParameter:getParameter": { insecureValue: pulumi.unknown },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { names: pulumi.unknown },
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
    instanceTypes: pulumi.unknown,
    locations: pulumi.unknown,
  },
  "aws:lb/getHostedZoneId:getHostedZoneId": { id: pulumi.unknown },
};

function answer({ token }: pulumi.runtime.MockCallArgs): Record<string, unknown> {
  const found = ANSWERS[token];
  if (found === undefined) throw new Error(`the plan has no answer for ${token}`);
  return found;
}
