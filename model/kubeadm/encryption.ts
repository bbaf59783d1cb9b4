import type { ClusterSettings } from "../settings/resolved";
import { toYaml } from "../yaml";

/**
 * EncryptionConfiguration of the API server (apiserver.config.k8s.io/v1), a secret. The first key encrypts, all decrypt;
 * `identity` last lets Secrets be read that were written before there was a key.
 * @param keys base64 keys of 32 bytes by name
 * @throws Error when a key of the settings is not among `keys`
 */
export function encryptionConfiguration(
  settings: ClusterSettings,
  keys: Readonly<Record<string, string>>,
): string {
  const { provider, keys: names } = settings.encryption;
  const list = names.map((name) => {
    const secret = keys[name];
    if (secret === undefined) throw new Error(`encryption key "${name}" was not given`);
    return { name, secret };
  });
  return toYaml({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [{ resources: ["secrets"], providers: [{ [provider]: { keys: list } }, { identity: {} }] }],
  });
}
