import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  defaultBackendManifests,
  INGRESS_NAMESPACE,
  INGRESS_SERVICE,
  ingressNamespaceManifest,
  nginxClassManifest,
} from "../../model/addons/ingress/manifests";
import { ingressNginxManifests, ingressNginxService } from "../../model/addons/ingress/nginx";
import { traefikValues } from "../../model/addons/ingress/traefik";
import { show, type Problem } from "../../model/settings/problems";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { DnsRecord } from "../cloud";
import type { IngressNginxSettings, IngressSettings, TraefikSettings } from "../../model/addons/settings";
import { manifestResource, manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import { requireArguments } from "../arguments";

export interface IngressArgs {
  /** Resolved settings, as `parseCluster` gives them. */
  readonly settings: ClusterSettings;
  /** Which controller, and how traffic reaches it: `ingress` of the settings. */
  readonly ingress: IngressSettings;
  /**
   * The cluster's init: what lives in the cluster alone ends with it. Not `opts.deletedWith`, which every child would
   * inherit: a balancer that AWS made for the Service has to go before the cluster does.
   */
  readonly init?: pulumi.Resource;
  /** Makes the records of `ingress.dns`, which need it: `aliasRecord` of `pulumi-kubeadm/aws`. */
  readonly createDnsRecord?: DnsRecord | undefined;
}

/** Ingress controller: HTTP and HTTPS from outside to Services, by host and path. Two kinds, one interface. */
export class Ingress extends pulumi.ComponentResource {
  /** Address or DNS name of the load balancer; undefined where traffic comes by ports of nodes. */
  readonly address?: pulumi.Output<string>;
  /** Class that Ingresses name. */
  readonly className: string;
  /** The objects or the release, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];
  /** DNS records that lead to the load balancer, by name. */
  readonly records: Readonly<Record<string, pulumi.CustomResource>>;

  constructor(name: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Ingress", name, args, ["settings", "ingress"], (given) => [withoutRecords(given)]);
    super("kubeadm:addons:Ingress", name, {}, opts);
    const { settings, ingress } = args;
    this.className = ingress.className;
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: args.init };
    const outside = ownsOutside(settings, ingress) ? { parent: this } : inside;
    const namespace = manifestResources(name, [ingressNamespaceManifest(ingress)], inside);
    const parts: Parts = { name, settings, namespace, inside, outside };
    const made = ingress.kind === "traefik" ? traefik(parts, ingress) : ingressNginx(parts, ingress);
    const backend = manifestResources(name, defaultBackendManifests(settings, ingress), {
      ...inside,
      dependsOn: namespace,
    });
    this.resources = [...namespace, ...made.resources, ...backend];
    this.address = made.service?.status.apply(addressOf);
    this.records = this.createRecords(name, ingress, args.createDnsRecord);
    this.registerOutputs({ address: this.address });
  }

  private createRecords(
    name: string,
    { dns, expose }: IngressSettings,
    create: DnsRecord | undefined,
  ): Record<string, pulumi.CustomResource> {
    const { address: target } = this;
    if (dns === undefined || target === undefined || create === undefined || expose.type !== "loadBalancer")
      return {};
    const { zoneId } = dns;
    return Object.fromEntries(
      dns.names.map((record) => [
        record,
        create(
          `${name}-record-${record.replace("*", "any")}`,
          { zoneId, name: record, target },
          { parent: this },
        ),
      ]),
    );
  }
}

function withoutRecords({ ingress, createDnsRecord }: IngressArgs): Problem | undefined {
  if (ingress.dns === undefined || createDnsRecord !== undefined) return undefined;
  const allowed = "a function that makes a DNS record, on AWS aliasRecord of pulumi-kubeadm/aws";
  return {
    path: "createDnsRecord",
    value: show(undefined),
    message: "is missing: ingress.dns needs it",
    allowed,
  };
}

interface BalancerStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { hostname?: string; ip?: string }[] };
}

/** A balancer of AWS has a name, one of MetalLB an address; "" as long as there is neither. */
function addressOf(status: BalancerStatus | undefined): string {
  const first = status?.loadBalancer?.ingress?.[0];
  return first?.hostname ?? first?.ip ?? "";
}

/** The cloud makes a balancer for the Service, and takes it away only when the Service goes. MetalLB makes nothing. */
function ownsOutside(settings: ClusterSettings, { expose }: IngressSettings): boolean {
  return settings.platform === "aws" && expose.type === "loadBalancer";
}

interface Parts {
  readonly name: string;
  /** Resolved settings, as `parseCluster` gives them. */
  readonly settings: ClusterSettings;
  readonly namespace: pulumi.CustomResource[];
  readonly inside: pulumi.CustomResourceOptions;
  readonly outside: pulumi.CustomResourceOptions;
}

interface Made {
  readonly resources: pulumi.CustomResource[];
  /** Set where a balancer leads to it. */
  readonly service?: k8s.core.v1.Service;
}

function ingressNginx(parts: Parts, ingress: IngressNginxSettings): Made {
  const { name, settings, namespace, inside, outside } = parts;
  const objects = ingressNginxManifests(settings, ingress);
  const resources = manifestResources(name, objects, { ...inside, dependsOn: namespace });
  const object = ingressNginxService(settings, ingress);
  if (object === undefined) return { resources };
  const service = manifestResource(`${name}-service`, object, { ...outside, dependsOn: namespace });
  return {
    resources: [...resources, service],
    ...(ingress.expose.type === "loadBalancer" && service instanceof k8s.core.v1.Service ? { service } : {}),
  };
}

function traefik(parts: Parts, ingress: TraefikSettings): Made {
  const { name, settings, namespace, inside, outside } = parts;
  const release = helmRelease(
    `${name}-release`,
    {
      chart: "traefik",
      settings,
      namespace: INGRESS_NAMESPACE.traefik,
      values: traefikValues(settings, ingress),
    },
    { ...outside, dependsOn: namespace },
  );
  const classes = manifestResources(name, ingress.nginxClass ? [nginxClassManifest()] : [], inside);
  const resources = [release, ...classes];
  if (ingress.expose.type !== "loadBalancer") return { resources };
  // Known once the release is there; before it there is no Service to be read.
  const id = release.id.apply(() => `${INGRESS_NAMESPACE.traefik}/${INGRESS_SERVICE.traefik}`);
  const service = k8s.core.v1.Service.get(`${name}-service`, id, { parent: outside.parent });
  return { resources, service };
}
