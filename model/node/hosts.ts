import type { RenderedFile } from "../renderedFile";
import { script } from "../core/script";
import { hostsScript } from "./paths";
import { putFile } from "./prelude";
import type { NodeSetupSpec } from "./spec";

/**
 * Puts the block into /etc/hosts where it differs. It is its own program, run before each start of the kubelet,
 * because cloud-init's `manage_etc_hosts` writes the whole file again at each boot.
 */
export function hostsScriptFile({ hosts }: Pick<NodeSetupSpec, "hosts">): RenderedFile {
  return {
    path: hostsScript,
    mode: "0755",
    content: script("node/scripts/hosts-block.sh", {
      block: hosts.map(({ address, name }) => `${address} ${name}`),
    }),
  };
}

export function hostsPhase(file: RenderedFile): string {
  return `phase hosts\n${putFile(file)}${hostsScript}\n`;
}
