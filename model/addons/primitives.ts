import { z } from "zod";

import { matching } from "../settings/schema/primitives";

// OCI reference: registry and path, then a tag or a digest (distribution/reference, grammar).
export const image = matching(
  /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
  "an image with its registry, such as registry.example.com/traefik:v3.7.11",
);
/** Labels of nodes. */
export const labels = z.record(z.string(), z.string());
