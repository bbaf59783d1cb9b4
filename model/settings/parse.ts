import { parseRange } from "../network/addresses";
import { advisoriesOf } from "./advisories";
import { CHECKS } from "./checks";
import { secretsAreElsewhere, secretsAreThere } from "./checks/secrets";
import { type Draft, factsOf } from "./draft";
import { checkSchema } from "./issues";
import { Problems, SettingsError } from "./problems";
import type { ClusterSettings } from "./resolved";
import { resolve } from "./resolve";
import { type AnyInput, type ClusterInput, PLATFORMS, machinesCluster } from "./schema/cluster";

export interface ParseContext {
  /** Name of the environment, the Pulumi stack. */
  readonly environment: string;
  /** AWS region of the stack, `aws:region`; needed on platform aws. */
  readonly region?: string | undefined;
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
  const left = withPodRange(given, checkSchema(machinesCluster, given, problems));
  const input = (left !== null && typeof left === "object" ? left : {}) as Draft<AnyInput>;
  const facts = factsOf(input, context.environment);
  for (const check of CHECKS) check(facts, problems);
  secretsAreThere(facts, context.secrets, problems);
  secretsAreElsewhere(given, problems);
  const found = problems.sorted();
  if (found.length > 0) throw new SettingsError(found, context.environment);
  const settings = resolve(given as ClusterInput, context);
  return { ...settings, advisories: advisoriesOf(settings) };
}

/**
 * A CNI of an unknown kind is refused as a whole, since the kind says which keys it has. All kinds have the pod range,
 * though, and what it overlaps is worth knowing at once.
 */
function withPodRange(raw: unknown, left: unknown): unknown {
  const podCidr = (raw as { cni?: { podCidr?: unknown } | null }).cni?.podCidr;
  const refused = left !== null && typeof left === "object" && "cni" in left && left.cni === undefined;
  if (!refused || typeof podCidr !== "string" || "problem" in parseRange(podCidr)) return left;
  return { ...left, cni: { podCidr } };
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
