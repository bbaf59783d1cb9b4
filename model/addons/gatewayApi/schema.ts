import { z } from "zod";

import { matching } from "../../settings/schema/primitives";

export const gatewayApiObject = z.strictObject({
  source: matching(
    /^(https?:\/\/\S+|(\.{1,2})?\/\S+)$/,
    "a URL or the path of a file with the CRDs",
  ).optional(),
});

/** Gateway API's CRDs of its standard channel. */
export const gatewayApiSchema = z.union([z.boolean(), gatewayApiObject]);
