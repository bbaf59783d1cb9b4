import { z } from "zod";

import { parseAlone } from "../../settings/alone";
import { dnsName } from "../../settings/schema/primitives";
import type { Reflectors } from "./manifests";
import { clusterId } from "./schema";
import { CALICO_DEFAULTS } from "./settings";

const schema = z.strictObject({ nodes: z.array(dnsName).min(1), clusterId: clusterId.optional() });

/**
 * Reflectors by the names of their Nodes.
 *
 * @throws SettingsError with every problem
 */
export function parseReflectors(given: unknown, title: string): Reflectors {
  const args = parseAlone(title, given, { schema, key: "reflectors", around: () => ({}), checks: [] });
  return {
    clusterId: args.clusterId ?? CALICO_DEFAULTS.clusterId,
    nodes: args.nodes.map((node) => ({ machine: node, node, revision: 1 })),
  };
}
