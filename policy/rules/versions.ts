import type { StackValidationPolicy } from "@pulumi/policy";
import { MINORS, compareVersions, minorOf } from "../../model/versions";
import { requireClusters } from "../clusters";
import { configured } from "../configuration";

const supported = Object.keys(MINORS).sort(compareVersions);
const DEFAULTS = { least: supported[1] ?? supported[0] };

/** Kubernetes maintains three minor versions, and kubeadm upgrades one at a time. */
export const kubernetesVersion: StackValidationPolicy = {
  name: "kubernetes-version",
  description: "Kubernetes has a minor version that the library supports, and not the oldest one.",
  enforcementLevel: "advisory",
  severity: "medium",
  remediationSteps: "Raise `kubernetesVersion` by one minor, and run `up`.",
  url: "https://kubernetes.io/releases/",
  configSchema: {
    properties: {
      least: {
        type: "string",
        pattern: "^1\\.[0-9]+$",
        default: DEFAULTS.least,
        description: "The oldest minor version that is not reported, such as 1.35.",
      },
    },
  },
  validateStack: (args, reportViolation) => {
    const { least } = configured(args, DEFAULTS);
    for (const { fullName, nodeSteps, steps } of requireClusters(args)) {
      // An init keeps the version it started with.
      const { resource, spec } = nodeSteps[0] ?? steps.find((step) => step.spec.step !== "init") ?? steps[0];
      const version = spec.kubernetesVersion;
      const minor = minorOf(version);
      if (minor === undefined || !supported.includes(minor)) {
        reportViolation(
          `${fullName} is Kubernetes ${version}; this library knows ${supported.join(", ")}`,
          resource.urn,
        );
      } else if (compareVersions(minor, least) < 0) {
        reportViolation(`${fullName} is Kubernetes ${version}; upgrade to ${least} or newer`, resource.urn);
      }
    }
  },
};
