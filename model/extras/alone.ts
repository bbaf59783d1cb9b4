import { z } from "zod";

import { parseAlone } from "../settings/alone";
import { extrasFit } from "../settings/checks/extras";
import { resolveExtras } from "../settings/resolveExtras";
import type { ExtrasSettings } from "../settings/resolvedExtras";
import { extrasShape } from "../settings/schema/extras";
import type { ProjectFiles } from "./files";

const schema = z.strictObject({ manifests: extrasShape.manifests, charts: extrasShape.charts });

/**
 * Objects and charts for a cluster of which nothing else is known: its namespaces and kinds may be there already.
 *
 * @throws SettingsError with every problem
 */
export function parseExtras(
  given: unknown,
  title: string,
  files: ProjectFiles,
  secrets: Readonly<Record<string, unknown>> | undefined,
): Omit<ExtrasSettings, "staticPods"> {
  const args = parseAlone(title, given, {
    schema,
    key: [],
    around: (left) => ({ ...left, cni: undefined }),
    checks: [(facts, problems) => void extrasFit(facts, files, problems)],
    secrets,
  });
  return resolveExtras(args, files);
}
