import { z } from "zod";

import {
  accessRange,
  address,
  dnsLabel,
  dnsName,
  document,
  matching,
  port,
  resources,
  switched,
  text,
} from "../../settings/schema/primitives";
import { image, labels } from "../primitives";

const expose = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("loadBalancer"),
    /** One address of a pool, so that it does not change. */
    address: address.optional(),
    pool: dnsLabel.optional(),
    /** Who may call. */
    sourceRanges: z.array(accessRange).min(1).optional(),
    /** On AWS: reached within the VPC only. */
    internal: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("nodePorts"), http: port, https: port }),
  z.strictObject({ type: z.literal("hostPorts"), http: port.optional(), https: port.optional() }),
]);

const ingressShape = {
  className: dnsLabel.optional(),
  /** The class of Ingresses that name none; default true. */
  default: z.boolean().optional(),
  expose: expose.optional(),
  replicas: z.number().int().min(1).max(100).optional(),
  resources: resources.optional(),
  nodeSelector: labels.optional(),
  /** What answers requests that no rule takes. */
  defaultBackend: switched({ image: image.optional(), port: port.optional() }).optional(),
  /** Records in a Route 53 zone that lead to the load balancer. */
  dns: z
    .strictObject({
      zoneId: matching(/^Z[A-Z0-9]{5,31}$/, "the id of a hosted zone, such as Z0123456789ABCDEFGHIJ"),
      names: z.array(dnsRecord()).min(1),
    })
    .optional(),
  image: image.optional(),
};

/** A DNS name whose first label may be `*`. */
function dnsRecord() {
  return text((value) => {
    const bare = value.replace(/^\*\./, "");
    return dnsName.safeParse(bare).success
      ? undefined
      : { message: "is not a valid DNS name", allowed: "a DNS name, or *. and a DNS name" };
  });
}

export const nginxSchema = z.strictObject({
  kind: z.literal("ingress-nginx"),
  ...ingressShape,
  /** The controller's ConfigMap (ingress-nginx documentation, "ConfigMaps"). */
  config: z.record(z.string(), z.string()).optional(),
});

export const traefikSchema = z.strictObject({
  kind: z.literal("traefik"),
  ...ingressShape,
  /** Serves Ingresses of class nginx too, with their nginx annotations. */
  nginxClass: z.boolean().optional(),
  /** The chart's values, merged over the library's. */
  values: document.optional(),
});

export const ingressSchema = z.discriminatedUnion("kind", [nginxSchema, traefikSchema]);
