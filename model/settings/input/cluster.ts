/** The settings of a cluster as people write them: the object under `kubeadm:cluster` of a stack file. */
import type { Switched } from "../../core/enabled";
import type { HelmInput } from "../../addons/helm/schema";
import type {
  CoreDnsInput,
  GatewayApiInput,
  IngressInput,
  MetallbInput,
  MetricsServerInput,
} from "../../addons/settings";
import type { CniInput } from "../../cni";
import type { ExtrasInput } from "../../extras/settings";
import type { TenancyInput } from "../../tenants/input";
import type { AwsPlatformInput } from "../../aws/input";
import type {
  ApiServerInput,
  AuditInput,
  CertificatesInput,
  ComponentInput,
  EncryptionInput,
  EtcdInput,
  OidcInput,
  PodSecurityInput,
} from "./components";
import type { MachinesPlatformInput } from "./machines";
import type {
  ContainerdInput,
  DownloadsInput,
  ImagesInput,
  KubeletInput,
  KubeProxyInput,
  ProxyInput,
  VersionsInput,
} from "./nodes";

/** Settings of every platform. */
export interface CommonInput {
  /**
   * Name of the cluster: kubeadm's `clusterName`, and part of `api.<name>.<domain>`.
   *
   * @defaultValue the stack's name
   */
  name?: string;
  /**
   * DNS suffix of the names that the library makes. Outside `network.clusterDomain`.
   *
   * @defaultValue `internal`
   */
  domain?: string;
  /**
   * Kubernetes version, `x.y.z` from 1.34 to 1.37. Patch versions that the library's table does not have, and all of 1.37, need
   * `downloads.checksums`.
   *
   * @defaultValue `1.36.4`
   */
  kubernetesVersion?: string;
  /** Versions of what runs besides Kubernetes. */
  versions?: VersionsInput;
  /**
   * The pod network. It owns the pod range.
   *
   * @defaultValue flannel
   */
  cni?: CniInput;
  /** kube-apiserver. */
  apiServer?: ApiServerInput;
  /** kube-controller-manager. */
  controllerManager?: ComponentInput;
  /** kube-scheduler. */
  scheduler?: ComponentInput;
  /** etcd. */
  etcd?: EtcdInput;
  /** The kubelets. */
  kubelet?: KubeletInput;
  /** kube-proxy. */
  kubeProxy?: KubeProxyInput;
  /** containerd. */
  containerd?: ContainerdInput;
  /**
   * Checks to ignore: of kubeadm (`Swap`, `NumCPU`, `Mem`, `Port-6443`, ...) and of setup (`DiskSpace`, `RouteCollision`). Not
   * `all`.
   *
   * @defaultValue none
   */
  ignorePreflightErrors?: string[];
  /**
   * Login with tokens of an OpenID Connect issuer.
   *
   * @defaultValue none
   */
  oidc?: OidcInput;
  /**
   * The HTTP proxy between the nodes and the internet.
   *
   * @defaultValue none
   */
  proxy?: ProxyInput;
  /** Where hosts download binaries. */
  downloads?: DownloadsInput;
  /** Where nodes get container images. */
  images?: ImagesInput;
  /** Encryption of Secrets in etcd. */
  encryption?: EncryptionInput;
  /** The API server's audit log. */
  audit?: AuditInput;
  /** Pod Security admission of namespaces without their own label. */
  podSecurity?: PodSecurityInput;
  /** kubeadm's leaf certificates. */
  certificates?: CertificatesInput;
  /**
   * How long a drain may take before the node is removed anyway, in seconds; on AWS at most 29940.
   *
   * @defaultValue `120`
   */
  drainTimeoutSeconds?: number;
  /**
   * Protects the CAs, the service-account key and the encryption key from `pulumi destroy` and replacement.
   *
   * @defaultValue `true`
   */
  protect?: boolean;
}

/** What runs in the cluster besides its network. */
export interface AddonsInput {
  /** Where charts come from. */
  helm?: HelmInput;
  /** Cluster DNS. */
  coredns?: CoreDnsInput;
  /**
   * MetalLB: addresses for Services of type LoadBalancer.
   *
   * @defaultValue none
   */
  metallb?: MetallbInput;
  /**
   * An ingress controller.
   *
   * @defaultValue none
   */
  ingress?: IngressInput;
  /**
   * Custom resource definitions of Gateway API.
   *
   * @defaultValue none
   */
  gatewayApi?: GatewayApiInput & Switched;
  /**
   * metrics-server, for `kubectl top` and autoscalers.
   *
   * @defaultValue none
   */
  metricsServer?: MetricsServerInput & Switched;
}

/** A cluster on your own Linux machines. */
export interface MachinesClusterInput
  extends CommonInput, AddonsInput, TenancyInput, ExtrasInput, MachinesPlatformInput {
  /**
   * Where machines come from: your own `machines`, or `aws` EC2.
   *
   * @defaultValue `machines`
   */
  platform?: "machines";
}

/** A cluster on AWS EC2. */
export interface AwsClusterInput
  extends CommonInput, AddonsInput, TenancyInput, ExtrasInput, AwsPlatformInput {
  /** Where machines come from: your own `machines`, or `aws` EC2. */
  platform: "aws";
}

/** The object under `kubeadm:cluster`. `platform` decides which keys there are. */
export type ClusterInput = MachinesClusterInput | AwsClusterInput;
