import { UPSTREAM_REGISTRY } from "../../images";
import { parseAlone } from "../../settings/alone";
import { address, dnsName, imageTag, repository } from "../../settings/schema/primitives";
import { COMPONENTS } from "../../versions";
import { coredns } from "./schema";
import { resolveCoreDns, type CoreDnsInput, type CoreDnsSpec } from "./settings";
import { checkAddon } from "../../settings/checks/addons";

/** Cluster DNS in a cluster whose settings the library does not have. */
export interface CoreDnsAloneInput extends CoreDnsInput {
  /** IPv4 address of Service `kube-dns`, as in the kubelets' `clusterDNS`. */
  serviceAddress: string;
  /**
   * DNS suffix of Services, as in the kubelets' `clusterDomain`.
   *
   * @defaultValue `cluster.local`
   */
  clusterDomain?: string;
  /**
   * Registry and path of CoreDNS' image.
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
