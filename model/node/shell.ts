import { script } from "../core/script";
import { sh } from "../text";
import type { RenderedFile } from "../renderedFile";

/** Where the library keeps what it knows about a host: which machine it is and which cluster it belongs to. */
export const STATE_DIR = "/var/lib/pulumi-kubeadm";
/** Lies on a control-plane node from the moment that Secrets are encrypted with another key until all are rewritten. */
export const REWRITE_MARK = `${STATE_DIR}/encryption.rewrite`;
export const RECORD_FILE = `${STATE_DIR}/node.json`;
export const SETUP_FILE = `${STATE_DIR}/setup.json`;
/** What a host keeps of the rotation of its certificates. */
export const ROTATION_FILE = `${STATE_DIR}/rotation.json`;
export const ADMIN = "/etc/kubernetes/admin.conf";

/** What every script of a node's life starts with: as setup's, and `kubectl` is the administrator. */
export function prelude(): string {
  return script("node/scripts/admin.sh", { admin_config: ADMIN });
}

/** Embeds files into a script; base64 keeps any content apart from the shell. */
export function putFiles(files: readonly RenderedFile[]): string {
  return files
    .map((file) => {
      const encoded = Buffer.from(file.content, "utf8")
        .toString("base64")
        .replace(/.{1,100}/g, "$&\n");
      return `put ${sh(file.path)} ${file.mode ?? "0644"} <<'END_OF_FILE'\n${encoded}END_OF_FILE\n`;
    })
    .join("");
}
