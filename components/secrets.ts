import * as pulumi from "@pulumi/pulumi";
import { SettingsError, formatProblems } from "../model/settings/problems";
import { UNREAD } from "../model/settings/secrets";
import { isLater } from "./arguments";

/** Secrets by the names that the settings use. */
export type Secrets = Readonly<Record<string, pulumi.Input<string>>>;

/** What can be told of secrets before the first resource: names, and the values of plain ones; undefined: not even names. */
export function knownSecrets(
  given: pulumi.Input<Secrets> | undefined,
  environment?: string,
): Record<string, unknown> | undefined {
  if (given === undefined || isLater(given)) return undefined;
  if (typeof (given as unknown) !== "object" || Array.isArray(given)) {
    const allowed = "a mapping from the names that the settings use to secrets";
    throw new SettingsError(
      [{ path: "secrets", value: "[hidden]", message: "is not a mapping", allowed }],
      environment,
    );
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]): [string, unknown] => [name, isLater(value) ? UNREAD : value]),
  );
}

/**
 * The secrets of these names, one by one, each secret. Where the object as a whole comes later, as from
 * `config.requireSecretObject`, names that it has not are refused when it is there: in the preview, for configuration.
 */
export function secretsByName(given: pulumi.Input<Secrets> | undefined, names: readonly string[]): Secrets {
  if (given === undefined) return {};
  if (!isLater(given))
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, pulumi.secret(value)]));
  const whole = pulumi.secret(pulumi.output(given)).apply((secrets) => refuseMissing(secrets, names));
  return Object.fromEntries(names.map((name) => [name, whole.apply((secrets) => secrets[name] ?? "")]));
}

/** @throws RunError, printed without a stack, with every name that has no text */
export function refuseMissing(
  secrets: Readonly<Record<string, string>>,
  names: readonly string[],
): typeof secrets {
  const there = secrets as Readonly<Record<string, unknown>> | undefined;
  const missing = names.filter((name) => typeof there?.[name] !== "string");
  if (missing.length === 0) return secrets;
  const allowed = `pulumi config set --secret --path 'kubeadm:secrets.NAME', or where the program takes them from`;
  throw new pulumi.RunError(
    formatProblems(
      missing.map((name) => ({
        path: `secrets.${name}`,
        value: "[hidden]",
        message: "is not text",
        allowed,
      })),
    ),
  );
}
