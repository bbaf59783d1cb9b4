import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  metallbManifests,
  metallbNamespace,
  metallbNamespaceManifest,
  metallbValues,
  peerSecretName,
} from "../../model/addons/metallb/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { MetallbSettings } from "../../model/addons/settings";
import { manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import { requireArguments } from "../arguments";

export interface MetallbArgs {
  /** Resolved settings, as `parseCluster` gives them. */
  readonly settings: ClusterSettings;
  /** Pools and how they are announced: `metallb` of the settings. */
  readonly metallb: MetallbSettings;
  /** Passwords of BGP sessions by the names that the settings refer to. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * MetalLB: addresses of the nodes' network for Services of type LoadBalancer. Its chart as one release, and after it the
 * pools, advertisements and peers as resources, which its webhook checks.
 */
export class Metallb extends pulumi.ComponentResource {
  /** The chart, with its webhooks up. */
  readonly release: k8s.helm.v3.Release;
  /** Pools, advertisements, peers. Services that need an address depend on them. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: MetallbArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Metallb", name, args, ["settings", "metallb"]);
    super("kubeadm:addons:Metallb", name, {}, opts);
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: opts?.deletedWith };
    const namespace = manifestResources(name, [metallbNamespaceManifest()], inside);
    this.release = helmRelease(
      `${name}-release`,
      {
        chart: "metallb",
        settings: args.settings,
        namespace: metallbNamespace,
        values: metallbValues(args.settings, args.metallb),
      },
      { ...inside, dependsOn: namespace },
    );
    const passwords = this.createPasswords(name, args, { ...inside, dependsOn: namespace });
    this.resources = manifestResources(name, metallbManifests(args.metallb), {
      ...inside,
      dependsOn: [this.release, ...passwords],
    });
    this.registerOutputs({});
  }

  private createPasswords(
    name: string,
    { metallb, secrets = {} }: MetallbArgs,
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
}
