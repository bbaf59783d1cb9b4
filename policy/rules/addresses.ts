import type { PolicyResource, StackValidationPolicy } from "@pulumi/policy";
import { FIXED_VARIABLE } from "../../host/protocol";
import { clusterOf, requireClusters, type ClusterInStack } from "../clusters";
import { CONFIG_MAP, SERVICE } from "../resources";
import { known, knownText, parseJson } from "../values";

interface Statement {
  readonly resource: PolicyResource;
  readonly value: string;
}

/**
 * The controllers hand out slices of kubeadm's range, flannel routes its own: where they differ pods get addresses that
 * nobody routes, and nodes are Ready anyway.
 */
export const onePodRange: StackValidationPolicy = {
  name: "one-pod-range",
  description:
    "kubeadm, every node and flannel use the same pod range, and flannel uses the backend in the settings.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: "Write the range once, in `cni.podCidr`, and let the library write flannel's ConfigMap.",
  validateStack: (args, reportViolation) => {
    const clusters = requireClusters(args);
    for (const cluster of clusters) {
      const wanted = podRange(cluster);
      for (const { resource, value } of statedRanges(cluster)) {
        if (value !== wanted) {
          reportViolation(
            `${resource.name} has pod range ${value}, but ${cluster.fullName} has ${wanted}`,
            resource.urn,
          );
        }
      }
    }
    for (const resource of args.resources.filter((one) => one.type === CONFIG_MAP)) {
      const cluster = clusterOf(resource, clusters, args);
      const text = knownText(resource.props, "data", "net-conf.json");
      if (cluster === undefined || text === undefined) continue;
      const conf = parseJson(text);
      const [range, backend] = [known(conf, "Network"), known(conf, "Backend", "Type")];
      const { cniBackend } = cluster.steps[0].spec.fixed;
      if (range !== podRange(cluster)) {
        const found = typeof range === "string" ? range : "none";
        reportViolation(
          `flannel's net-conf.json has pod range ${found}, but ${cluster.fullName} has ${podRange(cluster)}`,
          resource.urn,
        );
      }
      if (backend !== cniBackend) {
        const found = typeof backend === "string" ? backend : "none";
        reportViolation(
          `flannel's net-conf.json has backend ${found}, but the settings say ${cniBackend}`,
          resource.urn,
        );
      }
    }
  },
};

/** kubeadm's own, where init says it; it is watched there, and cannot change. */
function podRange(cluster: ClusterInStack): string {
  return statedRanges(cluster)[0].value;
}

function statedRanges(cluster: ClusterInStack): Statement[] {
  const fixed = cluster.inits.flatMap(({ resource }) => {
    const text = knownText(resource.props, "environment", FIXED_VARIABLE);
    const value = text === undefined ? undefined : known(parseJson(text), "podCidr");
    return typeof value === "string" ? [{ resource, value }] : [];
  });
  return [...fixed, ...cluster.steps.map(({ resource, spec }) => ({ resource, value: spec.fixed.podCidr }))];
}

/** Every pod's resolv.conf names the address that the kubelets were given; a Service on another is never asked. */
export const oneDnsAddress: StackValidationPolicy = {
  name: "one-dns-address",
  description: "Service kube-dns has the address that kubelets give to pods.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps:
    "Leave `spec.clusterIP` of kube-dns to the library: it follows from `network.serviceCidr`.",
  validateStack: (args, reportViolation) => {
    const clusters = requireClusters(args);
    for (const cluster of clusters) {
      const wanted = dnsAddress(cluster);
      for (const { resource, spec } of cluster.nodeSteps) {
        const value = spec.node.network.dnsServiceAddress;
        if (value !== wanted) {
          reportViolation(
            `${resource.name} has DNS address ${value}, but ${cluster.fullName} has ${wanted}`,
            resource.urn,
          );
        }
      }
    }
    for (const resource of args.resources.filter(isKubeDns)) {
      const cluster = clusterOf(resource, clusters, args);
      const address = known(resource.props, "spec", "clusterIP");
      // A preview of the Service may not know an address that the API server gives.
      if (cluster === undefined || typeof address !== "string" || address === dnsAddress(cluster)) continue;
      reportViolation(
        `Service kube-dns has ${address}, but the kubelets of ${cluster.fullName} use ${dnsAddress(cluster)}`,
        resource.urn,
      );
    }
  },
};

/** undefined: no node was made yet. */
function dnsAddress(cluster: ClusterInStack): string | undefined {
  return cluster.nodeSteps[0]?.spec.node.network.dnsServiceAddress;
}

function isKubeDns(resource: PolicyResource): boolean {
  return (
    resource.type === SERVICE &&
    known(resource.props, "metadata", "name") === "kube-dns" &&
    known(resource.props, "metadata", "namespace") === "kube-system"
  );
}
