/** Scripts of a rotation. Each can run again after any interruption: it writes files, then restarts what reads them. */
import { LABEL_DOMAIN } from "../core/labelDomain";
import { script, type ScriptVariables } from "../core/script";
import { configFolder, paths } from "../kubeadm/paths";
import { approverUnit } from "../kubeadm/approver";
import { staticPodVariables } from "../kubeadm/staticPods";
import { KUBELET_PORT } from "../network/ports";
import { CLUSTER_DOCUMENT } from "../lifecycle/parts";
import { lifecycleScript } from "../lifecycle/scripts";
import type { ClusterMachine } from "../machine";
import { prelude, putFiles, ROTATION_FILE } from "../node/shell";
import type { RenderedFile } from "../renderedFile";
import type { RotationRecord } from "./phases";

/** Annotation of pods with the CA that they were restarted for. */
const MARK = `${LABEL_DOMAIN}/rotation`;
/** Annotation of a workload; with the value `keep` its pods keep running. */
export const KEEP = `${LABEL_DOMAIN}/rotation-restart`;
/** Seconds that all workloads have together to be ready again. */
const WORKLOADS_WITHIN = 900;

function part(name: string, variables: ScriptVariables = {}): string {
  return script(`rotation/scripts/${name}.sh`, variables);
}

/** Prints what `readHostKeys` reads; changes nothing. */
export function readKeysScript(): string {
  return `${prelude()}${part("read", { pki: paths.pki, rotation_file: ROTATION_FILE })}`;
}

function recorded(record: RotationRecord): string {
  return part("record", { record: JSON.stringify(record), rotation_file: ROTATION_FILE });
}

function signingBy(certificate: string): string {
  return part("signing-file", { signing_certificate: certificate, config_folder: configFolder });
}

function restarts({ nodeName }: ClusterMachine, renews: boolean): string {
  return part("control-plane", {
    ...staticPodVariables,
    node: nodeName,
    renews,
    cluster_document: CLUSTER_DOCUMENT,
  });
}

/**
 * A control-plane node trusts the former CAs and the new ones.
 * @param signing what the controller manager signs with; it reads it before `ca.crt` has several
 */
export function trustScript(
  machine: ClusterMachine,
  signing: RenderedFile,
  others: readonly RenderedFile[],
  record: RotationRecord,
): string {
  return [
    prelude(),
    "phase 'old and new CAs are trusted'\n",
    recorded({ ...record, phase: "begun" }),
    putFiles([signing]),
    signingBy(paths.signing),
    putFiles(others),
    restarts(machine, false),
    recorded(record),
  ].join("");
}

/** A control-plane node signs with the new keys, and shows certificates of the new CAs. */
export function signScript(
  machine: ClusterMachine,
  files: readonly RenderedFile[],
  record: RotationRecord,
): string {
  return [
    prelude(),
    "phase 'the new CAs sign'\n",
    signingBy(paths.signing),
    putFiles(files),
    restarts(machine, true),
    recorded(record),
  ].join("");
}

/** A control-plane node forgets the former CAs and keys. */
export function finishScript(
  machine: ClusterMachine,
  files: readonly RenderedFile[],
  record: RotationRecord,
): string {
  return [
    prelude(),
    "phase 'the old CAs are gone'\n",
    putFiles(files),
    signingBy(`${paths.pki}/ca.crt`),
    restarts(machine, false),
    `rm -f ${paths.signing}\n`,
    recorded(record),
  ].join("");
}

/** A worker trusts what the file has. */
export function workerScript(machine: ClusterMachine, file: RenderedFile, record: RotationRecord): string {
  const what = record.phase === "finished" ? "the old CA is gone" : "old and new CA are trusted";
  return [
    prelude(),
    `phase '${what}'\n`,
    ...(record.phase === "trusted" ? [recorded({ ...record, phase: "begun" })] : []),
    putFiles([file]),
    part("worker", { pki: paths.pki, node: machine.nodeName }),
    recorded(record),
  ].join("");
}

/** A kubelet gets certificates of the new CA, and its pods tokens of the new key. */
export function issueScript(
  machine: ClusterMachine,
  target: { readonly certificate: string; readonly tokenKey: string; readonly serves: boolean },
  record: RotationRecord,
): string {
  return [
    prelude(),
    part("kubelet-certificate", {
      node: machine.nodeName,
      authority: target.certificate.trim(),
      serves: target.serves,
    }),
    part("tokens", { node: machine.nodeName, key_id: target.tokenKey }),
    recorded(record),
  ].join("");
}

/** Run on a control-plane node: waits until the kubelet of another machine has its serving certificate. */
export function servingScript(machine: ClusterMachine): string {
  return `${prelude()}${lifecycleScript("serving-certificate", {
    node: machine.nodeName,
    kubelet_url: `https://${machine.nodeAddress}:${KUBELET_PORT}/healthz`,
    approver_unit: `${approverUnit}.service`,
  })}`;
}

/**
 * Run on a control-plane node: everything in the cluster that carries a CA has those of its `ca.crt`.
 * @param alone they are the new ones, and no other
 */
export function publishedScript(certificate: string, alone: boolean): string {
  return `${prelude()}${part("published", { pki: paths.pki, alone, authority: certificate.trim() })}`;
}

/** Run on a control-plane node: workloads whose pods ask the API restart, once for each new CA. */
export function workloadsScript(authority: string): string {
  return `${prelude()}${part("workloads", {
    mark_key: MARK,
    mark: authority.slice(0, 16),
    keep_key: KEEP,
    within: WORKLOADS_WITHIN,
  })}`;
}

/** Run on every node before the new CAs sign: waits until running pods have them in their volumes. */
export function podAuthoritiesScript(machine: Pick<ClusterMachine, "nodeName">, certificate: string): string {
  return `${prelude()}${part("pod-authorities", {
    node: machine.nodeName,
    pki: paths.pki,
    authority: certificate.trim(),
  })}`;
}

/** Run on a control-plane node when all of them sign with the new service-account key. */
export function secretTokensScript(tokenKey: string): string {
  return `${prelude()}${part("secret-tokens", { key_id: tokenKey })}`;
}

/** Names of all Nodes, one in a line. */
export function nodesScript(): string {
  return `${prelude()}kubectl get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'\n`;
}
