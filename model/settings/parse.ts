import { DEFAULT_CNI } from "../cni";
import { isMapping } from "../core/tree";
import { parseRange } from "../network/addresses";
import type { ProjectFiles } from "../extras/files";
import { advisoriesOf } from "./advisories";
import { withoutUndefined } from "./alone";
import { awsLayout } from "../aws/layout";
import { checkedOf, validateAll } from "./checked";
import { VALIDATORS, VALIDATORS_OF } from "./checks";
import { validateLimits } from "./checks/limits";
import { validateRegion } from "../aws/validate/region";
import { validateParts } from "./checks/parts";
import { validateNoSecretsInside, validateSecrets } from "./checks/secrets";
import { checkWithLate, withTokens } from "./late";
import { refuseUnplain } from "./plain";
import { platformOf, withoutOtherPlatform } from "./platform";
import { Problems, SettingsError, type Path } from "./problems";
import { prune, type StandIns } from "./prune";
import type { ClusterSettings, Platform } from "./resolved";
import { resolve } from "./resolve";
import { type AnyInput, type ClusterInput, awsCluster, machinesCluster } from "./schema/cluster";

/** What the settings are checked against. */
export interface ParseContext {
  /**
   * Name of the environment, the Pulumi stack. It is the cluster's name if the settings have none.
   *
   * @defaultValue none, so that the settings must have a `name`
   */
  readonly environment?: string | undefined;
  /** AWS region of the stack, `aws:region`. Required with `platform: aws`. */
  readonly region?: string | undefined;
  /** The entries of `kubeadm:secrets`. Undefined if they are unknown, as in a plan without the passphrase. */
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
  /**
   * What reports call the place of the secrets.
   *
   * @defaultValue `kubeadm:secrets`
   */
  readonly secretsAt?: string | undefined;
  /** Reads the files that `manifests`, `charts` and `staticPods` name. Undefined: their content is not checked. */
  readonly files?: ProjectFiles | undefined;
  /**
   * Paths of values that are still unknown. Each contains a token of `lateToken`, which is not checked.
   *
   * @defaultValue none
   */
  readonly late?: readonly Path[] | undefined;
  /** Machines whose private keys are not among the secrets, since their pool brings its own. Default: none. */
  readonly keysElsewhere?: readonly string[] | undefined;
}

/**
 * Checks the settings of a cluster and fills in every default.
 *
 * @param input The object under `kubeadm:cluster`, written in a program. What was read from a file goes to `readCluster`.
 * @throws SettingsError with every problem found, each with its path, the value and what is allowed. Values that may be
 * secrets are hidden.
 */
export function parseCluster(input: ClusterInput, context: ParseContext = {}): ClusterSettings {
  return readCluster(input, context);
}

/**
 * Like `parseCluster`, for a value of any type, such as one from a stack file.
 *
 * @throws SettingsError with every problem found
 */
export function readCluster(raw: unknown, context: ParseContext = {}): ClusterSettings {
  refuseUnplain(raw, context.environment);
  const problems = new Problems();
  const given = withoutUndefined(raw ?? {});
  const platform = platformOf(given, problems);
  // Settings of an unknown platform have keys nobody knows: checking them would only bury the point.
  if (platform === undefined) throw new SettingsError(problems.sorted(), context.environment);
  const own = withoutOtherPlatform(given, platform, problems);
  const { late = [] } = context;
  const fitting = checkWithLate<(typeof SCHEMAS)[Platform]>(SCHEMAS[platform], own, late, problems);
  // Of settings that are no mapping nothing else can be said.
  if (!isMapping(own)) throw new SettingsError(problems.sorted(), context.environment);
  const left = withPodRange(own, fitting.left);
  const { written, filled, refused } = prune<(typeof SCHEMAS)[Platform]>(
    SCHEMAS[platform],
    isMapping(left) ? left : {},
    STAND_INS[platform],
    fitting.filled,
  );
  withTokens(written, late);
  withTokens(filled, late);
  const layout =
    written.platform === "aws" && filled.platform === "aws"
      ? awsLayout(written, filled, context.region)
      : undefined;
  const settings = resolve(filled, layout, { ...context, environment: context.environment ?? "" });
  const checked = checkedOf({ written: written as AnyInput, settings, refused: refused.touches, layout });
  const further = problems.except(refused);
  validateAll([...VALIDATORS, ...VALIDATORS_OF[platform]], checked, further);
  if (platform === "aws") validateRegion(context.region, further);
  validateParts(checked, context.files, further);
  const { secrets, secretsAt, keysElsewhere } = context;
  validateSecrets(checked, secrets, further, { where: secretsAt, keysElsewhere });
  validateNoSecretsInside(given, problems);
  if (platform === "aws" && problems.sorted().length === 0) validateLimits(settings, problems);
  const found = problems.sorted();
  if (found.length > 0) throw new SettingsError(found, context.environment);
  return { ...settings, advisories: advisoriesOf(settings) };
}

const SCHEMAS = { machines: machinesCluster, aws: awsCluster } as const;

/** A host of which nothing is known; its key is one of zeros. */
const UNKNOWN_HOST = {
  host: "unknown.invalid",
  user: "root",
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  key: "unknown",
};

/** What settings cannot be without: where it was refused the rest is checked all the same. */
const STAND_INS: Record<Platform, StandIns> = {
  machines: {
    machines: {},
    "machines.*.role": "worker",
    "machines.*.host": UNKNOWN_HOST.host,
    "machines.*.user": UNKNOWN_HOST.user,
    "machines.*.hostKey": UNKNOWN_HOST.hostKey,
    "machines.*.key": UNKNOWN_HOST.key,
    "bastion.host": UNKNOWN_HOST.host,
    "bastion.user": UNKNOWN_HOST.user,
    "bastion.hostKey": UNKNOWN_HOST.hostKey,
    "bastion.key": UNKNOWN_HOST.key,
    "cni.kind": DEFAULT_CNI,
  },
  aws: {
    platform: "aws",
    access: {},
    "access.api": [],
    "access.ssh": [],
    controlPlane: {},
    "controlPlane.count": 1,
    "controlPlane.instanceType": "t3.medium",
    "cni.kind": DEFAULT_CNI,
  },
};

/**
 * A CNI of an unknown kind is refused as a whole, since the kind says which keys it has. All kinds have the pod range,
 * though, and what it overlaps is worth knowing at once.
 */
function withPodRange(raw: unknown, left: unknown): unknown {
  const podCidr = (raw as { cni?: { podCidr?: unknown } | null }).cni?.podCidr;
  const refused = left !== null && typeof left === "object" && "cni" in left && left.cni === undefined;
  if (!refused || typeof podCidr !== "string" || "problem" in parseRange(podCidr)) return left;
  return { ...left, cni: { podCidr, kind: undefined } };
}
