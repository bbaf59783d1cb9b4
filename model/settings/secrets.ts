import { ADDON_KEYS, addonOf } from "../addons";
import { domainOf } from "../cni";
import type { Draft } from "./pick";
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
  | "token"
  | "privateKey"
  | "text";

/** Stands for a secret that is there and whose value comes too late to be checked. */
export const UNREAD = Symbol("unread");

export interface SecretReference {
  readonly path: Path;
  readonly name: string;
  readonly use: SecretUse;
}

/** The encryption key, or on AWS the SSH key, that the stack makes itself; it is in no `kubeadm:secrets`. */
const GENERATED_KEY = "generated";

/** Every place in the settings that names a secret. */
export function referredSecrets(input: Draft<AnyInput>): SecretReference[] {
  const references: (SecretReference | { path: Path; name: undefined; use: SecretUse })[] = [
    ...Object.entries(input.machines ?? {}).map(([key, machine]) => ({
      path: ["machines", key, "key"],
      name: machine?.key,
      use: "sshKey" as const,
    })),
    { path: ["bastion", "key"], name: input.bastion?.key, use: "sshKey" },
    ...(input.encryption?.keys ?? []).map((name, index) => ({
      path: ["encryption", "keys", index],
      name: name === GENERATED_KEY ? undefined : name,
      use: "encryptionKey" as const,
    })),
    {
      path: ["ssh", "key"],
      name: input.ssh?.key === GENERATED_KEY ? undefined : input.ssh?.key,
      use: "sshKey",
    },
    ...Object.entries(input.charts ?? {}).flatMap(([chart, given]) =>
      Object.entries(given?.secretValues ?? {}).map(([value, name]) => ({
        path: ["charts", chart, "secretValues", value],
        name,
        use: "text" as const,
      })),
    ),
    ...(["apiServer", "controllerManager", "scheduler"] as const).flatMap((component) =>
      Object.entries(input[component]?.files ?? {}).map(([file, given]) => ({
        path: [component, "files", file, "secret"],
        name: typeof given === "object" ? given.secret : undefined,
        use: "text" as const,
      })),
    ),
    { path: ["proxy", "credentials"], name: input.proxy?.credentials, use: "login" },
    ...Object.entries(input.images?.registries ?? {}).flatMap(([host, given]) => {
      const path = ["images", "registries", host];
      return [
        { path: [...path, "credentials"], name: given?.credentials, use: "login" as const },
        { path: [...path, "token"], name: given?.token, use: "token" as const },
        { path: [...path, "clientKey"], name: given?.clientKey, use: "privateKey" as const },
      ];
    }),
    { path: ["oidc", "ca"], name: input.oidc?.ca, use: "certificate" },
    ...(input.cni?.kind === undefined ? [] : domainOf(input.cni.kind).secrets(input.cni)),
    ...ADDON_KEYS.flatMap((key) => {
      const addon = input[key];
      const named = addon === undefined ? [] : (addonOf(key).secrets?.(addon) ?? []);
      return named.map((secret) => ({ ...secret, use: "bgpPassword" as const }));
    }),
  ];
  return references.filter((reference): reference is SecretReference => reference.name !== undefined);
}
