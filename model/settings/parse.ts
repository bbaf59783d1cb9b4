import { advisoriesOf } from "./advisories";
import { CHECKS } from "./checks";
import { secretsAreElsewhere, secretsAreThere } from "./checks/secrets";
import { type Draft, factsOf } from "./draft";
import { checkSchema } from "./issues";
import { Problems, SettingsError } from "./problems";
import type { ClusterSettings } from "./resolved";
import { resolve } from "./resolve";
import { type ClusterInput, PLATFORMS, machinesCluster } from "./schema/cluster";

export interface ParseContext {
  /** Name of the environment, the Pulumi stack. */
  readonly environment: string;
  /** The entries of `kubeadm:secrets`; undefined when they are not known, as in a plan without passphrase. */
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Parses the object under `kubeadm:cluster` into resolved settings.
 *
 * @throws SettingsError with every problem found, each with its path, the value and what is allowed. No value that may
 * be a secret stands in it.
 */
export function parseCluster(raw: unknown, context: ParseContext): ClusterSettings {
  const problems = new Problems();
  const given = raw ?? {};
  if (refusePlatform(given, problems)) throw new SettingsError(problems.sorted(), context.environment);
  const left = checkSchema(machinesCluster, given, problems);
  const input = (left !== null && typeof left === "object" ? left : {}) as Draft<ClusterInput>;
  const facts = factsOf(input, context.environment);
  for (const check of CHECKS) check(facts, problems);
  secretsAreThere(facts, context.secrets, problems);
  secretsAreElsewhere(given, problems);
  const found = problems.sorted();
  if (found.length > 0) throw new SettingsError(found, context.environment);
  const settings = resolve(given as ClusterInput, context.environment);
  return { ...settings, advisories: advisoriesOf(settings) };
}

/** Settings of another platform have other keys: checking them against this one's would only bury the point. */
function refusePlatform(raw: unknown, problems: Problems): boolean {
  const platform = (raw as { platform?: unknown }).platform;
  if (platform !== "aws") return false;
  problems.add(["platform"], platform, "is not yet in this version", {
    allowed: PLATFORMS.filter((known) => known !== "aws").join(", "),
  });
  return true;
}
