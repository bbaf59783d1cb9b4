import { ADDON_KEYS, addonOf } from "../addons";
import { domainOf } from "../cni";
import { entriesOf } from "./entries";
import { PARTS } from "./parts";
import type { Path } from "./problems";
import type { AnyInput } from "./schema/cluster";

/** What a secret must be, by where it is used. */
export type SecretUse =
  | "sshKey"
  | "encryptionKey"
  | "certificate"
  | "meshPassword"
  | "bgpPassword"
  | "login"
  | "accessKey"
  | "token"
  | "privateKey"
  | "text";

/** Stands in for a secret whose value is an output, which cannot be checked. */
export const UNREAD = Symbol("unread");

export interface SecretReference {
  readonly path: Path;
  readonly name: string;
  readonly use: SecretUse;
}

/** The encryption key, or on AWS the SSH key, that the stack makes itself; it is in no `kubeadm:secrets`. */
const GENERATED_KEY = "generated";

/**
 * Every place in the settings that names a secret.
 *
 * @param keysElsewhere machines whose private keys are not among the cluster's secrets
 */
export function referredSecrets(input: AnyInput, keysElsewhere: readonly string[] = []): SecretReference[] {
  const named = (use: SecretUse, path: Path, name: string | undefined): SecretReference[] =>
    name === undefined ? [] : [{ path, name, use }];
  const made = (name: string | undefined) => (name === GENERATED_KEY ? undefined : name);
  const { machines = {}, bastion, encryption, ssh, proxy, images, oidc, cni } = input;
  return [
    ...Object.entries(machines).flatMap(([name, { key }]) =>
      keysElsewhere.includes(name) ? [] : named("sshKey", ["machines", name, "key"], key),
    ),
    ...named("sshKey", ["bastion", "key"], bastion?.key),
    ...entriesOf(encryption?.keys).flatMap(([index, name]) =>
      named("encryptionKey", ["encryption", "keys", index], made(name)),
    ),
    ...named("sshKey", ["ssh", "key"], made(ssh?.key)),
    ...PARTS.flatMap((part) => part.secrets?.(input) ?? []).flatMap(({ path, name, use = "text" }) =>
      named(use, path, name),
    ),
    ...(["apiServer", "controllerManager", "scheduler"] as const).flatMap((component) =>
      Object.entries(input[component]?.files ?? {}).flatMap(([file, given]) =>
        typeof given === "string" ? [] : named("text", [component, "files", file, "secret"], given.secret),
      ),
    ),
    ...named("login", ["proxy", "credentials"], proxy?.credentials),
    ...Object.entries(images?.registries ?? {}).flatMap(([host, { credentials, token, clientKey }]) => {
      const path = ["images", "registries", host];
      return [
        ...named("login", [...path, "credentials"], credentials),
        ...named("token", [...path, "token"], token),
        ...named("privateKey", [...path, "clientKey"], clientKey),
      ];
    }),
    ...named("certificate", ["oidc", "ca"], oidc?.ca),
    ...(cni === undefined ? [] : (domainOf(cni.kind).secrets?.(cni) ?? [])).flatMap(({ use, path, name }) =>
      named(use, path, name),
    ),
    ...ADDON_KEYS.flatMap((key) =>
      (addonOf(key).secrets?.(input[key] ?? {}) ?? []).flatMap(({ path, name }) =>
        named("bgpPassword", path, name),
      ),
    ),
  ];
}
