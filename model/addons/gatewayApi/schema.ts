import { z } from "zod";

import { matching, switched } from "../../settings/schema/primitives";

const shape = {
  source: matching(
    /^(https?:\/\/\S+|(\.{1,2})?\/\S+)$/,
    "a URL or the path of a file with the CRDs",
  ).optional(),
};

export const gatewayApiObject = z.strictObject(shape);

/** Gateway API's CRDs of its standard channel. */
export const gatewayApiSchema = switched(shape);
