import { WINDOWS_VXLAN } from "../cni/flannel/windows";
import { imageOf, type ImageSource } from "../images";
import type { Container, Manifest } from "../core/manifest";
import { configMap, daemonSet, EVERY_NODE, fieldEnv, readingOnce } from "../core/objects";
import type { JsonValue } from "../kubernetes";
import type { CniSettings } from "../cni";
import type { AwsSettings } from "../aws/settings";
import { WINDOWS_RELEASES, WINDOWS_TAINT, windowsReleases } from "./releases";
import { slashes, windowsHostScript } from "./paths";
import { toYaml } from "../yaml";

/**
 * For containers that are processes of the host: it holds nothing, and what they run is on the host. Any release of
 * Windows takes it (microsoft/windows-host-process-containers-base-image).
 */
const HOST_PROCESS_IMAGE =
  "mcr.microsoft.com/oss/kubernetes/windows-host-process-containers-base-image:v1.0.0";

const POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
/** Where a pod's ConfigMap and its service account are, on the host's own drive (containerd 1.7 and newer). */
const MOUNT = "C:\\pulumi-kubeadm";
const SERVICE_ACCOUNT = "C:/var/run/secrets/kubernetes.io/serviceaccount";
const SOURCE_VIP = "@SOURCE_VIP@";
const NODE_NAME = "@NODE_NAME@";
const NODE_IP = "@NODE_IP@";

/** flannel's namespace and service account are those of its Linux part. */
const FLANNEL = { name: "kube-flannel-ds-windows", namespace: "kube-flannel", serviceAccountName: "flannel" };
/** kubeadm makes the service account, and a DaemonSet `kube-proxy` that Linux nodes alone are selected by. */
const KUBE_PROXY = {
  name: "kube-proxy-windows",
  namespace: "kube-system",
  serviceAccountName: "kube-proxy",
};

/** What Windows nodes' objects are made from. */
export interface WindowsClusterSpec extends ImageSource {
  /** flannel's, the only CNI that Windows nodes have here. */
  readonly cni: CniSettings;
  readonly network: { readonly podCidr: string; readonly serviceCidr: string };
  readonly endpoint: { readonly host: string; readonly port: number };
  /** Its pools say which releases there are; undefined: there are no Windows nodes. */
  readonly aws?: AwsSettings;
}

/**
 * What Windows nodes run: flannel and kube-proxy as processes of the host, from the binaries that the boot verified, and a
 * RuntimeClass for each release in use. Empty without Windows pools. Upstream's own images for it (sigwindowstools,
 * `-flannel-hostprocess`) ended with sig-windows-tools pull request 385, so none are used; its scripts are the facts.
 */
export function windowsManifests(settings: WindowsClusterSpec): Manifest[] {
  const releases = windowsReleases(settings);
  if (releases.length === 0) return [];
  return [...releases.map(runtimeClass), ...flannelObjects(settings), ...kubeProxyObjects(settings)];
}

/** For pods that say which Windows they were built for: they come to its nodes, whose taint they tolerate by it. */
function runtimeClass(release: keyof typeof WINDOWS_RELEASES): Manifest {
  const { key, value = "", effect } = WINDOWS_TAINT;
  return {
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: { name: `windows-${release}` },
    // containerd's default runtime on Windows: processes beside the host's, in their own silos.
    handler: "runhcs-wcow-process",
    scheduling: {
      nodeSelector: {
        "kubernetes.io/os": "windows",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/windows-build": WINDOWS_RELEASES[release].build,
      },
      tolerations: [{ key, operator: "Equal", value, effect }],
    },
  };
}

function flannelObjects(settings: WindowsClusterSpec): Manifest[] {
  const data = {
    "net-conf.json": json(windowsNetConf(settings)),
    "cni-conf.json": json(windowsCniConf(settings)),
    "kubeconfig.conf": kubeconfig(settings),
    "start.ps1": flannelScript(),
  };
  return hostProcess(settings, FLANNEL, data, settings.cni.kind === "flannel" ? settings.cni.resources : {});
}

function kubeProxyObjects(settings: WindowsClusterSpec): Manifest[] {
  const data = {
    "config.json": json(windowsKubeProxyConfig(settings)),
    "kubeconfig.conf": kubeconfig(settings),
    "start.ps1": kubeProxyScript(),
  };
  return hostProcess(settings, KUBE_PROXY, data, { requests: { cpu: "100m", memory: "100Mi" } });
}

function vni(settings: WindowsClusterSpec): number {
  return (settings.cni.kind === "flannel" ? settings.cni.vni : undefined) ?? WINDOWS_VXLAN.vni;
}

/** flannel's configuration on Windows: the same network as on Linux, under the name that HNS and the CNI plugin know. */
export function windowsNetConf(settings: WindowsClusterSpec): Readonly<Record<string, JsonValue>> {
  return {
    Network: settings.network.podCidr,
    Backend: {
      Type: "vxlan",
      VNI: vni(settings),
      Port: WINDOWS_VXLAN.port,
      Name: WINDOWS_VXLAN.network,
    },
  };
}

/**
 * The chain that containerd runs for each pod; `name` is the HNS network's. Pods' and services' addresses are not rewritten,
 * services are encapsulated, and ProviderAddress is the node's own (rancher/rke2 pkg/windows/flannel.go).
 */
export function windowsCniConf(settings: WindowsClusterSpec): Readonly<Record<string, JsonValue>> {
  const { podCidr, serviceCidr } = settings.network;
  const policy = (type: string, values: Readonly<Record<string, JsonValue>>): JsonValue => ({
    Name: "EndpointPolicy",
    Value: { Type: type, Settings: values },
  });
  return {
    name: WINDOWS_VXLAN.network,
    cniVersion: "1.0.0",
    plugins: [
      {
        type: "flannel",
        capabilities: { portMappings: true, dns: true },
        delegate: {
          type: "win-overlay",
          apiVersion: 2,
          Policies: [
            policy("OutBoundNAT", { Exceptions: [podCidr, serviceCidr] }),
            policy("SDNRoute", { DestinationPrefix: serviceCidr, NeedEncap: true }),
            policy("ProviderAddress", { ProviderAddress: NODE_IP }),
          ],
        },
      },
    ],
  };
}

/**
 * kube-proxy's configuration on Windows. The settings' `kubeProxy` is for Linux: Windows does not have `nftables`, and
 * `kernelspace` is the only mode there is (kube-proxy reference, `--proxy-mode`).
 */
export function windowsKubeProxyConfig(settings: WindowsClusterSpec): Readonly<Record<string, JsonValue>> {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "kernelspace",
    clusterCIDR: settings.network.podCidr,
    hostnameOverride: NODE_NAME,
    clientConnection: { kubeconfig: `${slashes(MOUNT)}/kubeconfig.conf` },
    winkernel: { networkName: WINDOWS_VXLAN.network, sourceVip: SOURCE_VIP },
  };
}

/** By the endpoint's name, which is in each node's hosts file: the Service of the API is there once kube-proxy runs. */
function kubeconfig(settings: WindowsClusterSpec): string {
  const { host, port } = settings.endpoint;
  return toYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "default",
        cluster: { server: `https://${host}:${port}`, "certificate-authority": `${SERVICE_ACCOUNT}/ca.crt` },
      },
    ],
    users: [{ name: "default", user: { tokenFile: `${SERVICE_ACCOUNT}/token` } }],
    contexts: [{ name: "default", context: { cluster: "default", user: "default" } }],
    "current-context": "default",
  });
}

/** `--iface` takes an address, and the node's own is the one that the other nodes know. */
function flannelScript(): string {
  return windowsHostScript("flannel", { mount: MOUNT, addressToken: NODE_IP });
}

/**
 * In an overlay kube-proxy sends from an address of the node's own slice of the pod range, which no pod may have: it is
 * reserved where the CNI plugin reserves pods' addresses, and kept as long as the slice is the same.
 */
function kubeProxyScript(): string {
  return windowsHostScript("kube-proxy", {
    mount: MOUNT,
    networkName: WINDOWS_VXLAN.network,
    vipToken: SOURCE_VIP,
    nodeToken: NODE_NAME,
  });
}

function json(value: Readonly<Record<string, JsonValue>>): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

type HostProcess = typeof FLANNEL;

/** A ConfigMap, and a DaemonSet of host processes that run its `start.ps1` and are made anew when it changes. */
function hostProcess(
  settings: WindowsClusterSpec,
  { name, namespace, serviceAccountName }: HostProcess,
  data: Readonly<Record<string, string>>,
  resources: Container["resources"],
): Manifest[] {
  const labels = { "k8s-app": name };
  const metadata = { name, namespace, labels };
  return [
    configMap(metadata, data),
    daemonSet(metadata, {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: readingOnce(labels, data),
        spec: {
          // Host processes have to be on the host's network; that is what `hostNetwork` means on Windows.
          hostNetwork: true,
          securityContext: {
            windowsOptions: { hostProcess: true, runAsUserName: "NT AUTHORITY\\SYSTEM" },
          },
          priorityClassName: "system-node-critical",
          serviceAccountName,
          nodeSelector: { "kubernetes.io/os": "windows" },
          tolerations: EVERY_NODE,
          containers: [
            {
              name,
              image: imageOf(settings, HOST_PROCESS_IMAGE),
              command: [
                POWERSHELL,
                "-NoProfile",
                "-NonInteractive",
                "-ExecutionPolicy",
                "Bypass",
                "-File",
                `${MOUNT}\\start.ps1`,
              ],
              env: [fieldEnv("NODE_NAME", "spec.nodeName"), fieldEnv("NODE_IP", "status.hostIP")],
              resources,
              volumeMounts: [{ name: "config", mountPath: slashes(MOUNT) }],
            },
          ],
          volumes: [{ name: "config", configMap: { name } }],
        },
      },
    }),
  ];
}
