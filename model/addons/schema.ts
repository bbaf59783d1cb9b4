import { z } from "zod";

import { CHART_NAMES, chartSourceKind, type ChartName } from "../charts";
import { addressRangeProblem } from "../network/addressRanges";
import {
  accessRange,
  address,
  dnsLabel,
  dnsName,
  document,
  matching,
  port,
  resources,
  secretName,
  text,
} from "../settings/schema/primitives";

const chartSource = text((value) =>
  chartSourceKind(value) === undefined
    ? {
        message: "is no source of a chart",
        allowed:
          "a folder or archive (./charts/metallb), an OCI registry (oci://registry.example.com/charts/metallb) or a " +
          "repository (https://charts.example.com)",
      }
    : undefined,
);
const chartVersion = matching(/^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/, "a chart's version, as 0.16.1");

function perChart<T extends z.ZodType>(one: T): Record<ChartName, z.ZodOptional<T>> {
  return Object.fromEntries(CHART_NAMES.map((name) => [name, one.optional()])) as Record<
    ChartName,
    z.ZodOptional<T>
  >;
}

// OCI reference: registry and path, then a tag or a digest (distribution/reference, grammar).
const image = matching(
  /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
  "an image with its registry, as registry.example.com/traefik:v3.7.11",
);
const labels = z.record(z.string(), z.string());
const addressRange = text((value) => {
  const problem = addressRangeProblem(value);
  return problem === undefined
    ? undefined
    : { message: problem, allowed: "a range, as 10.40.0.240-10.40.0.250, or 10.40.1.0/28" };
});
// RFC 6793: AS numbers have 32 bits, 0 is reserved (RFC 7607), and the last is (RFC 7300).
const asNumber = z
  .number()
  .int()
  .min(1)
  .max(2 ** 32 - 2);

// RFC 1997: two numbers of 16 bits; RFC 8092: three of 32 bits, which MetalLB writes with `large:` before them.
const community = text((value) => {
  const [, large, numbers = ""] = /^(large:)?(\d+(?::\d+)+)$/.exec(value) ?? [];
  const parts = numbers.split(":").map(Number);
  const [count, most] = large === undefined ? [2, 2 ** 16 - 1] : [3, 2 ** 32 - 1];
  return parts.length === count && parts.every((part) => part <= most)
    ? undefined
    : {
        message: "is no BGP community",
        allowed: "two numbers up to 65535, as 64512:100, or a large one, as large:64512:1:2",
      };
});

const bgpPeer = z.strictObject({
  name: dnsLabel,
  address,
  port: port.optional(),
  peerASN: asNumber,
  myASN: asNumber,
  /** Name in `kubeadm:secrets` of the session's password (TCP MD5, RFC 2385). */
  password: secretName.optional(),
  /** Labels of the nodes that speak with this peer; default all. */
  nodes: labels.optional(),
  multiHop: z.boolean().optional(),
  /** Seconds. */
  holdTime: z.number().int().min(3).max(65535).optional(),
});

const metallb = z.strictObject({
  pools: z.record(
    z.string(),
    z.strictObject({
      addresses: z.array(addressRange).min(1),
      autoAssign: z.boolean().optional(),
      avoidBuggyAddresses: z.boolean().optional(),
      namespaces: z.array(dnsLabel).min(1).optional(),
    }),
  ),
  l2: z
    .strictObject({
      pools: z.array(dnsLabel).min(1).optional(),
      interfaces: z.array(matching(/^[A-Za-z0-9_.-]{1,15}$/, "the name of an interface, as eth1")).optional(),
      nodes: labels.optional(),
    })
    .optional(),
  bgp: z
    .strictObject({
      backend: z.enum(["frr-k8s", "native"]).optional(),
      peers: z.array(bgpPeer).min(1),
      pools: z.array(dnsLabel).min(1).optional(),
      aggregationLength: z.number().int().min(1).max(32).optional(),
      localPreference: z.number().int().min(0).max(4294967295).optional(),
      communities: z.array(community).min(1).optional(),
    })
    .optional(),
  onAws: z.boolean().optional(),
});

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
  defaultBackend: z.union([z.boolean(), z.strictObject({ image, port: port.optional() })]).optional(),
  /** Records in a Route 53 zone that lead to the load balancer. */
  dns: z
    .strictObject({
      zoneId: matching(/^Z[A-Z0-9]{5,31}$/, "the id of a hosted zone, as Z0123456789ABCDEFGHIJ"),
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
      : { message: "is no DNS name", allowed: "a DNS name, or one with *. before it" };
  });
}

const ingress = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ingress-nginx"),
    ...ingressShape,
    /** The controller's ConfigMap (ingress-nginx documentation, "ConfigMaps"). */
    config: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({
    kind: z.literal("traefik"),
    ...ingressShape,
    /** Serves Ingresses of class nginx too, with their nginx annotations. */
    nginxClass: z.boolean().optional(),
    /** The chart's values, merged over the library's. */
    values: document.optional(),
  }),
]);

/** Settings of what runs in the cluster besides CNI and DNS. */
export const addonsShape = {
  /** Where the library's charts come from; the users' own are under `charts`. */
  helm: z
    .strictObject({
      sources: z.strictObject(perChart(chartSource)).optional(),
      versions: z.strictObject(perChart(chartVersion)).optional(),
    })
    .optional(),
  metallb: metallb.optional(),
  ingress: ingress.optional(),
  /** Gateway API's CRDs of its standard channel. */
  gatewayApi: z
    .union([
      z.boolean(),
      z.strictObject({
        source: matching(/^(https?:\/\/\S+|(\.{1,2})?\/\S+)$/, "a URL or the path of a file with the CRDs"),
      }),
    ])
    .optional(),
  metricsServer: z
    .union([
      z.boolean(),
      z.strictObject({
        replicas: z.number().int().min(1).max(10).optional(),
        resources: resources.optional(),
        image: image.optional(),
      }),
    ])
    .optional(),
};
