import { z } from "zod";

import { address, dnsLabel, matching, port, secretName } from "../../settings/schema/primitives";
import type { CniSchema } from "../domain";
import { baseShape } from "../schema";
import type { CalicoInput } from "./settings";

/** A label of nodes; what Kubernetes takes as key and value is checked with the labels of machines. */
const nodeSelector = z
  .record(z.string().min(1), z.string().min(1))
  .refine((labels) => Object.keys(labels).length > 0, {
    error: "names no label",
    params: { allowed: "labels of nodes, such as {rack: r1}" },
  });

// AS numbers have 32 bits (RFC 6793) and 0 is reserved (RFC 7607), but Calico's CRDs hold them as int32: the API server
// refuses the upper half (tigera/operator v1.42.4, crd.projectcalico.org_bgpconfigurations.yaml and _bgppeers.yaml).
const asNumber = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** Cluster id of route reflectors. */
export const clusterId = matching(
  /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/,
  "four numbers up to 255 separated by dots, such as 244.0.0.1",
);

const peer = z.strictObject({
  name: dnsLabel,
  address,
  port: port.optional(),
  asNumber,
  rack: dnsLabel.optional(),
  nodeSelector: nodeSelector.optional(),
  password: secretName.optional(),
});

export const calicoSchema: CniSchema<CalicoInput> = z.strictObject({
  kind: z.literal("calico"),
  backend: z.enum(["vxlan", "vxlan-cross-subnet", "ipip", "bgp"]).optional(),
  ...baseShape,
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
      clusterId: clusterId.optional(),
    })
    .optional(),
  peers: z.array(peer).min(1).optional(),
});
