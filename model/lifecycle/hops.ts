/** Scripts of a control plane that goes through a version on its way to another one: etcd and the static pods, and no kubelet. */
import { binaryPath, components, installRoot, nodeScript } from "../node/paths";
import { guarded, undoFolder } from "../node/undo";
import { prelude } from "../node/shell";
import type { ClusterMachine } from "../machine";
import type { Hop } from "../versions";
import { apiServerPort } from "../kubeadm";
import { downloadsFile, proxyVariables } from "../node/downloads";
import { copyVariables } from "./copies";
import { checkPodVariables } from "./draining";
import { checkFlags, healthy, upgradeCheckFlags } from "./converging";
import type { NodeSpec } from "./spec";
import { CLUSTER_DOCUMENT, ETCD_MANIFEST, ETCD_SERVES_WITHIN, PATCHES_DIR } from "./parts";
import { lifecycleScript } from "./scripts";
import { CHANGED_BY, nodeUndo } from "./undo";
import { wellScript } from "./well";

/** kubeadm's document of the version between: the cluster's own with another version. */
const HOP_DOCUMENT = "/run/pulumi-kubeadm-hop.yaml";

/** Seconds for which the cluster is given to be well between two versions. */
const WELL_WITHIN = 300;
/** The same for what a pod reaches. */
const SMOKE_WITHIN = 60;
const DNS_PORT = 53;

export interface ControlPlaneVersions {
  /** x.y.z of the node's API server, by its manifest; by the former one, where a change was cut off, which is put back first. */
  readonly apiServer: string;
  /** kubeadm's ClusterConfiguration, as the cluster has it. */
  readonly configuration: string;
}

/** Prints what a control-plane node runs; changes nothing. */
export function versionsScript(): string {
  return `${prelude()}${lifecycleScript("hop-versions", { undo: undoFolder })}`;
}

/** Reads what `versionsScript` printed. */
export function controlPlaneVersions(output: string): ControlPlaneVersions | undefined {
  const apiServer = /^##api-server v?(\d+\.\d+\.\d+)$/m.exec(output)?.[1];
  const [, configuration = ""] = output.split("##configuration\n");
  return apiServer === undefined ? undefined : { apiServer, configuration };
}

/** Downloads kubeadm of the versions between, where the host does not have it. */
export function fetchScript(hops: readonly Hop[], node: Pick<NodeSpec, "controlPlane">): string {
  const variables = proxyVariables({
    ...(node.controlPlane?.proxy === undefined ? {} : { proxy: node.controlPlane.proxy }),
  });
  return [
    prelude(),
    nodeScript("proxy", { proxy_variables: variables.map(([name, value]) => `${name}=${value}`) }),
    nodeScript("downloads"),
    ...hops.map(({ version, kubeadm }) =>
      lifecycleScript("hop-fetch", {
        kubernetes_version: version,
        kubeadm_folder: `${installRoot}/${components.kubeadm.folder}/${version}`,
        paths: Object.fromEntries(Object.entries(kubeadm).map(([name, { path }]) => [name, path])),
        downloads_file: downloadsFile,
        checksums: Object.fromEntries(Object.entries(kubeadm).map(([name, { sha256 }]) => [name, sha256])),
      }),
    ),
  ].join("");
}

/** Brings the control plane of one node to a version, with the configuration that the cluster has; it goes back where that fails. */
export function hopScript(
  machine: ClusterMachine,
  { version, kubeadm }: Hop,
  node: Pick<NodeSpec, "ignorePreflightErrors" | "controlPlane">,
): string {
  const ignore = checkFlags(node);
  const program = binaryPath("kubeadm", version);
  const common = { kubeadm: program, cluster_document: HOP_DOCUMENT };
  const change = [
    fetchScript([{ version, kubeadm }], node),
    lifecycleScript("hop-begin", {
      kubernetes_version: version,
      living_document: CLUSTER_DOCUMENT,
      hop_document: HOP_DOCUMENT,
    }),
    lifecycleScript("api-ready"),
    lifecycleScript("converge-preflight", {
      ...common,
      kubernetes_version: version,
      check_flags: upgradeCheckFlags(node),
    }),
    lifecycleScript("converge-etcd", {
      ...common,
      ...copyVariables,
      undo_folder: undoFolder,
      api_server: `https://${machine.nodeAddress}:${apiServerPort}`,
      etcd_manifest: ETCD_MANIFEST,
      etcd_within: ETCD_SERVES_WITHIN,
    }),
    lifecycleScript("hop", {
      node: machine.nodeName,
      kubernetes_version: version,
      kubeadm: program,
      upgrade_flags: ["--patches", PATCHES_DIR, ...ignore],
      changed_by_key: CHANGED_BY,
      undo_folder: undoFolder,
    }),
    healthy(machine),
  ].join("");
  const well = wellScript(machine);
  return guarded({ ...nodeUndo(machine, []), change, well, check: well });
}

/**
 * What has to hold before the control plane goes on: run on each of its nodes. The control plane is well, and a pod there gets an address,
 * resolves the name of a Service and reaches it.
 * @param version "": whatever it is
 */
export function gateScript(machine: ClusterMachine, version: string): string {
  const node = machine.nodeName;
  const apiServer = `https://${machine.nodeAddress}:${apiServerPort}`;
  return [
    prelude(),
    lifecycleScript("hop-gate", {
      node,
      kubernetes_version: version,
      api_server: apiServer,
      etcd_manifest: ETCD_MANIFEST,
      well_within: WELL_WITHIN,
    }),
    smokeScript(machine),
  ].join("");
}

const NO_OBJECT = "##none";

/** Prints one object of the API, by its path, as the node's own API server has it. */
export function objectScript({ nodeAddress }: ClusterMachine, path: string): string {
  return `${prelude()}${lifecycleScript("get-raw", {
    api_server: `https://${nodeAddress}:${apiServerPort}`,
    path,
    none_line: NO_OBJECT,
  })}`;
}

/** Reads what `objectScript` printed; undefined: there is no such object. */
export function printedObject(output: string): unknown {
  return output.trim() === NO_OBJECT ? undefined : JSON.parse(output);
}

/** The part of it that asks from inside of a pod. */
export function smokeScript({ nodeName, nodeAddress }: ClusterMachine, dnsPort = DNS_PORT): string {
  return lifecycleScript("hop-smoke", {
    ...checkPodVariables,
    node: nodeName,
    api_server: `https://${nodeAddress}:${apiServerPort}`,
    dns_port: dnsPort,
    service_ca: "/etc/kubernetes/pki/ca.crt",
    kubelet_config: "/var/lib/kubelet/config.yaml",
    smoke_within: SMOKE_WITHIN,
  });
}
