import { z } from "zod";

import { address, cidr, dnsLabel, matching, port, resources, secretName } from "./primitives";

const mtu = z.number().int().min(1200).max(65535);

/** A label of nodes; what Kubernetes takes as key and value is checked with the labels of machines. */
const nodeSelector = z
  .record(z.string().min(1), z.string().min(1))
  .refine((labels) => Object.keys(labels).length > 0, {
    error: "names no label",
    params: { allowed: "labels of nodes, as {rack: r1}" },
  });

// AS numbers have 32 bits (RFC 6793) and 0 is reserved (RFC 7607), but Calico's CRDs hold them as int32: the API server
// refuses the upper half (tigera/operator v1.42.4, crd.projectcalico.org_bgpconfigurations.yaml and _bgppeers.yaml).
const asNumber = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

const flannel = z.strictObject({
  kind: z.literal("flannel"),
  backend: z.enum(["vxlan", "host-gw", "wireguard"]).optional(),
  podCidr: cidr.optional(),
  mtu: mtu.optional(),
  vni: z
    .number()
    .int()
    .min(1)
    .max(2 ** 24 - 1)
    .optional(),
  port: port.optional(),
  /** Windows nodes are or will be in the cluster. */
  windows: z.boolean().optional(),
  networkPolicy: z.enum(["kube-network-policies", "none"]).optional(),
  resources: resources.optional(),
});

const weave = z.strictObject({
  kind: z.literal("weave"),
  podCidr: cidr.optional(),
  mtu: mtu.optional(),
  encryption: z.strictObject({ password: secretName }).optional(),
  trustedSubnets: z.array(cidr).min(1).optional(),
  networkPolicy: z.boolean().optional(),
  resources: resources.optional(),
});

const peer = z.strictObject({
  name: dnsLabel,
  address,
  port: port.optional(),
  asNumber,
  /** Short for `nodeSelector: {rack: NAME}`. */
  rack: dnsLabel.optional(),
  nodeSelector: nodeSelector.optional(),
  password: secretName.optional(),
});

const calico = z.strictObject({
  kind: z.literal("calico"),
  backend: z.enum(["vxlan", "vxlan-cross-subnet", "ipip", "bgp"]).optional(),
  podCidr: cidr.optional(),
  mtu: mtu.optional(),
  // IPPool's own bounds (Calico reference, IP pool: blockSize 20 to 32).
  blockSize: z.number().int().min(20).max(32).optional(),
  natOutgoing: z.boolean().optional(),
  controlPlaneReplicas: z.number().int().min(1).max(10).optional(),
  apiServer: z.boolean().optional(),
  asNumber: asNumber.optional(),
  nodeToNodeMesh: z.boolean().optional(),
  advertiseServices: z.boolean().optional(),
  routeReflectors: z
    .strictObject({
      nodeSelector,
      clusterId: matching(
        /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/,
        "four numbers up to 255 with dots between, as 244.0.0.1",
      ).optional(),
    })
    .optional(),
  peers: z.array(peer).min(1).optional(),
});

export const cni = z.discriminatedUnion("kind", [flannel, weave, calico]);

export type CniInput = z.infer<typeof cni>;
export type FlannelInput = z.infer<typeof flannel>;
export type WeaveInput = z.infer<typeof weave>;
export type CalicoInput = z.infer<typeof calico>;
