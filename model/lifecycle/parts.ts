import { configFolder, paths } from "../kubeadm";
import { binaryPath } from "../node/paths";
import type { RenderedFile } from "../renderedFile";
import type { NodeIdentity } from "./identity";
import { isStaticPod } from "./staticPods";
import { putFiles, STATE_DIR } from "../node/shell";
import type { ScriptVariables } from "../core/script";
import { lifecycleScript } from "./scripts";

/** Where the discovery file of a join lies: memory, removed when the join is over. */
export const DISCOVERY_FILE = "/run/pulumi-kubeadm/discovery.conf";
/** The cluster's own documents, on control-plane nodes: init reads them, and every later upload of the configuration. */
export const CLUSTER_DOCUMENT = `${configFolder}/kubeadm.yaml`;
export const JOIN_DOCUMENT = `${configFolder}/join.yaml`;
export const PATCHES_DIR = paths.patches;
/** Seconds for which etcd is given to serve by another manifest; its own probe gives it four minutes. */
export const ETCD_SERVES_WITHIN = 180;
/** Where the kubelet reads etcd's pod. */
export const ETCD_MANIFEST = "/etc/kubernetes/manifests/etcd.yaml";
/** Digest of the files that the running kubelet was started with. */
export const KUBELET_FILES = `${STATE_DIR}/kubelet.applied`;
/** Prints a join file of hours and the kubeadm line that takes it; installed on every control-plane node. */
export const JOIN_FILE_COMMAND = "/usr/local/sbin/pulumi-kubeadm-join-file";

export function setState(facts: NodeIdentity, state: "initialising" | "joining" | "joined"): string {
  return lifecycleScript("set-state", { record: JSON.stringify({ ...facts, state }) });
}

/** Paths of a version's programs. */
export function kubernetesBinaries(version: string): Record<string, string> {
  const names = ["kubeadm", "kubelet", "kubectl"] as const;
  return Object.fromEntries(names.map((name) => [name, binaryPath(name, version)]));
}

/** For `use-kubernetes.sh`. */
export function kubernetesVariables(version: string): ScriptVariables {
  return { kubernetes_version: version, binaries: kubernetesBinaries(version) };
}

export function putNodeFiles(files: readonly RenderedFile[]): string {
  const kept = files.map((file) => file.path).filter((path) => path.startsWith(`${PATCHES_DIR}/`));
  const put = putFiles(files.filter((file) => !isStaticPod(file)));
  return `${lifecycleScript("clear-folder", { kept_patches: kept })}${put}`;
}

/** Timers that are among the files. */
export function startUnits(files: readonly RenderedFile[]): string {
  const timers = files
    .filter((file) => file.path.startsWith("/etc/systemd/system/") && file.path.endsWith(".timer"))
    .map((file) => file.path.split("/").pop() as string);
  return timers.length === 0 ? "" : lifecycleScript("start-timers", { timers });
}
