import * as fs from "node:fs";
import * as path from "node:path";
import { SettingsError } from "../model/settings/problems";
import { isEncrypted, plainSecretProblems, storedSecrets } from "../model/settings/storedSecrets";
import { objectIn, readStackFile, type StackConfig } from "../model/settings/yaml";
import { readProject } from "../stacks/project";
import type { Arguments } from "./arguments";
import { PlanError } from "./error";
import { ownProgram } from "./ownProgram";

/** Stands for a value of the configuration that is encrypted. */
export const ENCRYPTED = "[secret]";

/** What a stack's configuration file says to the program. */
export interface EnvironmentConfig {
  readonly environment: string;
  /** Name of the Pulumi project, part of the Kubernetes provider's identity. */
  readonly project: string;
  /** Where the configuration file is: files that the settings name are looked for there first, then where Pulumi runs. */
  readonly folder?: string | undefined;
  /** `aws:region`, where it is there. */
  readonly region?: string | undefined;
  /** The object under `kubeadm:cluster`, as written; undefined where a program of the project's own has the settings. */
  readonly cluster: unknown;
  /** All configuration of the stack, by full key. What is encrypted is "[secret]". */
  readonly all: Readonly<Record<string, unknown>>;
  /** Values of the secrets, where they are known. Those of a file are encrypted, and a plan has no passphrase. */
  readonly secrets: Readonly<Record<string, string>> | undefined;
  /** Names of the secrets that the file has, readable or not; undefined where the whole object is encrypted. */
  readonly secretNames: readonly string[] | undefined;
  /** Problems of the settings with the lines of the file that they are about. */
  readonly locate?: StackConfig["locate"];
}

/**
 * @throws PlanError when there is no such environment, or its file cannot be read
 * @throws SettingsError when the file is not valid YAML, has a key twice, is read differently by Pulumi's CLI, or has
 *   secrets in plain text
 */
export function readEnvironment(args: Arguments): EnvironmentConfig {
  const { config: values, locate } = readStackFile(
    withoutFile(args) ? Buffer.from("") : readBytes(args),
    args.environment,
  );
  const cluster = values["kubeadm:cluster"];
  if (cluster === undefined && ownProgram(path.dirname(args.configFile)) === undefined)
    throw new PlanError(
      `${shown(args.configFile)} has no kubeadm:cluster under config, so there is nothing to plan; ${keysText(values)}`,
    );
  if (isEncrypted(cluster))
    throw new PlanError(
      `kubeadm:cluster in ${shown(args.configFile)} is encrypted: store it in plain text, because it contains no secrets and a plan needs no passphrase`,
    );
  const region = values["aws:region"];
  return {
    environment: args.environment,
    project: projectName(path.dirname(args.configFile)),
    folder: path.dirname(args.configFile),
    region: typeof region === "string" ? region : undefined,
    cluster: typeof cluster === "string" ? (objectIn(cluster) ?? cluster) : cluster,
    all: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, unlocked(value)])),
    ...secretsOf(values["kubeadm:secrets"], args),
    locate,
  };
}

/** A program that needs no configuration has no file, as for Pulumi. Where other stacks have one, the name may be misspelt. */
function withoutFile({ configFile, configFileGiven }: Arguments): boolean {
  const folder = path.dirname(configFile);
  return (
    !configFileGiven &&
    !fs.existsSync(configFile) &&
    environmentsIn(folder).length === 0 &&
    ownProgram(folder) !== undefined
  );
}

/** What is there, for somebody who sees a key where the library sees none. */
function keysText(config: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(config);
  return keys.length === 0 ? "there is nothing under config" : `config has ${keys.join(", ")}`;
}

/** With `ENCRYPTED` in place of what is encrypted. */
function unlocked(value: unknown): unknown {
  if (isEncrypted(value)) return ENCRYPTED;
  if (Array.isArray(value)) return value.map(unlocked);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unlocked(one)]));
}

function readBytes(args: Arguments): Buffer {
  try {
    return fs.readFileSync(args.configFile);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (args.configFileGiven || code !== "ENOENT")
      throw new PlanError(
        `${shown(args.configFile)} cannot be read: ${code === "ENOENT" ? "there is no such file" : code}`,
      );
    const known = environmentsIn(path.dirname(args.configFile));
    throw new PlanError(
      `there is no environment ${args.environment}; ` +
        (known.length > 0 ? `there are: ${known.join(", ")}` : "there is no Pulumi.<environment>.yaml here"),
    );
  }
}

function environmentsIn(folder: string): string[] {
  return fs
    .readdirSync(folder)
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name): name is string => name !== undefined)
    .sort();
}

function secretsOf(value: unknown, args: Arguments): Pick<EnvironmentConfig, "secrets" | "secretNames"> {
  const { names, plain } = storedSecrets(value);
  if (plain.size > 0)
    throw new SettingsError(plainSecretProblems(plain.keys(), shown(args.configFile)), args.environment);
  return { secrets: undefined, secretNames: names };
}

/** Beside the settings, and else where Pulumi runs. */
function projectName(folder: string): string {
  const project = readProject(folder) ?? readProject(".");
  return project?.name ?? "pulumi-kubeadm";
}

/** The file's own name: reports do not depend on where somebody keeps the project. */
function shown(file: string): string {
  return path.basename(file);
}
