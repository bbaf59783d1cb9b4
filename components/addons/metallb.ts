import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseMetallb, type MetallbAloneInput, type MetallbSpec } from "../../model/addons/metallb/alone";
import {
  metallbManifests,
  metallbNamespace,
  metallbNamespaceManifest,
  metallbValues,
  peerSecretName,
} from "../../model/addons/metallb/manifests";
import type { AddressPoolInput, BgpPeerInput, MetallbInput } from "../../model/addons/metallb/settings";
import { SettingsError } from "../../model/settings/problems";
import { manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import {
  Checked,
  missingSecret,
  partOf,
  partResources,
  rendered,
  type Samples,
  type WithInputs,
} from "../part";

type BgpInput = NonNullable<MetallbInput["bgp"]>;
type Secrets = Readonly<Record<string, pulumi.Input<string>>>;

/** MetalLB. Names of pools and peers are plain, because they determine which resources exist; addresses may be outputs. */
export interface MetalLbArgs extends Omit<MetallbAloneInput, "pools" | "bgp"> {
  /** Address pools by name; at least one. */
  pools: Record<string, WithInputs<AddressPoolInput, "addresses">>;
  /**
   * Announce addresses to routers by BGP.
   *
   * @defaultValue off
   */
  bgp?: Omit<BgpInput, "peers"> & {
    /** Routers; at least one. */
    peers: WithInputs<BgpPeerInput, "address">[];
  };
  /**
   * Passwords of BGP sessions, by the names that `bgp.peers[].password` has.
   *
   * @defaultValue none
   */
  secrets?: Secrets;
}

const SAMPLES: Samples = {
  "pools.*.addresses": (number) => [`10.255.255.${number}/32`],
  "pools.*.addresses.*": (number) => `10.255.255.${number}/32`,
  "bgp.peers.*.address": (number) => `10.255.254.${number}`,
};

/**
 * MetalLB: addresses of the nodes' network for Services of type LoadBalancer. Its chart as one release, and after it the
 * pools, advertisements and peers as resources, which its webhook checks.
 *
 * ```ts
 * new MetalLb("lb", { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } } }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class MetalLb extends pulumi.ComponentResource {
  /** The chart, with its webhooks up. */
  readonly release: k8s.helm.v3.Release;
  /** Pools, advertisements, peers. Services that need an address depend on them. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(
    name: string,
    args: MetalLbArgs | Checked<MetallbSpec & { readonly secrets: Secrets }>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { given, secrets } = splitSecrets(args);
    const part = partOf<MetallbSpec>("MetalLb", name, given, SAMPLES, (raw, title) => {
      const spec = parseMetallb(raw, title);
      const missing = (spec.metallb.bgp?.peers ?? []).flatMap(({ password }, index) =>
        password === undefined
          ? []
          : (missingSecret(`bgp.peers[${index}].password`, password, secrets) ?? []),
      );
      if (missing.length > 0) throw new SettingsError(missing, title);
      return spec;
    });
    super("kubeadm:addons:MetalLb", name, {}, opts);
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
    const passwords = createPasswords(name, part.shape, secrets, { ...inside, dependsOn: namespace });
    this.resources = partResources(name, part, (spec) => metallbManifests(spec.metallb), {
      ...inside,
      dependsOn: [this.release, ...passwords],
    });
    this.registerOutputs({});
  }
}

/** Secrets are not settings: their values go into one Secret each, and nowhere else. */
function splitSecrets<A extends { readonly secrets?: Secrets }>(
  args: A | Checked<{ readonly secrets: Secrets }>,
) {
  if (args instanceof Checked) return { given: args, secrets: args.spec.secrets };
  // A program that no compiler has checked may give nothing.
  const { secrets = {}, ...given } = args ?? {};
  return { given, secrets };
}

function createPasswords(
  name: string,
  { metallb }: MetallbSpec,
  secrets: Secrets,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret[] {
  return (metallb.bgp?.peers ?? []).flatMap((peer) => {
    if (peer.password === undefined) return [];
    return [
      new k8s.core.v1.Secret(
        `${name}-secret-${peerSecretName(peer)}`,
        {
          metadata: {
            name: peerSecretName(peer),
            namespace: metallbNamespace,
            annotations: { "pulumi.com/patchForce": "true" },
          },
          // MetalLB takes the password from a Secret of this type only (BGPPeer, passwordSecret).
          type: "kubernetes.io/basic-auth",
          stringData: { password: pulumi.secret(secrets[peer.password] ?? "") },
        },
        opts,
      ),
    ];
  });
}
