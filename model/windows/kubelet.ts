import { BOOT_LABEL, NODE_ADDRESS, NODE_NAME } from "../aws/node/paths";
import { poolMachine, registeredLabels } from "../aws/node/pools";
import { timeouts, type RegistrationSpec } from "../kubeadm/documents";
import { kubeletPatch, type KubeletSpec } from "../kubeadm/kubelet";
import { mergePatch } from "../core/merge";
import { kubeadmApi, type JoinConfiguration } from "../kubeadm/v1beta4";
import type { AwsPool } from "../aws/settings";
import { toYaml } from "../yaml";
import { slashes, windowsPaths } from "./paths";

/** Stands for the instance's zone and id, as a provider id has them: `eu-central-1a/i-0123456789abcdef0`. */
export const PROVIDER = "@PROVIDER@";

/** A kubeconfig with a client certificate of hours, there while the join goes on. */
const windowsDiscoveryFile = `${windowsPaths.state}\\discovery.conf`;

/**
 * What Windows takes otherwise than the cluster's KubeletConfiguration, which is written for Linux. kubeadm itself puts
 * the drive before `staticPodPath` and `clientCAFile` and empties `resolvConf` (cmd/kubeadm/app/componentconfigs,
 * kubelet_windows.go); cgroups, seccomp and inodes are not known there (sig-windows-tools PrepareNode.ps1: the same as
 * flags).
 */
const windowsKubelet = {
  cgroupDriver: null,
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  seccompDefault: null,
  podPidsLimit: null,
  resolvConf: "",
  // The kubelet's own delay of a shutdown is systemd's inhibitor lock.
  shutdownGracePeriod: null,
  shutdownGracePeriodCriticalPods: null,
  evictionHard: { "nodefs.inodesFree": null, "imagefs.inodesFree": null },
  containerRuntimeEndpoint: windowsPaths.criSocket,
};

/** kubeadm's patch of a Windows node: the settings' configuration, with what Windows takes otherwise laid over it. */
export function windowsKubeletPatch(settings: KubeletSpec, pool: AwsPool): string {
  const patch = mergePatch(kubeletPatch(settings, poolMachine(pool)), windowsKubelet);
  return toYaml({ ...patch, registerWithTaints: pool.taints, providerID: `aws:///${PROVIDER}` });
}

/** What `kubeadm join --config` reads; name and address are tokens that the boot fills in. */
export function windowsJoinDocument(settings: RegistrationSpec, pool: AwsPool): string {
  const document: JoinConfiguration = {
    apiVersion: kubeadmApi,
    kind: "JoinConfiguration",
    caCertPath: `${slashes(windowsPaths.kubernetes)}/pki/ca.crt`,
    discovery: { file: { kubeConfigPath: slashes(windowsDiscoveryFile) } },
    nodeRegistration: {
      name: NODE_NAME,
      criSocket: windowsPaths.criSocket,
      taints: pool.taints,
      // kubeadm writes them into a file that only systemd units read: the service has its own, see below.
      kubeletExtraArgs: [],
      ...(settings.ignorePreflightErrors.length === 0
        ? {}
        : { ignorePreflightErrors: settings.ignorePreflightErrors }),
      imagePullPolicy: "IfNotPresent",
      imagePullSerial: false,
    },
    patches: { directory: `${slashes(windowsPaths.config)}/patches` },
    timeouts,
  };
  return toYaml(document);
}

/**
 * The service's command line. `kube-log-runner` writes what the kubelet says into a file, since a service has nowhere else
 * to say it; this and `--windows-service` are how Kubernetes' own tests run it (test/e2e_node/services,
 * kubelet_windows.go).
 */
export function windowsKubeletCommand(pool: AwsPool, boot: string): string {
  const { bin, kubernetes, kubelet, logs } = windowsPaths;
  const labels = Object.entries({ ...registeredLabels(pool), [BOOT_LABEL]: boot });
  return [
    `${bin}\\kube-log-runner.exe`,
    `--log-file=${logs}\\kubelet.log`,
    `${bin}\\kubelet.exe`,
    "--windows-service",
    `--config=${kubelet}\\config.yaml`,
    `--bootstrap-kubeconfig=${kubernetes}\\bootstrap-kubelet.conf`,
    `--kubeconfig=${kubernetes}\\kubelet.conf`,
    `--cert-dir=${kubelet}\\pki`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
    "--cloud-provider=external",
    `--node-labels=${labels.map(([key, value]) => `${key}=${value}`).join(",")}`,
  ].join(" ");
}
