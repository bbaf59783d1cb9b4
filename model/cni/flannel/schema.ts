import { z } from "zod";

import { port, resources } from "../../settings/schema/primitives";
import type { CniSchema } from "../domain";
import { baseShape } from "../schema";
import type { FlannelInput } from "./settings";

export const flannelSchema: CniSchema<FlannelInput> = z.strictObject({
  kind: z.literal("flannel"),
  backend: z.enum(["vxlan", "host-gw", "wireguard"]).optional(),
  ...baseShape,
  vni: z
    .number()
    .int()
    .min(1)
    .max(2 ** 24 - 1)
    .optional(),
  port: port.optional(),
  windows: z.boolean().optional(),
  networkPolicy: z.enum(["kube-network-policies", "none"]).optional(),
  resources: resources.optional(),
});
