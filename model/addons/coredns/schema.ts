import { z } from "zod";

import { address, dnsName, resolver, resources, switched, text } from "../../settings/schema/primitives";
import { corefileProblem } from "./corefileText";

const ttl = z.number().int().min(0).max(86400);
// CoreDNS plugin/cache: capacities are rounded to what its 256 shards hold, so fewer make no sense.
const capacity = z.number().int().min(1024).max(1_000_000);
const seconds = z.number().int().min(1).max(86400);

const cache = z.strictObject({
  seconds: ttl.optional(),
  capacity: capacity.optional(),
  denialSeconds: ttl.optional(),
  denialCapacity: capacity.optional(),
  prefetch: z
    .strictObject({
      amount: z.number().int().min(1).max(1000),
      duration: seconds.optional(),
      percentage: z.number().int().min(10).max(90).optional(),
    })
    .optional(),
  serveStale: seconds.optional(),
});

/** Text of a Corefile that stands inside a server block and does not leave it. */
const corefileText = text((value) => {
  const problem = corefileProblem(value);
  return problem === undefined
    ? undefined
    : {
        message: problem,
        allowed: "plugins of a server block as in a Corefile, one per line, with balanced braces",
      };
});

/** Cluster DNS. */
export const coredns = z.strictObject({
  replicas: z.number().int().min(1).max(100).optional(),
  upstreamServers: z.array(resolver).min(1).max(15).optional(),
  /** Which of the forwarders is asked. */
  policy: z.enum(["random", "round_robin", "sequential"]).optional(),
  /** Forwarders are asked by DNS over TLS, and must have a certificate of this name. */
  tlsServerName: dnsName.optional(),
  stubDomains: z.record(z.string(), z.array(resolver).min(1).max(15)).optional(),
  cache: z.union([ttl, cache]).optional(),
  /** Names with their own addresses, before anybody else is asked. */
  hosts: z.record(z.string(), z.array(address).min(1)).optional(),
  rewrite: z
    .array(
      z.strictObject({
        match: z.enum(["exact", "suffix"]).optional(),
        from: dnsName,
        to: dnsName,
      }),
    )
    .optional(),
  log: z.enum(["none", "all", "denial", "error", "success"]).optional(),
  pods: z.enum(["disabled", "insecure", "verified"]).optional(),
  custom: z
    .strictObject({
      /** Further plugins of the block that serves the cluster. */
      plugins: corefileText.optional(),
      /** Zone to the plugins of a separate server block. */
      zones: z.record(z.string(), corefileText).optional(),
    })
    .optional(),
  /** `required`: no two replicas on one node. */
  antiAffinity: z.enum(["preferred", "required"]).optional(),
  resources: resources.optional(),
  /** A cache on every node, which its pods ask. */
  nodeLocal: switched({ resources: resources.optional() }).optional(),
});
