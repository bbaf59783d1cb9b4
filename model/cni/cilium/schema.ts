import { z } from "zod";

import type { CniSchema } from "../domain";
import { baseShape } from "../schema";
import type { CiliumInput } from "./settings";

export const ciliumSchema: CniSchema<CiliumInput> = z.strictObject({
  kind: z.literal("cilium"),
  backend: z.enum(["vxlan", "geneve", "native"]).optional(),
  ...baseShape,
  autoDirectNodeRoutes: z.boolean().optional(),
  kubeProxyReplacement: z.boolean().optional(),
  // IPsec needs a key that nodes share and somebody rotates; WireGuard's keys are the nodes' own.
  encryption: z.strictObject({ type: z.enum(["wireguard"]) }).optional(),
  hubble: z
    .strictObject({
      enabled: z.boolean().optional(),
      relay: z.boolean().optional(),
      ui: z.boolean().optional(),
    })
    .optional(),
  operatorReplicas: z.number().int().min(1).max(10).optional(),
});
