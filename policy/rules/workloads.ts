import type { ResourceValidationPolicy } from "@pulumi/policy";
import { CNI_PROFILES } from "../../model/cni";
import { NONE_ALLOWED, configured, listOf } from "../configuration";
import { containersOf, isPinned, objectName } from "../pods";
import { SECRET, SERVICE, isKubernetesObject, withoutPatch } from "../resources";
import { at, holdsPrivateKey, textsIn } from "../values";

/** A node that joins tomorrow may run another image as `latest`. */
export const pinnedImages: ResourceValidationPolicy = {
  name: "pinned-images",
  description: "Images have a tag that is not `latest`, or a digest.",
  enforcementLevel: "advisory",
  severity: "medium",
  remediationSteps: "Write the intended tag, or the digest.",
  validateResource: (args, reportViolation) => {
    const containers = containersOf(args.type, args.props) ?? args.notApplicable("no pods");
    for (const { name, image } of containers) {
      if (image !== undefined && !isPinned(image)) {
        reportViolation(
          `container ${name} of ${args.name} runs ${image}, which can be another image tomorrow`,
        );
      }
    }
  },
};

const PRIVILEGED = {
  namespaces: [
    ...new Set(["kube-system", ...Object.values(CNI_PROFILES).flatMap((facts) => facts.namespaces)]),
  ] as readonly string[],
};

/** A privileged container is root on its node. */
export const privilegedContainers: ResourceValidationPolicy = {
  name: "privileged-containers",
  description: "Privileged containers run only in kube-system and in the CNI's namespace.",
  enforcementLevel: "advisory",
  severity: "high",
  remediationSteps: "Request only the capabilities you need, or add the namespace to `namespaces`.",
  configSchema: {
    properties: {
      namespaces: listOf(
        "Namespaces whose containers may be privileged; replaces the default list.",
        PRIVILEGED.namespaces,
      ),
    },
  },
  validateResource: (args, reportViolation) => {
    const containers = containersOf(args.type, args.props) ?? args.notApplicable("no pods");
    const { namespace } = objectName(args.props, args.name);
    if (configured(args, PRIVILEGED).namespaces.includes(namespace)) return;
    for (const { name, privileged } of containers) {
      if (privileged)
        reportViolation(`container ${name} of ${args.name} in ${namespace} is privileged: root on its node`);
    }
  },
};

/** Makes every Service that is reachable from outside visible in the preview. */
export const exposedServices: ResourceValidationPolicy = {
  name: "exposed-services",
  description: "Lists the Services that are reachable from outside the cluster.",
  enforcementLevel: "advisory",
  severity: "low",
  remediationSteps: "Put it behind an ingress, or name it in `allow` if you want it exposed.",
  configSchema: {
    properties: {
      allow: listOf("Services to expose, as namespace/name."),
    },
  },
  validateResource: (args, reportViolation) => {
    if (withoutPatch(args.type) !== SERVICE) args.notApplicable("no Service");
    const kind = at(args.props, "spec", "type");
    if (kind !== "LoadBalancer" && kind !== "NodePort") return;
    const { namespace, name } = objectName(args.props, args.name);
    const service = `${namespace}/${name}`;
    if (configured(args, NONE_ALLOWED).allow.includes(service)) return;
    reportViolation(`Service ${service} is a ${kind}: it is reachable from outside the cluster`);
  },
};

/** Only Secrets are encrypted in etcd, hidden from most roles and left out of the audit log. */
export const keysInSecrets: ResourceValidationPolicy = {
  name: "keys-in-secrets",
  description: "A private key is in a Secret, not in a ConfigMap, an environment variable or an annotation.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: "Store it in a Secret that the pod mounts or refers to.",
  validateResource: (args, reportViolation) => {
    if (!isKubernetesObject(args.type) || withoutPatch(args.type) === SECRET) args.notApplicable("a Secret");
    for (const { path, text } of textsIn(args.props)) {
      if (holdsPrivateKey(text)) reportViolation(`${args.name} has a private key in ${path}`);
    }
  },
};
