import type { AwsLayout } from "../layout";
import type { Checked } from "../../settings/checked";
import type { Problems } from "../../settings/problems";

const WAYS = "bastion (with `bastion: {}`), or vpn where this machine has a route into the VPC";

/** The program fills the API over the network: a cluster that it cannot reach would be a list of timeouts. */
export function validateConnectVia(aws: AwsLayout, problems: Problems): void {
  const { connectVia, endpointAccess, subnetType, bastion, input } = aws;
  if (connectVia === undefined) {
    const what =
      input.access.endpointAccess === "private"
        ? "a private endpoint has"
        : "control-plane nodes in private subnets have";
    problems.add(
      ["access", "connectVia"],
      undefined,
      `is missing: ${what} no address reachable from outside`,
      { allowed: WAYS },
    );
    return;
  }
  if (connectVia === "bastion" && !bastion) {
    problems.add(["bastion"], undefined, "is missing, and access.connectVia is bastion", {
      allowed: "bastion: {}, or another access.connectVia",
    });
  }
  if (connectVia !== "bastion" && bastion) {
    problems.add(
      ["access", "connectVia"],
      connectVia,
      "does not use the bastion, so the bastion has no purpose",
      { allowed: "bastion, or no bastion" },
    );
    return;
  }
  if (connectVia !== "direct") return;
  if (endpointAccess === "private") {
    problems.add(["access", "connectVia"], connectVia, "does not lead to a private endpoint", {
      allowed: WAYS,
    });
  } else if (subnetType === "private") {
    problems.add(
      ["access", "connectVia"],
      connectVia,
      "does not lead to control-plane nodes in private subnets",
      { allowed: WAYS },
    );
  }
}

/** Lists that let nobody in, where somebody has to come in. */
export function validateAccessLists(aws: AwsLayout, problems: Problems, { refused }: Checked): void {
  const { access } = aws.input;
  const who = "the range that `pulumi up` runs from, such as [203.0.113.0/24]";
  if (access.ssh.length === 0 && !refused("access.ssh")) {
    const door = aws.connectVia === "bastion" ? "the bastion" : "the control-plane nodes";
    problems.add(["access", "ssh"], [], `lets nobody in: the program could not reach ${door}`, {
      allowed: who,
    });
  }
  // Behind a bastion that forwards to it a private API has no callers from outside.
  const forwarded = aws.endpointAccess === "private" && aws.connectVia === "bastion";
  if (access.api.length === 0 && !forwarded && !refused("access.api")) {
    problems.add(["access", "api"], [], "lets nobody in: the program could not reach the API", {
      allowed: who,
    });
  }
}

/**
 * Several control-plane nodes are one API through a balancer, and so is a public endpoint in front of a private
 * control-plane node.
 */
export function validateLoadBalancer(aws: AwsLayout, problems: Problems): void {
  const { input, count, subnetType, endpointAccess } = aws;
  if (input.controlPlane.loadBalancer !== false) return;
  const path = ["controlPlane", "loadBalancer"];
  if (count > 1) {
    problems.add(path, false, `leaves ${count} control-plane nodes without a common address`, {
      allowed: "true, or no loadBalancer",
    });
  } else if (subnetType === "private" && endpointAccess === "public") {
    problems.add(
      path,
      false,
      "gives a public endpoint no address: the control-plane node is in a private subnet",
      { allowed: "true, or access.endpointAccess: private" },
    );
  }
}
