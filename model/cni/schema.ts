import { z } from "zod";

import { cidr } from "../settings/schema/primitives";

/** Keys that every CNI has. */
export const baseShape = {
  podCidr: cidr.optional(),
  mtu: z.number().int().min(1200).max(65535).optional(),
};
