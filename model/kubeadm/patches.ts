import type { RenderedFile } from "../renderedFile";
import type { Machine } from "../settings/resolved";
import { toYaml } from "../yaml";
import { kubeletPatch, type KubeletSpec } from "./kubelet";
import { paths } from "./paths";

/**
 * Files of kubeadm's `patches.directory`, named `target[suffix][+patchtype].extension`. Only a merge patch can take a key
 * away, and kubeadm applies it at init, join and `upgrade node` alike.
 */
export function patches(settings: KubeletSpec, machine: Pick<Machine, "role">): RenderedFile[] {
  return [
    {
      path: `${paths.patches}/kubeletconfiguration0+merge.yaml`,
      content: toYaml(kubeletPatch(settings, machine)),
      mode: "0644",
    },
  ];
}
