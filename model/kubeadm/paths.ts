/** Folder of the files that the library gives kubeadm and the API server. */
export const configFolder = "/etc/kubernetes/pulumi-kubeadm";

/**
 * What the API server reads. The folder is mounted as a whole: a file that is mounted by itself keeps showing its
 * first inode, so a changed file would be seen only after the pod is made anew.
 */
export const apiServerFolder = `${configFolder}/apiserver`;

export const paths = {
  /** What the API server reads. Secret: mode 0600, not among `apiServerFiles`. */
  encryption: `${apiServerFolder}/encryption.yaml`,
  /** The same document by the settings; a living cluster is brought to it in stages (`encryptionChange`). Secret. */
  wantedEncryption: `${configFolder}/encryption.yaml`,
  auditPolicy: `${apiServerFolder}/audit-policy.yaml`,
  admission: `${apiServerFolder}/admission.yaml`,
  authentication: `${apiServerFolder}/authentication.yaml`,
  /** CA of the OIDC issuer, where the issuer is given by flags. */
  oidcCa: `${apiServerFolder}/oidc-ca.crt`,
  /** Folder that kubeadm's `patches.directory` names. */
  patches: `${configFolder}/patches`,
  auditLogFolder: "/var/log/kubernetes/audit",
  auditLog: "/var/log/kubernetes/audit/audit.log",
  /** kubeadm's own `certificatesDir`. */
  pki: "/etc/kubernetes/pki",
  criSocket: "unix:///run/containerd/containerd.sock",
} as const;
