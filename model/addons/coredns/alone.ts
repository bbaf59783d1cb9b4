import { UPSTREAM_REGISTRY } from "../../images";
import { parseAlone } from "../../settings/alone";
import { address, dnsName, imageTag, repository } from "../../settings/schema/primitives";
import { COMPONENTS } from "../../versions";
import { coredns } from "./schema";
import { resolveCoreDns, type CoreDnsInput, type CoreDnsSpec } from "./settings";
import { checkAddon } from "../../settings/checks/addons";

/** Cluster DNS on a cluster of which nothing else is known. */
export interface CoreDnsAloneInput extends CoreDnsInput {
  /** IPv4 address of Service `kube-dns`: the one that kubelets write into pods' resolv.conf (`clusterDNS`). */
  serviceAddress: string;
  /**
   * Domain of the cluster's Services; the kubelets' `clusterDomain`.
   *
   * @defaultValue `cluster.local`
   */
  clusterDomain?: string;
  /**
   * Registry and folder of CoreDNS' image, in place of `registry.k8s.io`.
   *
   * @defaultValue `registry.k8s.io`
   */
  imageRepository?: string;
  /**
   * Tag of CoreDNS' image.
   *
   * @defaultValue the release that the library is tested with
   */
  version?: string;
}

const CLUSTER_DOMAIN = "cluster.local";
const schema = coredns.extend({
  serviceAddress: address,
  clusterDomain: dnsName.optional(),
  imageRepository: repository.optional(),
  version: imageTag.optional(),
});

/** @throws SettingsError with every problem */
export function parseCoreDns(given: unknown, title: string): CoreDnsSpec {
  const { serviceAddress, clusterDomain, imageRepository, version, ...input } = parseAlone(title, given, {
    schema,
    key: "coredns",
    around: (left) => ({
      coredns: left,
      // Its default is known, too: zones and hosts are not to lie in it.
      network: { clusterDomain: "clusterDomain" in left ? left.clusterDomain : CLUSTER_DOMAIN },
    }),
    checks: [checkAddon("coredns")],
    standIns: { serviceAddress: "10.96.0.10" },
  });
  return {
    addons: { coredns: resolveCoreDns(input) },
    network: { clusterDomain: clusterDomain ?? CLUSTER_DOMAIN, dnsServiceAddress: serviceAddress },
    versions: { coredns: version ?? COMPONENTS.coredns },
    images: { repository: imageRepository ?? UPSTREAM_REGISTRY },
  };
}
