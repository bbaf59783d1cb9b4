import { createHash } from "node:crypto";
import { awsMasterFiles } from "../aws/boot/master";
import { poolRule } from "../aws/boot/joins";
import {
  apiServerFiles,
  approverUnits,
  joinAccessFile,
  joinApproverUnits,
  initDocuments,
  joinDocument,
  patches,
  renewalUnits,
} from "../kubeadm";
import { plainComponentFiles } from "../kubeadm/componentFiles";
import { staticPodFiles } from "../own/staticPods";
import type { RenderedFile } from "../renderedFile";
import type { ClusterSettings, Machine } from "../settings/resolved";
import { namedByDigest } from "./fileNames";
import { joinFileCommand } from "./joining";
import { CLUSTER_DOCUMENT, DISCOVERY_FILE, JOIN_DOCUMENT } from "./parts";

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
  const apiServer = namedByDigest(apiServerFiles(settings, { oidcCa }), plainComponentFiles(settings));
  return [
    { path: CLUSTER_DOCUMENT, mode: "0600", content: apiServer.rename(initDocuments(settings, machine)) },
    join,
    ...patches(settings, machine),
    ...apiServer.files,
    ...renewalUnits(settings),
    ...approverUnits(settings),
    joinAccessFile(),
    ...joinApproverUnits(poolRule(settings)),
    joinFileCommand(),
    ...staticPodFiles(settings, machine),
    ...awsMasterFiles(settings),
  ];
}

/** SHA-256 in hex over rendered files: changes when anything a host would get changes. */
export function digestOf(files: readonly RenderedFile[], ...more: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file.path}\0${file.mode ?? "0644"}\0${file.content}\0`);
  for (const text of more) hash.update(`${text}\0`);
  return hash.digest("hex");
}
