import type { Checked } from "../../settings/checked";
import type { AwsLayout } from "../layout";
import type { Problems } from "../../settings/problems";

type Owned = readonly [component: "apiServer" | "controllerManager", flag: string, setting: string];

/** Flags that follow from pod identity; switched off, the issuer is the user's to set. */
const POD_IDENTITY: readonly Owned[] = [
  ["apiServer", "service-account-issuer", "podIdentity, whose published documents name the issuer"],
  ["apiServer", "service-account-jwks-uri", "podIdentity, whose published documents name the keys' address"],
  ["apiServer", "api-audiences", "podIdentity"],
];

const CLOUD: readonly Owned[] = [
  ["controllerManager", "cloud-provider", "the cloud controller manager, which the library installs"],
  ["controllerManager", "configure-cloud-routes", "cni: the library writes no pod routes into the VPC"],
  ["controllerManager", "external-cloud-volume-plugin", "storage"],
];

export function validateCloudFlags({ input }: AwsLayout, problems: Problems, { refused }: Checked): void {
  const identity = input.podIdentity !== false && !refused("podIdentity");
  for (const [component, flag, setting] of [...CLOUD, ...(identity ? POD_IDENTITY : [])]) {
    const value = input[component]?.extraArgs?.[flag];
    if (value === undefined) continue;
    problems.add(
      [component, "extraArgs", flag],
      value,
      "is not allowed here: another setting determines it",
      { allowed: `instead: ${setting}` },
    );
  }
}
