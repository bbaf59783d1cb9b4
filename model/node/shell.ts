import { searchPath } from "../core/searchPath";
import type { RenderedFile } from "../renderedFile";

/** Where the library keeps what it knows about a host: which machine it is and which cluster it belongs to. */
export const STATE_DIR = "/var/lib/pulumi-kubeadm";
export const RECORD_FILE = `${STATE_DIR}/node.json`;
export const SETUP_FILE = `${STATE_DIR}/setup.json`;
export const ADMIN = "/etc/kubernetes/admin.conf";

/** One word for a POSIX shell, whatever is in it. */
export function word(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * What every script of this folder starts with. `put` writes standard input (base64) to a file in one step and only
 * where the content differs, and counts it in `changed`, so that a second run restarts nothing.
 */
export function prelude(): string {
  return `#!/usr/bin/env bash
set -euo pipefail
umask 077
export LC_ALL=C PATH="${searchPath}" KUBECONFIG=${ADMIN}
changed=""
phase() { echo "##phase $1"; }
note() { echo "##note $1"; }
die() { echo "##error $1"; exit 1; }
# replace NEW FILE: a power cut leaves the old content or the new, never an empty file.
replace() {
  sync "$1"
  mv -f "$1" "$2"
  sync "$(dirname "$2")"
}
put() {
  local path=$1 mode=$2 temporary
  mkdir -p "$(dirname "$path")"
  temporary=$(mktemp "$path.XXXXXX")
  base64 -d >"$temporary"
  chmod "$mode" "$temporary"
  if [ -f "$path" ] && cmp -s "$temporary" "$path"; then
    rm -f "$temporary"
    chmod "$mode" "$path"
  else
    replace "$temporary" "$path"
    changed="$changed $path"
  fi
}
`;
}

/** Embeds files into a script; base64 keeps any content apart from the shell. */
export function putFiles(files: readonly RenderedFile[]): string {
  return files
    .map((file) => {
      const encoded = Buffer.from(file.content, "utf8")
        .toString("base64")
        .replace(/.{1,100}/g, "$&\n");
      return `put ${word(file.path)} ${file.mode ?? "0644"} <<'END_OF_FILE'\n${encoded}END_OF_FILE\n`;
    })
    .join("");
}
