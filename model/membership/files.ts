import { createHash } from "node:crypto";
import { awsMasterFiles } from "../aws/boot/master";
import {
  apiServerFiles,
  approverUnits,
  initDocuments,
  joinDocument,
  patches,
  renewalUnits,
} from "../kubeadm";
import { staticPodFiles } from "../own/staticPods";
import type { RenderedFile } from "../renderedFile";
import type { ClusterSettings, Machine } from "../settings/resolved";
import { toYaml } from "../yaml";
import { joinFileCommand } from "./joining";
import { CLUSTER_DOCUMENT, DISCOVERY_FILE, JOIN_DOCUMENT, PATCHES_DIR } from "./parts";

/**
 * Everything but keys that a node is configured by, the same whether it was the first or joined later.
 * @param oidcCa the OIDC issuer's CA in PEM, where the settings name one
 */
export function memberFiles(settings: ClusterSettings, machine: Machine, oidcCa = ""): RenderedFile[] {
  const join: RenderedFile = {
    path: JOIN_DOCUMENT,
    mode: "0600",
    content: joinDocument(settings, machine, DISCOVERY_FILE),
  };
  if (machine.role !== "controlPlane") {
    return [join, ...patches(settings, machine), ...staticPodFiles(settings, machine)];
  }
  const apiServer = apiServerFiles(settings, { oidcCa });
  return [
    { path: CLUSTER_DOCUMENT, mode: "0600", content: initDocuments(settings, machine) },
    join,
    ...patches(settings, machine),
    apiServerPatch(apiServer),
    ...apiServer,
    ...renewalUnits(settings),
    ...approverUnits(settings),
    joinFileCommand(),
    ...staticPodFiles(settings, machine),
    ...awsMasterFiles(settings),
  ];
}

/**
 * The API server reads its files when it starts. Their digest in the static pod's annotations makes a changed file a
 * changed manifest, which kubeadm rolls out like any other. (Encryption keys are reloaded without a restart.)
 */
function apiServerPatch(files: readonly RenderedFile[]): RenderedFile {
  const annotations = { "kubeadm.pulumi.com/files": digestOf(files) };
  return {
    path: `${PATCHES_DIR}/kube-apiserver0+merge.yaml`,
    mode: "0644",
    content: toYaml({ metadata: { annotations } }),
  };
}

/** SHA-256 in hex over rendered files: changes when anything a host would get changes. */
export function digestOf(files: readonly RenderedFile[], ...more: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file.path}\0${file.mode ?? "0644"}\0${file.content}\0`);
  for (const text of more) hash.update(`${text}\0`);
  return hash.digest("hex");
}
