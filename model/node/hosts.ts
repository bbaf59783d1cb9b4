import type { RenderedFile } from "../renderedFile";
import { searchPath } from "../core/searchPath";
import { installRoot } from "./paths";
import { putFile } from "./prelude";
import type { NodeSetupSpec } from "./spec";

export const blockBegin = "# BEGIN pulumi-kubeadm";
export const blockEnd = "# END pulumi-kubeadm";
export const hostsScript = `${installRoot}/bin/hosts-block`;

/**
 * Puts the block into /etc/hosts where it differs. It is a program of its own, run before each start of the kubelet,
 * because cloud-init's `manage_etc_hosts` writes the whole file anew at each boot.
 */
export function hostsScriptFile({ hosts }: Pick<NodeSetupSpec, "hosts">): RenderedFile {
  const block = [blockBegin, ...hosts.map(({ address, name }) => `${address} ${name}`), blockEnd].join("\n");
  return {
    path: hostsScript,
    mode: "0755",
    content: `#!/usr/bin/env bash
# Keeps this library's block in the hosts file; the file's other lines are left as they are.
set -euo pipefail
export LC_ALL=C PATH="${searchPath}"
hosts=\${1:-/etc/hosts}
new=$hosts.pulumi-kubeadm-new
{
  if [ -e "$hosts" ]; then sed '/^${blockBegin}$/,/^${blockEnd}$/d' "$hosts"; fi
  cat <<'BLOCK'
${block}
BLOCK
} >"$new"
if cmp -s "$new" "$hosts"; then
  rm -f "$new"
else
  chmod 0644 "$new"
  # Where the file is a mount of its own it cannot be replaced, only written.
  mv -f "$new" "$hosts" 2>/dev/null || { cat "$new" >"$hosts" && rm -f "$new"; }
  echo "wrote $hosts"
fi
`,
  };
}

export function hostsPhase(file: RenderedFile): string {
  return `
phase hosts
${putFile(file)}${hostsScript}
`;
}
