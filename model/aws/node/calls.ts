import type { AwsSettings } from "../settings";
import { script, type ScriptVariables } from "../../core/script";
import { endpointDomain } from "../../data/regions";
import { paths } from "../../kubeadm/paths";
import { logVariables } from "../../node/log";
import { awsProgram, POOL_LABEL } from "./paths";

/**
 * How hosts call AWS: a Python program of our own and no SDK, so that nothing has to be installed, and no version of
 * a command line is guessed. Every image that has cloud-init has Python's standard library, and none has to have an `aws`
 * command. Signing in it, and not by curl's `--aws-sigv4`, keeps credentials in one process, and does not depend on
 * which headers a curl signs (before 7.87: not those of the call).
 */
export type AwsCommand =
  | "imds"
  | "parameter"
  | "putParameter"
  | "version"
  | "hostKey"
  | "status"
  | "statuses"
  | "xml"
  | "instance"
  | "ec2"
  | "beat"
  | "activities"
  | "unhealthy"
  | "bundle"
  | "putDocument";

type Variable = readonly [name: string, value: string];

/** Seconds for which a refused call is made again: a role that is new, or that was just changed, is refused for some time. */
const PATIENCE = 90;

/** `# command: NAME` and the lines of comment after it. */
const COMMAND = /^# command: (\w+)\n(?:#.*\n)*/m;

/**
 * The program with those commands; one line of a reason on standard error and status 1 when a call is refused in the end.
 * @param proxy variables that lead to a proxy, as `proxyVariables` has them
 * @param more further commands, in Python
 */
export function awsProgramText(
  aws: Pick<AwsSettings, "region" | "partition">,
  commands: readonly AwsCommand[],
  proxy: readonly Variable[] = [],
  more = "",
): string {
  const [base = "", ...sections] = script("aws/node/scripts/aws.py", {
    REGION: aws.region,
    DOMAIN: endpointDomain(aws.partition),
    PROXIES: Object.fromEntries(proxy),
    PATIENCE,
  }).split(COMMAND);
  const section = (name: string): string => sections[sections.indexOf(name) + 1] ?? "";
  return [base, ...commands.map(section), more, section("end")].join("");
}

/** A script below `model/aws/`; those that use `aws.sh` call AWS by `aws COMMAND WORD...`. */
export function awsScript(name: string, variables: ScriptVariables): string {
  return script(`aws/${name}`, variables, {
    aws_program: awsProgram,
    patches_folder: paths.patches,
    pool_label: POOL_LABEL,
    ...logVariables,
  });
}
