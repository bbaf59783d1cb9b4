import { z } from "zod";

import { cidr, port, resources } from "./primitives";

/** Built CNIs only; kinds that come later are refused by name in `issues.ts`. */
export const cni = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("flannel"),
    backend: z.enum(["vxlan", "host-gw"]).optional(),
    podCidr: cidr.optional(),
    mtu: z.number().int().min(1200).max(65535).optional(),
    vni: z
      .number()
      .int()
      .min(1)
      .max(2 ** 24 - 1)
      .optional(),
    port: port.optional(),
    resources: resources.optional(),
  }),
]);
