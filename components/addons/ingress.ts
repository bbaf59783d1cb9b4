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
import { configHash, configHashAnnotation } from "../../model/kubernetes";
import { SettingsError, show } from "../../model/settings/problems";
import type { CreateDnsRecords } from "../cloud";
import { ClusterSettingsError } from "../settingsError";
import { parseIngress, type IngressAloneInput, type IngressSpec } from "../../model/addons/ingress/alone";
import type {
  IngressNginxSettings,
  IngressSettings,
  TraefikSettings,
} from "../../model/addons/ingress/settings";
import { manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import {
  Checked,
  orChecked,
  partOf,
  partResources,
  rendered,
  type Part,
  type Samples,
  type WithInputs,
} from "../part";

export interface Around {
  /**
   * The resource whose deletion deletes the objects, usually the cluster. Do not use `opts.deletedWith`, which
   * every child would inherit: a Service with an AWS load balancer must be deleted before the cluster.
   *
   * @defaultValue every object is deleted individually
   */
  readonly deletedWith?: pulumi.Resource;
  /** Creates the records of `dns`. Required with `dns`: `aliasRecords` of `pulumi-kubeadm/aws`. */
  readonly createDnsRecords?: CreateDnsRecords | undefined;
}

/** Arguments of `Ingress`. `kind` and `expose.type` are plain values, because they determine which resources exist. */
export type IngressArgs = WithInputs<IngressAloneInput, "resources" | "imageRepository" | "replicas"> &
  Around;

const SAMPLES: Samples = {
  replicas: () => 2,
  resources: () => ({}),
  imageRepository: () => "registry.example.com",
  image: () => "registry.example.com/controller:v1",
  "expose.address": () => "10.255.255.1",
  "expose.sourceRanges": () => ["10.255.255.0/24"],
  "expose.sourceRanges.*": (number) => `10.255.${number}.0/24`,
  "config.*": () => "true",
};

/**
 * An ingress controller: it routes HTTP and HTTPS from outside to Services, by host and path. ingress-nginx and
 * Traefik have the same arguments.
 *
 * ```ts
 * new Ingress("web", { kind: "traefik", expose: { type: "loadBalancer", pool: "lan" } }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Ingress extends pulumi.ComponentResource {
  /** Address or DNS name of the load balancer. Undefined if traffic arrives at ports of nodes. */
  readonly address?: pulumi.Output<string>;
  /** Name of the IngressClass. */
  readonly className: string;
  /** The objects or the Helm release, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];
  /** DNS records that point at the load balancer, by name. */
  readonly records: Readonly<Record<string, pulumi.CustomResource>>;

  constructor(name: string, args: IngressArgs, opts?: pulumi.ComponentResourceOptions) {
    const { given, deletedWith, createDnsRecords } = splitAround(
      orChecked<IngressArgs, IngressSpec & Around>(args),
    );
    const part = partOf<IngressSpec>("Ingress", name, given, SAMPLES, parseIngress);
    requireRecords(name, part.shape.ingress, createDnsRecords);
    super("kubeadm:index:Ingress", name, {}, opts);
    const { ingress } = part.shape;
    this.className = ingress.className;
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith };
    const outside = ownsOutside(part.shape) ? { parent: this } : inside;
    const namespace = manifestResources(name, [ingressNamespaceManifest(ingress)], inside);
    const parts: Parts = { name, part, namespace, inside, outside };
    const made = ingress.kind === "traefik" ? traefik(parts) : ingressNginx(parts);
    const backend = partResources(name, part, (spec) => defaultBackendManifests(spec, spec.ingress), {
      ...inside,
      dependsOn: namespace,
    });
    this.resources = [...namespace, ...made.resources, ...backend];
    this.address = made.service?.status.apply(addressOf);
    this.records = this.createRecords(name, part, createDnsRecords);
    this.registerOutputs({ address: this.address });
  }

  private createRecords(
    name: string,
    part: Part<IngressSpec>,
    create: CreateDnsRecords | undefined,
  ): Readonly<Record<string, pulumi.CustomResource>> {
    const { address: target } = this;
    const { dns, expose } = part.shape.ingress;
    if (dns === undefined || target === undefined || create === undefined || expose.type !== "loadBalancer")
      return {};
    const records = dns.names.map((record) => ({
      resource: `${name}-record-${record.replace("*", "any")}`,
      zoneId: dns.zoneId,
      name: record,
    }));
    return create(records, target, { parent: this });
  }
}

/** @throws ClusterSettingsError when the arguments name DNS records, and nothing makes them */
function requireRecords(name: string, { dns }: IngressSettings, create: CreateDnsRecords | undefined): void {
  if (dns === undefined || create !== undefined) return;
  const allowed = "a function that makes DNS records, on AWS aliasRecords of pulumi-kubeadm/aws";
  const path = "createDnsRecords";
  const problem = { path, value: show(undefined), message: "is missing: dns needs it", allowed };
  throw new ClusterSettingsError(new SettingsError([problem], `Ingress ${name}`));
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
function ownsOutside({ platform, ingress }: IngressSpec): boolean {
  return platform === "aws" && ingress.expose.type === "loadBalancer";
}

function splitAround<A extends Around>(args: A | Checked<Around>) {
  if (args instanceof Checked) {
    const { deletedWith, createDnsRecords } = args.spec;
    return { given: args, deletedWith, createDnsRecords };
  }
  // A program that no compiler has checked may give nothing.
  const { deletedWith, createDnsRecords, ...given } = args ?? ({} as A);
  return { given, deletedWith, createDnsRecords };
}

interface Parts {
  readonly name: string;
  readonly part: Part<IngressSpec>;
  readonly namespace: pulumi.CustomResource[];
  readonly inside: pulumi.CustomResourceOptions;
  readonly outside: pulumi.CustomResourceOptions;
}

interface Made {
  readonly resources: pulumi.CustomResource[];
  /** The Service; undefined without a load balancer. */
  readonly service?: k8s.core.v1.Service | k8s.core.v1.ServicePatch;
}

function ingressNginx({ name, part, namespace, inside, outside }: Parts): Made {
  const objects = (spec: IngressSpec) => ingressNginxManifests(spec, nginxOf(spec.ingress));
  const resources = partResources(name, part, objects, { ...inside, dependsOn: namespace });
  const front = (spec: IngressSpec) => [ingressNginxService(spec, nginxOf(spec.ingress)) ?? []].flat();
  const named = () => `${name}-service`;
  const [service] = partResources(name, part, front, { ...outside, dependsOn: namespace }, named);
  if (service === undefined) return { resources };
  return {
    resources: [...resources, service],
    ...(part.shape.ingress.expose.type === "loadBalancer" && service instanceof k8s.core.v1.Service
      ? { service }
      : {}),
  };
}

function traefik({ name, part, namespace, inside, outside }: Parts): Made {
  const release = helmRelease(
    `${name}-release`,
    {
      chart: "traefik",
      helm: part.shape.addons.helm,
      namespace: INGRESS_NAMESPACE.traefik,
      values: rendered(part, (spec) => traefikValues(spec, traefikOf(spec.ingress))),
    },
    { ...outside, dependsOn: namespace },
  );
  const { nginxClass, expose } = traefikOf(part.shape.ingress);
  const classes = manifestResources(name, nginxClass ? [nginxClassManifest()] : [], inside);
  const resources = [release, ...classes];
  if (expose.type !== "loadBalancer") return { resources };
  // The chart makes the Service, whose address is wanted. A resource that is read is none that `--target` leaves out: it would stand in
  // the state below a parent that does not. A patch is a resource like others, and follows another way in by the annotation.
  const wayIn = rendered(part, (spec) =>
    configHash({ service: JSON.stringify(traefikValues(spec, traefikOf(spec.ingress))["service"]) }),
  );
  const service = new k8s.core.v1.ServicePatch(
    `${name}-service`,
    {
      metadata: {
        namespace: INGRESS_NAMESPACE.traefik,
        name: INGRESS_SERVICE.traefik,
        annotations: { [configHashAnnotation]: wayIn },
      },
    },
    { ...outside, dependsOn: [release] },
  );
  return { resources, service };
}

function nginxOf(ingress: IngressSettings): IngressNginxSettings {
  if (ingress.kind !== "ingress-nginx") throw new TypeError(`${ingress.kind} is not ingress-nginx`);
  return ingress;
}

function traefikOf(ingress: IngressSettings): TraefikSettings {
  if (ingress.kind !== "traefik") throw new TypeError(`${ingress.kind} is not traefik`);
  return ingress;
}
