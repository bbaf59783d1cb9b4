import { STATIC_POD_PREFIX, STATIC_PODS_DIR } from "../extras/staticPods";
import type { RenderedFile } from "../renderedFile";
import { putFiles, STATE_DIR } from "../node/shell";
import { lifecycleScript } from "./scripts";

/** Where our files lie before the kubelet may see them: it starts whatever it finds in its own folder, half written or not. */
const READY_DIR = `${STATE_DIR}/static-pods`;

export function isStaticPod(file: RenderedFile): boolean {
  return file.path.startsWith(STATIC_POD_PREFIX);
}

/**
 * Gives the kubelet your own pods, once the host is a node; those no longer among the files are taken away,
 * and with them the kubelet's pods. kubeadm's own files in the folder are left alone.
 */
export function placeStaticPods(files: readonly RenderedFile[]): string {
  const pods = files.filter(isStaticPod);
  const paths = {
    pods: pods.map((file) => file.path),
    pods_prefix: STATIC_POD_PREFIX,
    pods_folder: STATIC_PODS_DIR,
  };
  const ready = pods.map((file) => ({
    ...file,
    path: `${READY_DIR}/${file.path.slice(STATIC_POD_PREFIX.length)}`,
  }));
  return [
    lifecycleScript("static-pods-drop", paths),
    putFiles(ready),
    ...(pods.length === 0
      ? []
      : [lifecycleScript("static-pods-place", { ...paths, ready_folder: READY_DIR })]),
  ].join("");
}
