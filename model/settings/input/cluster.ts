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
import type { MaintenanceInput } from "../../maintenance/input";
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
   * DNS suffix of the names that the library creates. Must be outside `network.clusterDomain`.
   *
   * @defaultValue `internal`
   */
  domain?: string;
  /**
   * Kubernetes version, `x.y.z`, from 1.34 to 1.37. All of 1.37, and patch versions that the library does not know,
   * need `downloads.checksums`.
   *
   * @defaultValue `1.36.4`
   */
  kubernetesVersion?: string;
  /** Versions of everything besides Kubernetes. */
  versions?: VersionsInput;
  /**
   * The pod network, with the pod range.
   *
   * @defaultValue flannel
   */
  cni?: CniInput;
  /** Settings of kube-apiserver. */
  apiServer?: ApiServerInput;
  /** Settings of kube-controller-manager. */
  controllerManager?: ComponentInput;
  /** Settings of kube-scheduler. */
  scheduler?: ComponentInput;
  /** Settings of etcd. */
  etcd?: EtcdInput;
  /** Settings of every kubelet. */
  kubelet?: KubeletInput;
  /** Settings of kube-proxy. */
  kubeProxy?: KubeProxyInput;
  /** Settings of containerd. */
  containerd?: ContainerdInput;
  /**
   * Checks to ignore: kubeadm's (`Swap`, `NumCPU`, `Mem`, `Port-6443`, ...) and the library's (`DiskSpace`,
   * `RouteCollision`). `all` is not allowed.
   *
   * @defaultValue none
   */
  ignorePreflightErrors?: readonly string[];
  /**
   * Login with tokens of an OpenID Connect issuer.
   *
   * @defaultValue none
   */
  oidc?: OidcInput;
  /**
   * HTTP proxy between the nodes and the internet.
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
  /** Validity of kubeadm's leaf certificates. */
  certificates?: CertificatesInput;
  /**
   * OS packages and reboots of the nodes' hosts, node by node. Your own machines only.
   *
   * @defaultValue none
   */
  maintenance?: MaintenanceInput;
  /**
   * How long a drain may take, in seconds; the node is then removed anyway. At most 29940 on AWS.
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
   * MetalLB, which gives addresses to Services of type LoadBalancer.
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
   * metrics-server, which `kubectl top` and autoscalers need.
   *
   * @defaultValue none
   */
  metricsServer?: MetricsServerInput & Switched;
}

/** A cluster on your own Linux machines. */
export interface MachinesClusterInput
  extends CommonInput, AddonsInput, TenancyInput, ExtrasInput, MachinesPlatformInput {
  /**
   * Where machines come from: `machines` for your own, `aws` for EC2.
   *
   * @defaultValue `machines`
   */
  platform?: "machines";
}

/** A cluster on AWS EC2. */
export interface AwsClusterInput
  extends CommonInput, AddonsInput, TenancyInput, ExtrasInput, AwsPlatformInput {
  /** Where machines come from: `machines` for your own, `aws` for EC2. */
  platform: "aws";
}

/** The object under `kubeadm:cluster`. `platform` determines which keys it has. */
export type ClusterInput = MachinesClusterInput | AwsClusterInput;
