import { STATIC_POD_PREFIX, STATIC_PODS_DIR } from "../extras/staticPods";
import type { RenderedFile } from "../renderedFile";
import { putFiles, STATE_DIR, word } from "../node/shell";

/** Where our files lie before the kubelet may see them: it starts whatever it finds in its own folder, half written or not. */
const READY_DIR = `${STATE_DIR}/static-pods`;

export function isStaticPod(file: RenderedFile): boolean {
  return file.path.startsWith(STATIC_POD_PREFIX);
}

/**
 * Gives the kubelet the pods that people bring, once the host is a node; those no longer among the files are taken away,
 * and with them the kubelet's pods. kubeadm's own files in the folder are left alone.
 */
export function placeStaticPods(files: readonly RenderedFile[]): string {
  const pods = files.filter(isStaticPod);
  const ready = (file: RenderedFile): string => `${READY_DIR}/${file.path.slice(STATIC_POD_PREFIX.length)}`;
  const keep = pods.length === 0 ? "" : `${pods.map((file) => word(file.path)).join("|")}) ;; `;
  // A name that begins with a dot is not looked at (pkg/kubelet/config/file_linux.go).
  const place = (file: RenderedFile): string => {
    const from = word(ready(file));
    const to = word(file.path);
    const hidden = word(`${STATIC_PODS_DIR}/.${file.path.slice(STATIC_PODS_DIR.length + 1)}`);
    return `cmp -s ${from} ${to} || { install -m 0600 ${from} ${hidden}; replace ${hidden} ${to}; }\n`;
  };
  return `for old in ${STATIC_POD_PREFIX}*.yaml; do
  case "$old" in ${keep}*) rm -f "$old" ;; esac
done
${pods.length === 0 ? "" : `phase "static pods"\nmkdir -p ${STATIC_PODS_DIR}\n`}${putFiles(
    pods.map((file) => ({ ...file, path: ready(file) })),
  )}${pods.map(place).join("")}`;
}
