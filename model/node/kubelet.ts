import { systemdUnit } from "../core/systemd";
import type { RenderedFile } from "../renderedFile";
import type { NodeSetupSpec } from "./spec";
import { credentialProviderFile, credentialProviderFlags } from "./credentialProvider";
import { containerdSocket, proxyDropIn } from "./containerd";
import { containerdUnit, hostsScript, kubeletUnit, linkFolder, nodeScript } from "./paths";
import { putFile } from "./prelude";

type KubeletHostSpec = Pick<NodeSetupSpec, "proxy" | "credentialProvider">;

/**
 * The unit of the kubelet's package (kubernetes/release, cmd/krel/templates/latest/kubelet/kubelet.service), started
 * after the runtime, and not before kubeadm has written its configuration: the package's restarts without end until then.
 */
const unitFile = systemdUnit(
  kubeletUnit,
  {
    Unit: {
      Description: "kubelet: The Kubernetes Node Agent",
      Documentation: "https://kubernetes.io/docs/",
      Wants: "network-online.target",
      After: `network-online.target ${containerdUnit}`,
      ConditionPathExists: "/var/lib/kubelet/config.yaml",
    },
    Service: {
      ExecStartPre: `-${hostsScript}`,
      ExecStart: `${linkFolder}/kubelet`,
      Restart: "always",
      StartLimitInterval: "0",
      RestartSec: "10",
    },
    Install: { WantedBy: "multi-user.target" },
  },
  "0600",
);

/** As kubeadm's package has it (kubernetes/release, cmd/krel/templates/latest/kubeadm/10-kubeadm.conf). */
function kubeadmDropIn(flags: string): RenderedFile {
  const kubeconfigs = `--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf`;
  const service = {
    Environment: [
      `"KUBELET_KUBECONFIG_ARGS=${kubeconfigs}"`,
      '"KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"',
    ],
    EnvironmentFile: [
      // Written by kubeadm init and kubeadm join: KUBELET_KUBEADM_ARGS.
      "-/var/lib/kubelet/kubeadm-flags.env",
      // A last resort of people: KUBELET_EXTRA_ARGS.
      "-/etc/default/kubelet",
      "-/etc/sysconfig/kubelet",
    ],
    ExecStart: [
      "",
      `${linkFolder}/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS${flags}`,
    ],
  };
  return systemdUnit(`${kubeletUnit}.d/10-kubeadm.conf`, { Service: service }, "0600");
}

export function kubeletFiles(spec: KubeletHostSpec): RenderedFile[] {
  const { credentialProvider } = spec;
  const proxy = proxyDropIn(spec, kubeletUnit, "0600");
  return [
    unitFile,
    kubeadmDropIn(credentialProviderFlags(credentialProvider)),
    ...(credentialProvider === undefined ? [] : [credentialProviderFile(credentialProvider)]),
    ...(proxy === undefined ? [] : [proxy]),
  ];
}

export function crictlFile(): RenderedFile {
  const endpoint = `unix://${containerdSocket}`;
  return {
    path: "/etc/crictl.yaml",
    mode: "0644",
    content: `runtime-endpoint: ${endpoint}\nimage-endpoint: ${endpoint}\ntimeout: 10\ndebug: false\n`,
  };
}

/** Enabled, and started only by kubeadm; a node's is restarted when its unit changed. */
export function kubeletPhase(spec: KubeletHostSpec): string {
  const put = kubeletFiles(spec).map((file) => putFile(file, kubeletUnit));
  return `phase kubelet\n${putFile(crictlFile())}${put.join("")}${nodeScript("kubelet")}`;
}
