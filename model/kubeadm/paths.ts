/** Folder of the files that the library gives kubeadm and the API server. */
export const configFolder = "/etc/kubernetes/pulumi-kubeadm";

/**
 * What the API server reads. The folder is mounted as a whole: a file that is mounted by itself keeps showing its
 * first inode, so a changed file would be seen only after the pod is replaced.
 */
export const apiServerFolder = `${configFolder}/apiserver`;

/** Components that read files which the settings give. */
export type FileComponent = "apiServer" | "controllerManager" | "scheduler";

/** Where each of them finds its files: a separate folder, which the pod mounts as a whole. */
export const componentFolders: Readonly<Record<FileComponent, string>> = {
  apiServer: apiServerFolder,
  controllerManager: `${configFolder}/controller-manager`,
  scheduler: `${configFolder}/scheduler`,
};

/** Whether a file is read by a component of the control plane, out of its folder. */
export function isComponentFile(path: string): boolean {
  return Object.values(componentFolders).some((folder) => path.startsWith(`${folder}/`));
}

/** The table of nftables that keeps connections away from an API server while it restarts. */
export const restartTable = "pulumi-kubeadm-restart";

export const paths = {
  /** What the API server reads. Secret: mode 0600, not among `apiServerFiles`. */
  encryption: `${apiServerFolder}/encryption.yaml`,
  /** The same document by the settings; a living cluster is brought to it in stages (`encryptionChange`). Secret. */
  wantedEncryption: `${configFolder}/encryption.yaml`,
  auditPolicy: `${apiServerFolder}/audit-policy.yaml`,
  admission: `${apiServerFolder}/admission.yaml`,
  authentication: `${apiServerFolder}/authentication.yaml`,
  /** Stands for the CA of the OIDC issuer on its way to a host, where it becomes a part of `authentication`. */
  oidcCa: `${apiServerFolder}/oidc-ca.crt`,
  /** Folder that kubeadm's `patches.directory` names. */
  patches: `${configFolder}/patches`,
  auditLogFolder: "/var/log/kubernetes/audit",
  auditLog: "/var/log/kubernetes/audit/audit.log",
  /** The CA that the controller manager signs with during a rotation, while `ca.crt` has several. It is there only then. */
  signing: "/etc/kubernetes/pki/ca-signing.crt",
  /** kubeadm's own `certificatesDir`. */
  pki: "/etc/kubernetes/pki",
  criSocket: "unix:///run/containerd/containerd.sock",
} as const;
