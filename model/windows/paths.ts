import { script, type ScriptVariables } from "../core/script";

/** Where things are on a Windows node. Folders of Kubernetes' own are where kubeadm has them, on the system's drive. */
export const windowsPaths = {
  /** Binaries of Kubernetes and flannel, as sig-windows-tools has it. */
  bin: "C:\\k",
  /** containerd's own default, with its configuration (containerd defaults/defaults_windows.go). */
  containerd: "C:\\Program Files\\containerd",
  cniBin: "C:\\opt\\cni\\bin",
  cniConf: "C:\\etc\\cni\\net.d",
  /** State and log of the boot, the discovery file while a join goes on, and the programs written by the boot. */
  state: "C:\\ProgramData\\pulumi-kubeadm",
  kubernetes: "C:\\etc\\kubernetes",
  /** kubeadm's documents and patches. */
  config: "C:\\etc\\kubernetes\\pulumi-kubeadm",
  kubelet: "C:\\var\\lib\\kubelet",
  logs: "C:\\var\\log",
  /** Written by flanneld, read by its CNI plugin (flannel main.go, `--subnet-file`). */
  subnetEnv: "C:\\run\\flannel\\subnet.env",
  criSocket: "npipe:////./pipe/containerd-containerd",
} as const;

/** As Go and YAML take it: forward slashes need no quoting. */
export function slashes(path: string): string {
  return path.replaceAll("\\", "/");
}

/** A file of `model/windows/scripts`, with the paths of a Windows node. */
export function windowsHostScript(name: string, variables: ScriptVariables): string {
  const { bin, cniBin, cniConf, config, containerd, criSocket, kubernetes, logs, state } = windowsPaths;
  return script(`windows/scripts/${name}.ps1`, variables, {
    stateFolder: state,
    binFolder: bin,
    containerdFolder: containerd,
    cniBinFolder: cniBin,
    cniConfFolder: cniConf,
    kubernetesFolder: kubernetes,
    configFolder: config,
    logsFolder: logs,
    criSocket,
  });
}
