import * as pulumi from "@pulumi/pulumi";
import { parseCoreDns, type CoreDnsAloneInput } from "../../model/addons/coredns/alone";
import { corednsManifests } from "../../model/addons/coredns/manifests";
import type { CoreDnsSpec } from "../../model/addons/coredns/settings";
import type { KubernetesObject } from "../../model/kubernetes";
import { partOf, partResources, type Samples, type WithInputs } from "../part";

/** Arguments of `CoreDns`. `nodeLocal`, and texts that the library checks, must be plain values. */
export type CoreDnsArgs = WithInputs<
  CoreDnsAloneInput,
  | "serviceAddress"
  | "replicas"
  | "upstreamServers"
  | "stubDomains"
  | "hosts"
  | "resources"
  | "imageRepository"
  | "version"
>;

const ADDRESS = "10.255.255.1";
const SAMPLES: Samples = {
  serviceAddress: () => "10.255.255.10",
  replicas: () => 2,
  upstreamServers: () => [ADDRESS],
  "upstreamServers.*": (number) => `10.255.254.${number}`,
  stubDomains: () => ({}),
  "stubDomains.*": () => [ADDRESS],
  "stubDomains.*.*": (number) => `10.255.254.${number}`,
  hosts: () => ({}),
  "hosts.*": () => [ADDRESS],
  "hosts.*.*": () => ADDRESS,
  resources: () => ({}),
  imageRepository: () => "registry.example.com",
  version: () => "v1.0.0",
};

/**
 * Cluster DNS: CoreDNS behind Service `kube-dns`. It becomes ready once pods have a network, so make it depend on the
 * CNI. The cluster must not have kubeadm's own CoreDNS (`kubeadm init --skip-phases addon/coredns`).
 *
 * ```ts
 * new CoreDns("dns", { serviceAddress: "10.96.0.10", upstreamServers: ["9.9.9.9"] }, { provider });
 * ```
 *
 * A changed Corefile replaces the pods, one at a time. With a cache on every node the Service changes last, after the
 * caches are ready.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class CoreDns extends pulumi.ComponentResource {
  /** The objects in the cluster, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: CoreDnsArgs, opts?: pulumi.ComponentResourceOptions) {
    const part = partOf("CoreDns", name, args, SAMPLES, parseCoreDns);
    super("kubeadm:index:CoreDns", name, {}, opts);
    const inside: pulumi.CustomResourceOptions = {
      parent: this,
      // The engine would hand it down by itself; written out, the plan shows it.
      deletedWith: opts?.deletedWith,
    };
    if (part.shape.addons.coredns.nodeLocal === undefined) {
      this.resources = partResources(name, part, corednsManifests, inside);
    } else {
      const behind = (spec: CoreDnsSpec) => corednsManifests(spec).filter((object) => !isFront(object));
      const servers = partResources(name, part, behind, inside);
      const front = (spec: CoreDnsSpec) => corednsManifests(spec).filter(isFront);
      this.resources = [...servers, ...partResources(name, part, front, { ...inside, dependsOn: servers })];
    }
    this.registerOutputs({});
  }
}

/** The Service that pods ask. */
function isFront(object: KubernetesObject): boolean {
  return object.kind === "Service" && object.metadata.name === "kube-dns";
}
