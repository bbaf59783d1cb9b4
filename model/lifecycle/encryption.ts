/** Scripts that bring the encryption of Secrets to other keys while the cluster lives. */
import { apiServerPort, paths } from "../kubeadm";
import { keyId, writeEncryption, type EncryptionKey } from "../kubeadm/encryption";
import type { ClusterMachine } from "../machine";
import { prelude, putFiles, REWRITE_MARK } from "../node/shell";
import { lifecycleScript } from "./scripts";

/** API servers look for a changed file once a minute (apiserver/pkg/server/options/encryptionconfig/controller). */
const LOADED_WITHIN = 180;

/** What the next line says of the mark: `##mark yes` or `##mark no`. */
export const MARK_LINE = "##mark ";

/** Prints the file that the API server reads, then whether the mark is there. Changes nothing. */
export function readScript(): string {
  return `${prelude()}${lifecycleScript("encryption-read", {
    encryption_file: paths.encryption,
    rewrite_mark: REWRITE_MARK,
    mark_line: MARK_LINE,
  })}`;
}

/** Names of the nodes whose API servers are part of the cluster, one in a line. */
export function apiServersScript(): string {
  return `${prelude()}${lifecycleScript("api-servers")}`;
}

/**
 * Gives the API server of a control-plane node these keys, and waits until it has loaded them: its metrics have the digest of
 * the file (\`apiserver_encryption_config_controller_last_config_info\`, Kubernetes 1.34 and later).
 * @param mark \`set\`: Secrets are to be rewritten from now on; \`clear\`: they are
 */
export function keysScript(
  machine: ClusterMachine,
  what: string,
  keys: readonly EncryptionKey[],
  mark: "set" | "clear" | "keep",
): string {
  const [first] = keys;
  const file = { path: paths.encryption, mode: "0600", content: writeEncryption(keys) };
  return [
    prelude(),
    lifecycleScript("encryption-mark", {
      stage: what,
      key_id: mark === "set" && first !== undefined ? keyId(first) : "",
      rewrite_mark: REWRITE_MARK,
    }),
    putFiles([file]),
    lifecycleScript("encryption-loaded", {
      encryption_file: paths.encryption,
      api_server: `https://${machine.nodeAddress}:${apiServerPort}`,
      machine: machine.name,
      loaded_within: LOADED_WITHIN,
      rewritten: mark === "clear",
      rewrite_mark: REWRITE_MARK,
    }),
  ].join("");
}

/**
 * Run on a control-plane node when all API servers encrypt with the new key: writes every Secret back unchanged, which
 * encrypts it again if another key encrypted it. A Secret that somebody else changes meanwhile gets the new key too.
 */
export function rewriteScript(): string {
  return `${prelude()}${lifecycleScript("encryption-rewrite")}`;
}
