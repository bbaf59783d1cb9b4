import { apiServerPort, clusterConfiguration, grantJoinAccess } from "../kubeadm";
import { dropFormerBackup } from "../etcd/backup/files";
import { managerPolicies } from "../kubeadm/managers";
import { binaryPath } from "../node/paths";
import { undoFolder } from "../node/undo";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import { checkMaintenance, dropFormerMaintenance } from "../maintenance/files";
import type { NodeIdentity } from "./identity";
import type { ControlPlaneNodeSpec, NodeSpec } from "./spec";
import {
  CLUSTER_DOCUMENT,
  ETCD_MANIFEST,
  ETCD_SERVES_WITHIN,
  KUBELET_FILES,
  PATCHES_DIR,
  putNodeFiles,
  setState,
  startUnits,
  kubernetesVariables,
} from "./parts";
import { copyVariables } from "./copies";
import { pruneComponentFiles } from "./fileNames";
import { ADMIN, prelude } from "../node/shell";
import { placeStaticPods } from "./staticPods";
import { CHANGED_BY } from "./undo";
import { lifecycleScript } from "./scripts";

/** Seconds to wait until a changed kube-proxy runs on every node; it goes from one to the next in about ten. */
const PROXY_ROLLS_FOR = 300;

/** kubeadm's document of the settings with the version that the cluster has. */
const FLAGS_DOCUMENT = "/run/pulumi-kubeadm-flags.yaml";

/** Seconds for which a control-plane node has to be well after its kubelet became another version. */
const WELL_FOR = 15;

/**
 * Brings a node to what is rendered now: a new version, new flags, a new kubelet configuration.
 * @param platform lines that only the platform needs, run when the files are there
 */
export function convergeScript(
  spec: NodeSpec,
  facts: NodeIdentity,
  files: readonly RenderedFile[],
  secretFiles: readonly RenderedFile[],
  platform = "",
): string {
  const { machine, controlPlane, kubernetesVersion } = spec;
  const kubeconfig = controlPlane === undefined ? "/etc/kubernetes/kubelet.conf" : ADMIN;
  const kubeadm = binaryPath("kubeadm", kubernetesVersion);
  return [
    prelude(),
    lifecycleScript("converge-begin", { kubeconfig }),
    putNodeFiles([...files, ...secretFiles]),
    platform,
    lifecycleScript("converge-applied", { kubelet_mark: KUBELET_FILES, ...copyVariables }),
    controlPlane === undefined
      ? lifecycleScript("converge-worker", { kubeadm, upgrade_flags: upgradeFlags(spec) })
      : convergeControlPlane(spec, controlPlane, kubeadm),
    lifecycleScript("converge-kubelet", {
      ...kubernetesVariables(kubernetesVersion),
      node: machine.nodeName,
      manager_policies: { ...managerPolicies(spec, machine) },
      kubelet_mark: KUBELET_FILES,
    }),
    checkMaintenance(files),
    startUnits(files),
    placeStaticPods(files),
    healthy(machine),
    ...(controlPlane === undefined
      ? []
      : [
          grantJoinAccess(),
          pruneComponentFiles(controlPlane, files),
          dropFormerBackup(controlPlane, machine),
        ]),
    dropFormerMaintenance(spec),
    "keep_copies 1\n",
    setState(facts, "joined"),
  ].join("");
}

/**
 * A kubelet of another minor version starts etcd and the API server again some seconds after it has come up itself (seen from
 * 1.35 to 1.36), so a control-plane node has to be well for a while before the next one, or a worker, is touched.
 */
export function healthy(machine: ClusterMachine): string {
  return lifecycleScript("healthy", {
    control_plane: machine.role === "controlPlane",
    api_server: `https://${machine.nodeAddress}:${apiServerPort}`,
    well_for: WELL_FOR,
  });
}

/** `upgrade` takes no document of joins: what the settings ignore and patch has to be said on its command line. */
function upgradeFlags(spec: NodeSpec): string[] {
  return ["--patches", PATCHES_DIR, ...checkFlags(spec)];
}

export function checkFlags({
  ignorePreflightErrors: ignored,
}: Pick<NodeSpec, "ignorePreflightErrors">): string[] {
  return ignored.length === 0 ? [] : [`--ignore-preflight-errors=${ignored.join(",")}`];
}

/** Checks of CoreDNS: it is the library's own, which kubeadm leaves alone, and newer than a kubeadm of an older minor version knows. */
const COREDNS_CHECKS = ["CoreDNSMigration", "CoreDNSUnsupportedPlugins"];

/** The same for the checks that stand before an upgrade of the control plane. */
export function upgradeCheckFlags({
  ignorePreflightErrors: ignored,
}: Pick<NodeSpec, "ignorePreflightErrors">): string[] {
  const names = ignored.map((name) => name.toLowerCase());
  // kubeadm takes no other name beside `all`.
  const missing = COREDNS_CHECKS.filter((name) => !names.includes(name.toLowerCase()));
  return checkFlags({ ignorePreflightErrors: names.includes("all") ? ignored : [...ignored, ...missing] });
}

function convergeControlPlane(spec: NodeSpec, controlPlane: ControlPlaneNodeSpec, kubeadm: string): string {
  const common = {
    node: spec.machine.nodeName,
    kubernetes_version: spec.kubernetesVersion,
    kubeadm,
    cluster_document: CLUSTER_DOCUMENT,
  };
  const proxied = controlPlane.kubeProxyIsReplaced !== true;
  const preflight = lifecycleScript("converge-preflight", {
    kubeadm,
    kubernetes_version: spec.kubernetesVersion,
    check_flags: upgradeCheckFlags(spec),
    cluster_document: CLUSTER_DOCUMENT,
  });
  const etcd = lifecycleScript("converge-etcd", {
    kubeadm,
    cluster_document: CLUSTER_DOCUMENT,
    ...copyVariables,
    undo_folder: undoFolder,
    api_server: `https://${spec.machine.nodeAddress}:${apiServerPort}`,
    etcd_manifest: ETCD_MANIFEST,
    etcd_within: ETCD_SERVES_WITHIN,
  });
  const converged = lifecycleScript("converge-control-plane", {
    ...common,
    upgrade_flags: upgradeFlags(spec),
    flags_document: FLAGS_DOCUMENT,
    cert_sans: clusterConfiguration(controlPlane).apiServer?.certSANs ?? [],
    kube_proxy: proxied,
    changed_by_key: CHANGED_BY,
    undo_folder: undoFolder,
  });
  const before = `${lifecycleScript("api-ready")}${preflight}${etcd}`;
  return proxied
    ? `${before}${converged}${lifecycleScript("converge-kube-proxy", { ...common, rolls_within: PROXY_ROLLS_FOR })}`
    : `${before}${converged}`;
}
