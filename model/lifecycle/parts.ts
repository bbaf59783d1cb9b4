import { configFolder, paths } from "../kubeadm";
import { binaryPath, linkFolder } from "../node/paths";
import type { RenderedFile } from "../renderedFile";
import type { NodeIdentity } from "./identity";
import { isStaticPod } from "./staticPods";
import { RECORD_FILE, putFiles, STATE_DIR, word } from "../node/shell";

/** Where the discovery file of a join lies: memory, removed when the join is over. */
export const DISCOVERY_FILE = "/run/pulumi-kubeadm/discovery.conf";
/** The cluster's own documents, on control-plane nodes: init reads them, and every later upload of the configuration. */
export const CLUSTER_DOCUMENT = `${configFolder}/kubeadm.yaml`;
export const JOIN_DOCUMENT = `${configFolder}/join.yaml`;
export const PATCHES_DIR = paths.patches;
/** Digest of the files that the running kubelet was started with. */
export const KUBELET_FILES = `${STATE_DIR}/kubelet.applied`;
/** Prints a join file of hours and the kubeadm line that takes it; installed on every control-plane node. */
export const JOIN_FILE_COMMAND = "/usr/local/sbin/pulumi-kubeadm-join-file";

export function setState(facts: NodeIdentity, state: "initialising" | "joining" | "joined"): string {
  const text = JSON.stringify({ ...facts, state });
  return `mkdir -p "$(dirname ${RECORD_FILE})"\nprintf '%s\\n' ${word(text)} >${RECORD_FILE}.tmp\nreplace ${RECORD_FILE}.tmp ${RECORD_FILE}\n`;
}

/** Points the commands at one version; a running kubelet is restarted by whoever asks for the switch. */
export function useKubernetes(version: string): string {
  return (["kubeadm", "kubelet", "kubectl"] as const)
    .map(
      (name) =>
        `[ -x ${binaryPath(name, version)} ] || die "${name} ${version} is not on this host: its setup did not finish"\n` +
        `ln -sfn ${binaryPath(name, version)} ${linkFolder}/${name}`,
    )
    .join("\n");
}

/** Files whose directory kubeadm and the kubelet read as a whole; what is no longer rendered has to go. */
export function putNodeFiles(files: readonly RenderedFile[]): string {
  const keep = files.filter((file) => file.path.startsWith(`${PATCHES_DIR}/`)).map((file) => file.path);
  return `mkdir -p ${configFolder} ${PATCHES_DIR}
for old in ${PATCHES_DIR}/*; do
  case "$old" in ${keep.length === 0 ? "" : `${keep.map(word).join("|")}) ;; `}*) rm -f "$old" ;; esac
done
${putFiles(files.filter((file) => !isStaticPod(file)))}`;
}

/** Timers that are among the files. */
export function startUnits(files: readonly RenderedFile[]): string {
  const units = files
    .filter((file) => file.path.startsWith("/etc/systemd/system/") && file.path.endsWith(".timer"))
    .map((file) => file.path.split("/").pop() as string);
  if (units.length === 0) return "";
  return `systemctl daemon-reload\n${units.map((unit) => `systemctl enable --now ${word(unit)}`).join("\n")}\n`;
}
