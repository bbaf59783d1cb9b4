import { controlPlaneEndpoint } from "../network/endpoint";
import type {
  AuditSettings,
  ClusterNetwork,
  ComponentSettings,
  ComponentVersions,
  ExtraArgs,
  ProxySettings,
} from "../settings/resolved";
import { isSupportedMinor, minorOf, MINORS } from "../versions";
import { STRONG_CIPHERS } from "./ciphers";
import { argumentList, days } from "./arguments";
import { usesAuthenticationFile } from "./authentication";
import { extraVolumes, withPaths } from "./componentFiles";
import { ISSUER_TOKEN, JWKS_PATH, STS_AUDIENCE, type PodIdentitySpec } from "./issuer";
import { withKubeadmsControllers, withKubeadmsGates, withPlugins } from "./lists";
import { apiServerFolder, type FileComponent, paths } from "./paths";
import {
  kubeadmApi,
  type ClusterConfiguration,
  type EnvVar,
  type HostPathMount,
  type LocalEtcd,
} from "./v1beta4";

/** Port of the API server on every control-plane node. */
export const apiServerPort = 6443;

/**
 * Seconds that an API server goes on serving after it was told to stop: its address leaves the Service `kubernetes` at once, and
 * kube-proxy and balancers that ask /readyz need some to follow. Static pods have 30 s to end.
 */
export const SHUTDOWN_DELAY = 10;
/** Seconds within which it ends its watches then. Without it they hold the process, which accepts nobody any more, until it is killed. */
export const WATCHES_END_WITHIN = 5;

/** Days: the CAs are made before any machine exists and live ten years; kubeadm only compares. */
const caDays = 3650;

/** What all control-plane nodes have in common, as kubeadm configures it. */
export interface ControlPlaneSpec {
  readonly name: string;
  readonly kubernetesVersion: string;
  readonly versions: Pick<ComponentVersions, "kubernetes" | "etcd">;
  readonly network: Pick<
    ClusterNetwork,
    "podCidr" | "serviceCidr" | "clusterDomain" | "nodeCidrMaskSize" | "nodePortRange"
  >;
  /** A CNI may do kube-proxy's work. */
  /** The CNI does kube-proxy's work. */
  readonly kubeProxyIsReplaced?: true;
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly access: { readonly host: string };
  readonly images: { readonly repository: string };
  readonly certificates: { readonly validityDays: number };
  readonly audit: Omit<AuditSettings, "policy">;
  readonly apiServer: ComponentSettings & { readonly certSans: readonly string[] };
  readonly controllerManager: ComponentSettings;
  readonly scheduler: ComponentSettings;
  readonly etcd: { readonly extraArgs: ExtraArgs };
  readonly proxy?: ProxySettings;
  /** Set on AWS, where a cloud controller manager runs. */
  readonly aws?: PodIdentitySpec;
}

/** kubeadm's ClusterConfiguration: what all control-plane nodes have in common. */
export function clusterConfiguration(settings: ControlPlaneSpec): ClusterConfiguration {
  const { network } = settings;
  return {
    apiVersion: kubeadmApi,
    kind: "ClusterConfiguration",
    clusterName: settings.name,
    kubernetesVersion: `v${settings.kubernetesVersion}`,
    controlPlaneEndpoint: controlPlaneEndpoint(settings),
    networking: {
      podSubnet: network.podCidr,
      serviceSubnet: network.serviceCidr,
      dnsDomain: network.clusterDomain,
    },
    imageRepository: settings.images.repository,
    certificatesDir: paths.pki,
    certificateValidityPeriod: days(settings.certificates.validityDays),
    caCertificateValidityPeriod: days(caDays),
    encryptionAlgorithm: "ECDSA-P256",
    apiServer: {
      certSANs: certificateNames(settings),
      extraArgs: argumentList(
        apiServerArguments(settings),
        withPlugins(withPaths("apiServer", settings.apiServer)),
      ),
      extraVolumes: [
        {
          name: "pulumi-kubeadm",
          hostPath: apiServerFolder,
          mountPath: apiServerFolder,
          readOnly: true,
          pathType: "Directory",
        },
        {
          name: "audit-log",
          hostPath: paths.auditLogFolder,
          mountPath: paths.auditLogFolder,
          pathType: "DirectoryOrCreate",
        },
        ...extraVolumes("apiServer", settings.apiServer),
      ],
      ...proxyEnvironment(settings.proxy),
    },
    controllerManager: {
      extraArgs: argumentList(
        {
          // With podSubnet kubeadm adds --allocate-node-cidrs and --cluster-cidr itself.
          "node-cidr-mask-size": String(network.nodeCidrMaskSize),
          profiling: "false",
          ...(settings.aws === undefined ? {} : { "cloud-provider": "external" }),
          // 12500 by default: far more finished pods than anybody looks at, all of them in etcd.
          "terminated-pod-gc-threshold": "1000",
        },
        withKubeadmsControllers(withPaths("controllerManager", settings.controllerManager)),
      ),
      ...volumesOf("controllerManager", settings.controllerManager),
      ...proxyEnvironment(settings.proxy),
    },
    scheduler: {
      extraArgs: argumentList({ profiling: "false" }, withPaths("scheduler", settings.scheduler)),
      ...volumesOf("scheduler", settings.scheduler),
    },
    etcd: { local: localEtcd(settings) },
    // CoreDNS is the library's own, so that kubeadm's upgrades do not touch it.
    dns: { disabled: true },
    proxy: { disabled: settings.kubeProxyIsReplaced === true },
  };
}

/**
 * Stacked etcd. A member's own name, localhost and advertised address are in its certificates anyway. A tag is written only
 * when it is not kubeadm's own for this Kubernetes: a written one stays what it is when kubeadm upgrades.
 */
function localEtcd({ versions, etcd }: Pick<ControlPlaneSpec, "versions" | "etcd">): LocalEtcd {
  const minor = minorOf(versions.kubernetes);
  const usual = minor !== undefined && isSupportedMinor(minor) ? MINORS[minor].etcd : undefined;
  return {
    dataDir: "/var/lib/etcd",
    ...(versions.etcd === usual ? {} : { imageTag: versions.etcd }),
    extraArgs: argumentList({}, withKubeadmsGates(etcd.extraArgs)),
  };
}

function apiServerArguments(settings: ControlPlaneSpec): Record<string, string> {
  const authentication: Record<string, string> = usesAuthenticationFile(settings)
    ? { "authentication-config": paths.authentication }
    : {};
  return {
    "admission-control-config-file": paths.admission,
    "audit-log-maxage": String(settings.audit.maxAge),
    "audit-log-maxbackup": String(settings.audit.maxBackup),
    "audit-log-maxsize": String(settings.audit.maxSize),
    "audit-log-path": paths.auditLog,
    "audit-policy-file": paths.auditPolicy,
    "encryption-provider-config": paths.encryption,
    // A key added to the list is used without a restart of the API server.
    "encryption-provider-config-automatic-reload": "true",
    // Kubelets' serving certificates are signed by the cluster CA (serverTLSBootstrap): logs, exec and port-forward verify.
    "kubelet-certificate-authority": `${paths.pki}/ca.crt`,
    profiling: "false",
    // A token outlives no pod: without it the API server takes one for a year after its hour (CIS 1.2.30).
    "service-account-extend-token-expiration": "false",
    "shutdown-delay-duration": `${SHUTDOWN_DELAY}s`,
    "shutdown-watch-termination-grace-period": `${WATCHES_END_WITHIN}s`,
    "tls-cipher-suites": STRONG_CIPHERS.join(","),
    "service-node-port-range": `${settings.network.nodePortRange.from}-${settings.network.nodePortRange.to}`,
    ...podIdentityArguments(settings.aws),
    ...authentication,
  };
}

/**
 * The issuer of service-account tokens is where AWS finds their keys, from the first token on. Tokens for AWS are asked
 * for by their own audience; that is none of the API's, or every pod's ordinary token would do for AWS, and the other way
 * round.
 */
function podIdentityArguments(aws?: PodIdentitySpec): Record<string, string> {
  if (aws?.podIdentity === undefined) return {};
  const own = aws.podIdentity.audiences.filter((audience) => audience !== STS_AUDIENCE);
  return {
    "service-account-issuer": ISSUER_TOKEN,
    "service-account-jwks-uri": `${ISSUER_TOKEN}/${JWKS_PATH}`,
    "api-audiences": [...new Set([ISSUER_TOKEN, ...own])].join(","),
  };
}

/**
 * Names by which anybody reaches an API server. kubeadm adds each control-plane node's own address and the Service's;
 * the other control-plane nodes' are left out, so that a new control-plane node changes nothing on the ones that are
 * there.
 */
function certificateNames(settings: ControlPlaneSpec): string[] {
  const names = [
    settings.endpoint.host,
    settings.access.host,
    ...settings.apiServer.certSans,
    "127.0.0.1",
    "localhost",
  ];
  // On AWS the address for people is an output, and none of the settings'.
  return [...new Set(names)].filter((name) => name !== "");
}

function volumesOf(
  component: FileComponent,
  settings: ComponentSettings,
): { extraVolumes?: readonly HostPathMount[] } {
  const volumes = extraVolumes(component, settings);
  return volumes.length === 0 ? {} : { extraVolumes: volumes };
}

/**
 * For OIDC issuers and webhooks outside; kubeadm would copy only what its own process happens to have. A proxy that asks for a
 * password is not among it: manifests and kubeadm's ConfigMap can be read by more than root.
 */
function proxyEnvironment(proxy?: ProxySettings): { extraEnvs?: EnvVar[] } {
  if (proxy === undefined || proxy.credentials !== undefined) return {};
  const variables: Record<string, string | undefined> = {
    HTTP_PROXY: proxy.http,
    HTTPS_PROXY: proxy.https,
    NO_PROXY: proxy.noProxy.length === 0 ? undefined : proxy.noProxy.join(","),
  };
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { extraEnvs: set.map(([name, value]) => ({ name, value })) };
}
