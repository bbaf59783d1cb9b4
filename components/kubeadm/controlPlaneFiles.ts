import * as pulumi from "@pulumi/pulumi";
import type { SecretFile } from "../../host/protocol";
import { backupPaths, backupSecrets } from "../../model/etcd/backup/files";
import { encryptionConfiguration, paths, secretComponentFiles } from "../../model/kubeadm";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { Pki } from "../pki/pki";
import type { Secrets } from "../secrets";

/** Key pairs, encryption keys and the files that the settings name: what every control-plane node gets. Secret. */
export function filesOfControlPlane(
  settings: ClusterSettings,
  pki: Pki,
  secrets: Secrets,
): pulumi.Output<readonly SecretFile[]> {
  const named = settings.encryption.keys.filter((key) => key !== "generated");
  const given = Object.fromEntries(named.map((key) => [key, secrets[key] ?? ""]));
  const brought = secretComponentFiles(settings).map(({ path, secret }) => ({
    path,
    content: secrets[secret] ?? "",
  }));
  const { backup } = settings.etcd;
  const ofBackup =
    backup === undefined
      ? []
      : [
          { path: backupPaths.key, content: pki.backupKey },
          ...backupSecrets({ backup }).map(({ path, secret }) => ({
            path,
            content: secrets[secret] ?? "",
          })),
        ];
  const oidcCa = settings.oidc?.ca === undefined ? undefined : (secrets[settings.oidc.ca] ?? "");
  return pulumi.secret(
    pulumi
      .all([
        pki.controlPlaneFiles,
        pki.encryptionKeyOf(settings.encryption.rotation),
        pulumi.output(given),
        pulumi.output(oidcCa),
        pulumi.output([...brought, ...ofBackup]),
      ])
      .apply(([files, generated, keys, ca, more]) => [
        ...files,
        {
          path: paths.wantedEncryption,
          content: encryptionConfiguration(settings, { ...keys, generated }),
        },
        ...more,
        ...(ca === undefined ? [] : [{ path: paths.oidcCa, content: ca }]),
      ]),
  );
}
