import type { AwsLayout } from "../layout";
import type { Problems } from "../../settings/problems";
import { partitionOf } from "../../data/regions";

/** Endpoints are named alike only where this library knows the names, and none is made in a VPC of somebody else. */
export function validateEndpoints({ input, region }: AwsLayout, problems: Problems): void {
  const given = input.network?.endpoints;
  if (given === undefined || region === undefined) return;
  const partition = partitionOf(region);
  if (partition === "aws-cn") {
    problems.add(["network", "endpoints"], region, "has different endpoint names for each service", {
      allowed: "in China's regions no endpoints, but NAT gateways",
    });
  }
  problems.addTwins(given.services, (index) => ["network", "endpoints", "services", index]);
}

const PRIVATE = "private nodes cannot reach the internet (network.nat: none)";

/**
 * Nodes without a way out have AWS' services by endpoints, and need all else from inside: an instance that cannot fetch a
 * file or an image fails minutes later, and its log says only that a connection timed out.
 */
export function validateWayOut({ nat, existing, subnetTypes, input }: AwsLayout, problems: Problems): void {
  const { network, proxy, downloads, images } = input;
  if (existing || network?.endpoints === undefined || nat !== "none" || !subnetTypes.includes("private"))
    return;
  if (network.s3Endpoint === false)
    problems.add(["network", "s3Endpoint"], false, `keeps pools from fetching their boot files: ${PRIVATE}`, {
      allowed: "true, or no s3Endpoint",
    });
  if (proxy !== undefined) return;
  if (downloads?.mirror === undefined)
    problems.add(["downloads", "mirror"], undefined, `is missing: ${PRIVATE}, and dl.k8s.io is outside`, {
      allowed: "the URL of a mirror reachable from the VPC, or a proxy",
    });
  if (images?.repository === undefined && images?.mirrors === undefined)
    problems.add(["images"], undefined, `is missing: ${PRIVATE}, and registry.k8s.io is outside`, {
      allowed: "mirrors (or repository) at a registry reachable from the VPC, or a proxy",
    });
}
