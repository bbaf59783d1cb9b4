import { sha256 } from "../core/hash";
import { awsControlPlaneFiles } from "../aws/node/controlPlane";
import { poolRule } from "../aws/node/joins";
import {
  apiServerFiles,
  approverUnits,
  JOIN_ACCESS_FILE,
  joinApproverUnits,
  initDocuments,
  joinDocument,
  patches,
  renewalUnits,
} from "../kubeadm";
import { backupFiles } from "../etcd/backup/files";
import { plainComponentFiles } from "../kubeadm/componentFiles";
import { staticPodFiles } from "../extras/staticPods";
import { maintenanceFiles } from "../maintenance/files";
import type { RenderedFile } from "../renderedFile";
import { namedByDigest } from "./fileNames";
import { joinFileCommand } from "./joining";
import { CLUSTER_DOCUMENT, DISCOVERY_FILE, JOIN_DOCUMENT } from "./parts";
import type { NodeSpec } from "./spec";

/**
 * Everything but keys that a node is configured by, the same whether it was the first or joined later.
 * @param oidcCa the OIDC issuer's CA in PEM, where the settings name one
 */
export function filesOfNode(spec: NodeSpec, oidcCa = ""): RenderedFile[] {
  const { machine, controlPlane } = spec;
  const join: RenderedFile = {
    path: JOIN_DOCUMENT,
    mode: "0600",
    content: joinDocument(spec, machine, DISCOVERY_FILE),
  };
  const kubelet = [...patches(spec, machine), ...maintenanceFiles(spec)];
  const pods = staticPodFiles(spec.staticPods);
  if (controlPlane === undefined) return [join, ...kubelet, ...pods];
  const apiServer = namedByDigest(
    apiServerFiles(controlPlane, { oidcCa }),
    plainComponentFiles(controlPlane),
  );
  return [
    { path: CLUSTER_DOCUMENT, mode: "0600", content: apiServer.rename(initDocuments(controlPlane, machine)) },
    join,
    ...kubelet,
    ...apiServer.files,
    ...renewalUnits(controlPlane),
    ...backupFiles(controlPlane, machine),
    ...approverUnits(controlPlane),
    JOIN_ACCESS_FILE,
    ...joinApproverUnits(poolRule(controlPlane)),
    joinFileCommand(),
    ...pods,
    ...awsControlPlaneFiles(controlPlane),
  ];
}

/** SHA-256 in hex over rendered files: changes when anything a host would get changes. */
export function digestOf(files: readonly RenderedFile[], ...more: readonly string[]): string {
  const parts = files.map((file) => `${file.path}\0${file.mode ?? "0644"}\0${file.content}\0`);
  return sha256([...parts, ...more.map((text) => `${text}\0`)].join(""));
}
