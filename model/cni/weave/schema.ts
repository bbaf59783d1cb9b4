import { z } from "zod";

import { cidr, resources, secretName } from "../../settings/schema/primitives";
import type { CniSchema } from "../domain";
import { baseShape } from "../schema";
import type { WeaveInput } from "./settings";

export const weaveSchema: CniSchema<WeaveInput> = z.strictObject({
  kind: z.literal("weave"),
  ...baseShape,
  encryption: z.strictObject({ password: secretName }).optional(),
  trustedSubnets: z.array(cidr).min(1).optional(),
  networkPolicy: z.boolean().optional(),
  resources: resources.optional(),
});
