import type { RenderedFile } from "../renderedFile";
import { toYaml } from "../yaml";
import { folderOf } from "./downloads";
import { components } from "./paths";
import type { CredentialProvider } from "./spec";

const configFile = "/etc/pulumi-kubeadm/credential-providers.yaml";

export function credentialProviderFile({ download, matchImages }: CredentialProvider): RenderedFile {
  return {
    path: configFile,
    mode: "0644",
    content: toYaml({
      apiVersion: "kubelet.config.k8s.io/v1",
      kind: "CredentialProviderConfig",
      providers: [
        {
          // The name is that of the program.
          name: components[download.name].folder,
          apiVersion: "credentialprovider.kubelet.k8s.io/v1",
          matchImages,
          // The provider says itself for how long an answer is good.
          defaultCacheDuration: "0s",
        },
      ],
    }),
  };
}

/** The kubelet's flags; KubeletConfiguration has no fields for them. */
export function credentialProviderFlags(provider: CredentialProvider | undefined): string {
  return provider === undefined
    ? ""
    : ` --image-credential-provider-config=${configFile} --image-credential-provider-bin-dir=${folderOf(provider.download)}/bin`;
}
