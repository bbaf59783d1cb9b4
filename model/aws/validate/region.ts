import { REGIONS, isRegion } from "../../data/regions";
import { nearest } from "../../text";
import type { Problems } from "../../settings/problems";

/** The region is beside the cluster's settings, where the AWS provider itself reads it. */
export function validateRegion(region: string | undefined, problems: Problems): void {
  if (region === undefined || region === "") {
    problems.add(["aws:region"], undefined, "is missing: platform aws needs it", {
      allowed: "pulumi config set aws:region eu-central-1",
    });
  } else if (!isRegion(region)) {
    const regions = Object.keys(REGIONS);
    problems.add(["aws:region"], region, "is not a region this library knows", {
      allowed: regions.join(", "),
      nearest: nearest(region, regions),
    });
  }
}
