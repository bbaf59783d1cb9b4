import { z } from "zod";
import { matching, semver, sha256 } from "../../settings/schema/primitives";

const account = matching(/^\d{12}$/, "the number of an account, 12 digits in quotes");

export const ecr = z.strictObject({
  version: semver.optional(),
  checksums: z.strictObject({ amd64: sha256.optional(), arm64: sha256.optional() }).optional(),
  accounts: z.array(account).max(100).optional(),
  pullThroughCache: z.boolean().optional(),
});
