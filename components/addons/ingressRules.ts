import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseIngressRules } from "../../model/addons/ingress/alone";
import {
  ingressRulesManifest,
  type IngressBackend,
  type IngressHost,
  type IngressRulesSpec,
} from "../../model/addons/ingress/rules";
import { owned } from "../kubernetes/manifest";
import { partOf, rendered, type Samples, type WithInputs } from "../part";

type BackendArgs = WithInputs<IngressBackend, "service" | "port">;

interface HostArgs extends Omit<WithInputs<IngressHost, "tlsSecret">, "paths"> {
  /** Backends by path. A path begins with `/`. */
  readonly paths: Readonly<Record<string, BackendArgs>>;
}

/** Arguments of `IngressRules`: the rules of one Ingress. Hosts and paths are plain values; backends may be outputs. */
export interface IngressRulesArgs extends Omit<
  WithInputs<IngressRulesSpec, "namespace" | "annotations" | "className">,
  "hosts" | "defaultBackend"
> {
  /** Rules by host name, whose first label may be `*`. */
  readonly hosts?: Readonly<Record<string, HostArgs>>;
  /** Backend for requests that match no rule. */
  readonly defaultBackend?: BackendArgs;
  /**
   * Name of the Ingress object in the cluster.
   *
   * @defaultValue the name of the component
   */
  readonly objectName?: string;
}

const SAMPLES: Samples = {
  namespace: () => "default",
  className: () => "default",
  annotations: () => ({}),
  "annotations.*": () => "",
  "hosts.*.tlsSecret": (number) => `secret-${number}`,
  "hosts.*.paths.*.service": () => "service",
  "hosts.*.paths.*.port": () => 80,
  "defaultBackend.service": () => "service",
  "defaultBackend.port": () => 80,
};

/**
 * Host and path rules with TLS in one Ingress, which the controller of its class serves:
 *
 * ```ts
 * new IngressRules(
 *   "shop",
 *   {
 *     namespace: "shop",
 *     hosts: {
 *       "shop.example.com": {
 *         tlsSecret: "shop-tls",
 *         paths: { "/": { service: "web", port: 80 }, "/api": { service: "api", port: "http" } },
 *       },
 *     },
 *   },
 *   { provider },
 * );
 * ```
 *
 * @throws ClusterSettingsError with every problem of the rules, before a resource is registered
 */
export class IngressRules extends pulumi.ComponentResource {
  /** The Ingress object with all rules. */
  readonly ingress: k8s.networking.v1.Ingress;

  constructor(name: string, args: IngressRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    const part = partOf<IngressRulesSpec>("IngressRules", name, args, SAMPLES, parseIngressRules);
    super("kubeadm:index:IngressRules", name, {}, opts);
    const called = args.objectName ?? name;
    this.ingress = new k8s.networking.v1.Ingress(
      `${name}-ingress`,
      {
        metadata: rendered(part, (spec) => owned(ingressRulesManifest(called, spec)).metadata),
        spec: rendered(
          part,
          (spec) =>
            ingressRulesManifest(called, spec)
              .spec as pulumi.Unwrap<k8s.types.input.networking.v1.IngressSpec>,
        ),
      },
      { parent: this, deletedWith: opts?.deletedWith },
    );
    this.registerOutputs({});
  }
}
