import { type Problem, pathText } from "./problems";

/** What is under `kubeadm:secrets`. */
export interface StoredSecrets {
  /** Undefined where the object is encrypted as a whole. */
  readonly names: readonly string[] | undefined;
  /** What is not encrypted, by its name; "" stands for the whole object. */
  readonly plain: ReadonlyMap<string, unknown>;
}

/** Reads the value of `kubeadm:secrets` in a stack file. */
export function storedSecrets(value: unknown): StoredSecrets {
  if (value === undefined || value === null) return { names: [], plain: new Map() };
  if (isEncrypted(value)) return { names: undefined, plain: new Map() };
  if (typeof value !== "object" || Array.isArray(value)) return { names: [], plain: new Map([["", value]]) };
  const entries = Object.entries(value);
  return {
    names: entries.map(([name]) => name),
    plain: new Map(entries.filter(([, one]) => !isEncrypted(one))),
  };
}

/** Secrets in plain text as problems, with the command that puts each right. @param where the file, as it is called */
export function plainSecretProblems(names: Iterable<string>, where: string): Problem[] {
  return [...names].map((name) => ({
    path: pathText(name === "" ? ["kubeadm:secrets"] : ["kubeadm:secrets", name]),
    value: "[hidden]",
    message: `is not encrypted in ${where}`,
    allowed:
      name === ""
        ? "names, each with one encrypted value: pulumi config rm kubeadm:secrets, then " +
          secretCommand("NAME")
        : `an encrypted value: ${secretCommand(name)}; create a new secret if others could read this one`,
  }));
}

/** The command that sets a secret, encrypted, from a file. */
export function secretCommand(name: string): string {
  const path = /^[A-Za-z0-9_-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  return `pulumi config set --secret --path 'kubeadm:secrets${path}' < FILE`;
}

/**
 * `{secure: <ciphertext>}` as `pulumi config set --secret` writes it: base64, for some providers with a version before it. A text that
 * somebody wrote there by hand is not encrypted.
 */
export function isEncrypted(value: unknown): boolean {
  if (value === null || typeof value !== "object" || Object.keys(value).length !== 1) return false;
  const { secure } = value as { secure?: unknown };
  return typeof secure === "string" && /^[A-Za-z0-9+/=:_.-]+$/.test(secure);
}
