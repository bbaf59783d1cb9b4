import { z } from "zod";

import type { HelmSettings } from "../../charts";
import { UPSTREAM_REGISTRY } from "../../images";
import { parseAlone, parseArguments } from "../../settings/alone";
import { checkAddon } from "../../settings/checks/addons";
import {
  dnsLabel,
  dnsName,
  isDnsName,
  matching,
  port,
  repository,
  text,
} from "../../settings/schema/primitives";
import { helmSchema, type HelmInput } from "../helm/schema";
import { chartsFit } from "../helm/validate";
import type { IngressRulesSpec } from "./rules";
import { nginxSchema, traefikSchema } from "./schema";
import {
  resolveIngress,
  type IngressNginxInput,
  type IngressSettings,
  type IngressSurroundings,
  type TraefikInput,
} from "./settings";

/** What an ingress controller needs to know about its cluster. */
interface ClusterInput {
  /**
   * Where the cluster runs. On `aws` the cloud controller creates the load balancer.
   *
   * @defaultValue `machines`
   */
  platform?: "machines" | "aws";
  /**
   * The cluster has the definitions of Gateway API, so Traefik serves its routes.
   *
   * @defaultValue `false`
   */
  gatewayApi?: boolean;
  /**
   * Registry and path of Kubernetes' own images.
   *
   * @defaultValue `registry.k8s.io`
   */
  imageRepository?: string;
  /** Where Traefik's chart comes from, and its version. */
  helm?: HelmInput;
}

/** An ingress controller in a cluster whose settings the library does not have. */
export type IngressAloneInput = (IngressNginxInput | TraefikInput) & ClusterInput;

export interface IngressSpec extends IngressSurroundings {
  readonly ingress: IngressSettings;
  readonly addons: IngressSurroundings["addons"] & { readonly helm: HelmSettings };
}

const clusterShape = {
  platform: z.enum(["machines", "aws"]).optional(),
  gatewayApi: z.boolean().optional(),
  imageRepository: repository.optional(),
  helm: helmSchema.optional(),
};
const schema = z.discriminatedUnion("kind", [
  nginxSchema.extend(clusterShape),
  traefikSchema.extend(clusterShape),
]);

/** @throws SettingsError with every problem */
export function parseIngress(given: unknown, title: string): IngressSpec {
  const {
    platform = "machines",
    gatewayApi = false,
    imageRepository,
    helm,
    ...input
  } = parseAlone(title, given, {
    schema,
    key: "ingress",
    around: ({ helm, ...left }) => ({ ingress: left, helm }),
    checks: [checkAddon("ingress"), chartsFit],
    aws: (given as { platform?: unknown } | undefined)?.platform === "aws",
  });
  return {
    ingress: resolveIngress(input),
    platform,
    images: { repository: imageRepository ?? UPSTREAM_REGISTRY },
    addons: {
      helm: { sources: helm?.sources ?? {}, versions: helm?.versions ?? {} },
      ...(gatewayApi ? { gatewayApi: {} } : {}),
    },
  };
}

const serviceName = matching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, "the name of a Service of the namespace");
const backendSchema = z.strictObject({
  service: serviceName,
  port: z.union([
    port,
    matching(/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/, "the port's name, or its number"),
  ]),
  match: z.enum(["Prefix", "Exact", "ImplementationSpecific"]).optional(),
});
const hostName = text((value) =>
  isDnsName(value.replace(/^\*\./, ""))
    ? undefined
    : {
        message: "is not a valid DNS name, with or without a leading *.",
        allowed: "shop.example.com, or *.example.com",
      },
);
const path = text((value) =>
  value.startsWith("/") ? undefined : { message: "does not begin with /", allowed: "/ and more" },
);

function filled<T extends z.ZodType>(schema: T, message: string, allowed: string) {
  return schema.superRefine((value, context) => {
    if (Object.keys(value as object).length === 0)
      context.addIssue({ code: "custom", message, params: { allowed } });
  });
}

const hostsSchema = z.record(
  hostName,
  z.strictObject({
    paths: filled(z.record(path, backendSchema), "has no path", "/ and more"),
    tlsSecret: dnsName.optional(),
  }),
);
const rulesSchema = z.strictObject({
  namespace: dnsLabel,
  className: dnsName.optional(),
  hosts: filled(hostsSchema, "has no host, and there is no default backend", "rules by host name"),
  defaultBackend: backendSchema.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  objectName: dnsName.optional(),
});
const withDefault = rulesSchema.extend({ hosts: hostsSchema.optional() });

/** @throws SettingsError with everything that is wrong with the rules */
export function parseIngressRules(given: unknown, title: string): IngressRulesSpec {
  const { defaultBackend } = (given ?? {}) as Partial<IngressRulesSpec>;
  return parseArguments(title, given, defaultBackend === undefined ? rulesSchema : withDefault);
}
