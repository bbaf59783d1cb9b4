import { apiServerPort, configFolder, paths } from "../kubeadm";
import { linkFolder } from "../node/paths";
import { rememberReady, type Undo } from "../node/undo";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import { LABEL_DOMAIN } from "../core/labelDomain";
import { CLUSTER_DOCUMENT, ETCD_MANIFEST, ETCD_SERVES_WITHIN, KUBELET_FILES } from "./parts";
import type { ScriptVariables } from "../core/script";
import { ADMIN, RECORD_FILE } from "../node/shell";
import { lifecycleScript } from "./scripts";

/** Where kubeadm keeps what the cluster is configured by (`upload-config`, `addon kube-proxy`). */
const CONFIG_MAPS = ["kubeadm-config", "kubelet-config", "kube-proxy"] as const;
/** Annotation of these ConfigMaps: the change that wrote them last, so that no other node takes it back. */
export const CHANGED_BY = `${LABEL_DOMAIN}/changed-by`;
/** Seconds in which the API server has to answer with its former files. */
const ANSWERS_WITHIN = 240;

/**
 * What a new configuration or a new version of a living node writes. An API server may go back a minor version: what it stores is what the
 * one before reads too (Kubernetes, "Deprecation policy", rule 4b). etcd's data never goes back while other members have it.
 */
export function nodeUndo(machine: ClusterMachine, files: readonly RenderedFile[]): Undo {
  const isControlPlane = machine.role === "controlPlane";
  return {
    paths: [
      ...files.map(({ path }) => path),
      "/etc/kubernetes/manifests",
      configFolder,
      ...(isControlPlane ? ["/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/apiserver.key"] : []),
      "/var/lib/kubelet/config.yaml",
      "/var/lib/kubelet/kubeadm-flags.env",
      "/var/lib/kubelet/instance-config.yaml",
      ...["kubeadm", "kubelet", "kubectl"].map((name) => `${linkFolder}/${name}`),
      KUBELET_FILES,
      RECORD_FILE,
    ],
    // The keys of Secrets change on all API servers in stages, whatever else is under way: former ones could not read what is there now.
    except: [paths.encryption],
    remember: `${rememberReady(machine)}${lifecycleScript("undo-remember")}${isControlPlane ? rememberConfigMaps(machine) : ""}`,
    beforeStart: lifecycleScript("undo-before-start"),
    restart: [
      lifecycleScript("undo-kubelet"),
      ...(isControlPlane ? [restartControlPlane(machine)] : []),
      lifecycleScript("undo-timers"),
    ].join(""),
  };
}

/** For `config-maps.sh`. */
function configMaps({ nodeAddress }: ClusterMachine): ScriptVariables {
  return {
    api_server: `https://${nodeAddress}:${apiServerPort}`,
    admin_config: ADMIN,
    changed_by_key: CHANGED_BY,
    config_maps: CONFIG_MAPS,
  };
}

function rememberConfigMaps(machine: ClusterMachine): string {
  return lifecycleScript("undo-remember-maps", { ...configMaps(machine), node: machine.nodeName });
}

function restartControlPlane(machine: ClusterMachine): string {
  const etcd = lifecycleScript("undo-etcd", {
    etcd_manifest: ETCD_MANIFEST,
    etcd_within: ETCD_SERVES_WITHIN,
  });
  return `${etcd}${lifecycleScript("undo-control-plane", {
    ...configMaps(machine),
    answers_within: ANSWERS_WITHIN,
    cluster_document: CLUSTER_DOCUMENT,
  })}`;
}
