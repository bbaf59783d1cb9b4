import type { RenderedFile } from "../renderedFile";
import type { ClusterSettings, Machine } from "../settings/resolved";
import { toYaml } from "../yaml";
import { kubeletPatch } from "./kubelet";
import { paths } from "./paths";

/**
 * Files of kubeadm's `patches.directory`, named `target[suffix][+patchtype].extension`. Only a merge patch can take a key
 * away, and kubeadm applies it at init, join and `upgrade node` alike.
 */
export function patches(settings: ClusterSettings, machine: Machine): RenderedFile[] {
  return [
    {
      path: `${paths.patches}/kubeletconfiguration0+merge.yaml`,
      content: toYaml(kubeletPatch(settings, machine)),
      mode: "0644",
    },
  ];
}
