import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseMetallb, type MetallbAloneInput, type MetallbSpec } from "../../model/addons/metallb/alone";
import {
  metallbAdvertisements,
  metallbManifests,
  metallbNamespace,
  metallbNamespaceManifest,
  metallbValues,
  peerSecretName,
} from "../../model/addons/metallb/manifests";
import type { AddressPoolInput, BgpPeerInput, MetallbInput } from "../../model/addons/metallb/settings";
import { manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import { secretResource } from "../kubernetes/secret";
import {
  partResources,
  rendered,
  secretPartOf,
  type Samples,
  type SecretPart,
  type SecretsArg,
  type WithInputs,
} from "../part";

type BgpInput = NonNullable<MetallbInput["bgp"]>;

/**
 * Arguments of `MetalLb`. Names of pools and peers are plain values, because they determine which resources exist;
 * addresses may be outputs.
 */
export interface MetalLbArgs extends Omit<MetallbAloneInput, "pools" | "bgp">, SecretsArg {
  /** Address pools by name; at least one. */
  pools: Record<string, WithInputs<AddressPoolInput, "addresses">>;
  /**
   * Announces addresses to routers over BGP.
   *
   * @defaultValue off
   */
  bgp?: Omit<BgpInput, "peers"> & {
    /** Routers to announce addresses to; at least one. */
    peers: readonly WithInputs<BgpPeerInput, "address">[];
  };
}

const SAMPLES: Samples = {
  "pools.*.addresses": (number) => [`10.255.255.${number}/32`],
  "pools.*.addresses.*": (number) => `10.255.255.${number}/32`,
  "bgp.peers.*.address": (number) => `10.255.254.${number}`,
};

/**
 * MetalLB: addresses for Services of type LoadBalancer. The chart is one Helm release. Pools, advertisements and
 * peers are separate resources, which MetalLB's webhook validates.
 *
 * ```ts
 * new MetalLb("lb", { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } } }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class MetalLb extends pulumi.ComponentResource {
  /** The Helm release. It is ready when its webhooks are. */
  readonly release: k8s.helm.v3.Release;
  /** Pools, advertisements and peers. Services that need an address should depend on them. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: MetalLbArgs, opts?: pulumi.ComponentResourceOptions) {
    const part = secretPartOf<MetallbSpec>("MetalLb", name, args, SAMPLES, parseMetallb);
    super("kubeadm:index:MetalLb", name, {}, opts);
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: opts?.deletedWith };
    const namespace = manifestResources(name, [metallbNamespaceManifest()], inside);
    this.release = helmRelease(
      `${name}-release`,
      {
        chart: "metallb",
        helm: part.shape.helm,
        namespace: metallbNamespace,
        values: rendered(part, (spec) => metallbValues(spec.metallb, spec)),
      },
      { ...inside, dependsOn: namespace },
    );
    const passwords = createPasswords(name, part, { ...inside, dependsOn: namespace });
    const before = [this.release, ...passwords];
    const pools = partResources(name, part, (spec) => metallbManifests(spec.metallb), {
      ...inside,
      dependsOn: before,
    });
    const advertisements = partResources(name, part, (spec) => metallbAdvertisements(spec.metallb), {
      ...inside,
      dependsOn: [...before, ...pools],
    });
    this.resources = [...pools, ...advertisements];
    this.registerOutputs({});
  }
}

function createPasswords(
  name: string,
  { shape: { metallb }, secret }: SecretPart<MetallbSpec>,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
  return (metallb.bgp?.peers ?? []).flatMap((peer) => {
    if (peer.password === undefined) return [];
    return [
      secretResource(
        `${name}-secret-${peerSecretName(peer)}`,
        // MetalLB takes the password from a Secret of this type only (BGPPeer, passwordSecret).
        { name: peerSecretName(peer), namespace: metallbNamespace, type: "kubernetes.io/basic-auth" },
        { password: secret(peer.password) },
        opts,
      ),
    ];
  });
}
