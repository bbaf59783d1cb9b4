import type { StackValidationPolicy } from "@pulumi/policy";
import { requireClusters } from "../clusters";
import { knownList } from "../values";

/**
 * A second init creates a second cluster under the name of the first. After the next restart, half of the nodes
 * connect to it.
 */
export const oneInit: StackValidationPolicy = {
  name: "one-init",
  description:
    "A cluster is initialised once: by one resource that nothing replaces, and under a unique name.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps:
    "Create one ControlPlane for a cluster, and give each Cluster in a stack its own `name` or `domain`.",
  validateStack: (args, reportViolation) => {
    const clusters = requireClusters(args);
    for (const { fullName, inits } of clusters) {
      if (inits.length !== 1) {
        const names = inits.map((init) => init.resource.name).join(", ");
        reportViolation(
          `${fullName} has ${inits.length} inits${names === "" ? "" : `: ${names}`}`,
          inits[0]?.resource.urn,
        );
      }
      for (const { resource } of inits) {
        if (knownList(resource.props, "triggers").length > 0) {
          reportViolation(
            `${resource.name} has triggers: it would be replaced, which is a second init`,
            resource.urn,
          );
        }
      }
    }
    const seen = new Set<string>();
    for (const { fullName, steps } of clusters) {
      if (seen.has(fullName)) {
        reportViolation(
          `two clusters of this stack are ${fullName}: their nodes would use one address`,
          steps[0].resource.urn,
        );
      }
      seen.add(fullName);
    }
  },
};

/** etcd needs more than half of its members: four survive no more losses than three. */
export const oddControlPlaneNodes: StackValidationPolicy = {
  name: "odd-control-plane-nodes",
  description: "A cluster has 1, 3, 5 or another odd number of control-plane nodes.",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps: "Add a machine with role controlPlane, or make one a worker.",
  validateStack: (args, reportViolation) => {
    for (const { fullName, nodeSteps, inits } of requireClusters(args)) {
      const controlPlaneNodes = nodeSteps.filter(({ spec }) => spec.role === "controlPlane");
      const count = new Set(controlPlaneNodes.map(({ spec }) => spec.machine)).size;
      // Worker pools alone say nothing about the control-plane nodes they join.
      if (inits.length === 0 && count === 0) continue;
      if (count % 2 === 0) {
        const urn = (controlPlaneNodes[0] ?? inits[0]).resource.urn;
        reportViolation(
          `${fullName} has ${count} control-plane nodes: etcd needs an odd number of members`,
          urn,
        );
      }
    }
  },
};
