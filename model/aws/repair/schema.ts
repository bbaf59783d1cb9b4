import { z } from "zod";
import { share } from "../refresh/schema";

export const repair = z.strictObject({
  timeoutSeconds: z.number().int().min(300).max(86_400).optional(),
  maxUnhealthy: share.optional(),
});
