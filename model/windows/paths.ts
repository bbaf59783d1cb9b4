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
