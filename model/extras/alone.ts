import { z } from "zod";

import { parseAlone } from "../settings/alone";
import type { ProjectFiles } from "./files";
import { resolveExtras } from "./resolve";
import { extrasShape } from "./schema";
import type { ExtrasSettings } from "./settings";
import { validateAlone } from "./validate";

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
    around: (left) => left,
    checks: [(facts, problems) => void validateAlone(facts, files, problems)],
    secrets,
  });
  return resolveExtras(args, files);
}
