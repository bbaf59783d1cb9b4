/**
 * kubeadm's configuration API `kubeadm.k8s.io/v1beta4`, the fields this library writes. Source:
 * k8s.io/kubernetes v1.36.4, cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go. Durations are Go's (`8760h0m0s`).
 */
import type { Taint } from "../settings/resolved";

export const kubeadmApi = "kubeadm.k8s.io/v1beta4";

/** A flag without its dashes. A name may stand more than once. */
export interface Arg {
  readonly name: string;
  readonly value: string;
}

export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

export interface HostPathMount {
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly pathType?: "Directory" | "DirectoryOrCreate" | "File" | "FileOrCreate";
}

export interface ControlPlaneComponent {
  readonly extraArgs?: readonly Arg[];
  readonly extraVolumes?: readonly HostPathMount[];
  readonly extraEnvs?: readonly EnvVar[];
}

export interface LocalEtcd {
  readonly dataDir: string;
  readonly imageTag?: string;
  readonly extraArgs?: readonly Arg[];
}

export interface ClusterConfiguration {
  readonly apiVersion: typeof kubeadmApi;
  readonly kind: "ClusterConfiguration";
  readonly clusterName: string;
  readonly kubernetesVersion: string;
  readonly controlPlaneEndpoint: string;
  readonly networking: {
    readonly podSubnet: string;
    readonly serviceSubnet: string;
    readonly dnsDomain: string;
  };
  readonly imageRepository: string;
  readonly certificatesDir: string;
  readonly certificateValidityPeriod: string;
  readonly caCertificateValidityPeriod: string;
  readonly encryptionAlgorithm: "ECDSA-P256";
  readonly apiServer: ControlPlaneComponent & { readonly certSANs: readonly string[] };
  readonly controllerManager: ControlPlaneComponent;
  readonly scheduler: ControlPlaneComponent;
  readonly etcd: { readonly local: LocalEtcd };
  readonly dns: { readonly disabled: boolean };
  readonly proxy: { readonly disabled: boolean };
}

export interface ApiEndpoint {
  readonly advertiseAddress: string;
  readonly bindPort: number;
}

export interface NodeRegistration {
  readonly name: string;
  readonly criSocket: string;
  /** Always written: kubeadm puts its own taint on a control-plane node only where the field is missing. */
  readonly taints: readonly Taint[];
  readonly kubeletExtraArgs: readonly Arg[];
  readonly ignorePreflightErrors?: readonly string[];
  readonly imagePullPolicy: "IfNotPresent";
  readonly imagePullSerial: boolean;
}

export interface Timeouts {
  readonly controlPlaneComponentHealthCheck: string;
  readonly kubeletHealthCheck: string;
  readonly kubernetesAPICall: string;
  readonly etcdAPICall: string;
  readonly tlsBootstrap: string;
  readonly discovery: string;
}

export interface InitConfiguration {
  readonly apiVersion: typeof kubeadmApi;
  readonly kind: "InitConfiguration";
  readonly bootstrapTokens: readonly { readonly ttl: string; readonly description: string }[];
  readonly nodeRegistration: NodeRegistration;
  readonly localAPIEndpoint: ApiEndpoint;
  readonly skipPhases: readonly string[];
  readonly patches: { readonly directory: string };
  readonly timeouts: Timeouts;
}

export interface JoinConfiguration {
  readonly apiVersion: typeof kubeadmApi;
  readonly kind: "JoinConfiguration";
  readonly caCertPath: string;
  readonly discovery: { readonly file: { readonly kubeConfigPath: string } };
  readonly nodeRegistration: NodeRegistration;
  readonly controlPlane?: { readonly localAPIEndpoint: ApiEndpoint };
  readonly patches: { readonly directory: string };
  readonly timeouts: Timeouts;
}
