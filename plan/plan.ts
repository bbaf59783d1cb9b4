import type { EnvironmentConfig } from "./config";
import { planDocument, type PlanDocument } from "./document";
import type { PlanFile } from "./planFile";
import { page } from "./html/page";
import { recordEnvironment } from "./program";
import { compare } from "./resources";

export interface Plan {
  readonly document: PlanDocument;
  readonly files: readonly PlanFile[];
}

/**
 * What an environment would build, as files; nothing is written yet.
 * @throws ClusterSettingsError with every problem of the settings
 */
export async function makePlan(config: EnvironmentConfig): Promise<Plan> {
  const recording = await recordEnvironment(config);
  const { document: planned, hosts } = planDocument(config, recording);
  const paths = ["plan.json", "index.html", ...hosts.map((file) => file.path)].sort(compare);
  const document: PlanDocument = { ...planned, files: paths };
  const files: PlanFile[] = [
    { path: "plan.json", content: `${JSON.stringify(document, null, 2)}\n` },
    { path: "index.html", content: page(document, recording.settings) },
    ...hosts,
  ];
  return { document, files: files.sort((a, b) => compare(a.path, b.path)) };
}
