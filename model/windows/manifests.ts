import { WINDOWS_VXLAN } from "../cni/flannel/windows";
import { imageOf } from "../images";
import type { Container, Manifest } from "../core/manifest";
import { type JsonValue, configHash, configHashAnnotation } from "../kubernetes";
import type { ClusterSettings } from "../settings/resolved";
import { WINDOWS_RELEASES, WINDOWS_TAINT, windowsReleases } from "./releases";
import { slashes, windowsPaths } from "./paths";
import { ps } from "../core/powershell";
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

/**
 * What Windows nodes run: flannel and kube-proxy as processes of the host, from the binaries that the boot verified, and a
 * RuntimeClass for each release in use. Empty without Windows pools. Upstream's own images for it (sigwindowstools,
 * `-flannel-hostprocess`) ended with sig-windows-tools pull request 385, so none are used; its scripts are the facts.
 */
export function windowsManifests(settings: ClusterSettings): Manifest[] {
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

function flannelObjects(settings: ClusterSettings): Manifest[] {
  const data = {
    "net-conf.json": json(windowsNetConf(settings)),
    "cni-conf.json": json(windowsCniConf(settings)),
    "kubeconfig.conf": kubeconfig(settings),
    "start.ps1": flannelScript(),
  };
  return hostProcess(settings, FLANNEL, data, settings.cni.kind === "flannel" ? settings.cni.resources : {});
}

function kubeProxyObjects(settings: ClusterSettings): Manifest[] {
  const data = {
    "config.json": json(windowsKubeProxyConfig(settings)),
    "kubeconfig.conf": kubeconfig(settings),
    "start.ps1": kubeProxyScript(),
  };
  return hostProcess(settings, KUBE_PROXY, data, { requests: { cpu: "100m", memory: "100Mi" } });
}

function vni(settings: ClusterSettings): number {
  return (settings.cni.kind === "flannel" ? settings.cni.vni : undefined) ?? WINDOWS_VXLAN.vni;
}

/** flannel's configuration on Windows: the same network as on Linux, under the name that HNS and the CNI plugin know. */
export function windowsNetConf(settings: ClusterSettings): Readonly<Record<string, JsonValue>> {
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
export function windowsCniConf(settings: ClusterSettings): Readonly<Record<string, JsonValue>> {
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
 * kube-proxy's configuration on Windows. The settings' `kubeProxy` is for Linux: `nftables` is not known here, and
 * `kernelspace` is the only mode there is (kube-proxy reference, `--proxy-mode`).
 */
export function windowsKubeProxyConfig(settings: ClusterSettings): Readonly<Record<string, JsonValue>> {
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
function kubeconfig(settings: ClusterSettings): string {
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

const { bin, cniBin, cniConf, state } = windowsPaths;

/** `--iface` takes an address, and the node's own is the one that the other nodes know. */
function flannelScript(): string {
  return `$ErrorActionPreference = 'Stop'
New-Item -ItemType Directory -Force -Path ${ps(cniConf)} | Out-Null
$conf = (Get-Content -Raw ${ps(`${MOUNT}\\cni-conf.json`)}).Replace('${NODE_IP}', $env:NODE_IP)
[IO.File]::WriteAllText(${ps(`${cniConf}\\10-flannel.conflist`)}, $conf)
& ${ps(`${bin}\\flanneld.exe`)} '--kube-subnet-mgr' "--iface=$env:NODE_IP" ${ps(`--kubeconfig-file=${MOUNT}\\kubeconfig.conf`)} ${ps(`--net-config-path=${MOUNT}\\net-conf.json`)}
exit $LASTEXITCODE
`;
}

/**
 * In an overlay kube-proxy sends from an address of the node's own slice of the pod range, which no pod may have: it is
 * reserved where the CNI plugin reserves pods' addresses, and kept as long as the slice is the same.
 */
function kubeProxyScript(): string {
  return `$ErrorActionPreference = 'Stop'
$until = (Get-Date).AddMinutes(5)
while (-not ($network = Get-HnsNetwork | Where-Object { $_.Name -eq ${ps(WINDOWS_VXLAN.network)} })) {
  if ((Get-Date) -gt $until) { throw ${ps(`no HNS network ${WINDOWS_VXLAN.network}: does flannel run on this node?`)} }
  Start-Sleep -Seconds 2
}
# The network takes over the adapter, and the route to the metadata service is lost with it.
$index = (Get-NetIPAddress -IPAddress $env:NODE_IP).InterfaceIndex
New-NetRoute -DestinationPrefix '169.254.169.254/32' -InterfaceIndex $index -NextHop '0.0.0.0' -PolicyStore ActiveStore -ErrorAction SilentlyContinue | Out-Null
$subnet = $network.Subnets[0].AddressPrefix
$file = ${ps(`${state}\\source-vip`)}
$kept = @(if (Test-Path $file) { Get-Content $file })
if ($kept.Count -eq 2 -and $kept[0] -eq $subnet) {
  $vip = $kept[1]
} else {
  $env:CNI_COMMAND = 'ADD'
  $env:CNI_CONTAINERID = 'kube-proxy'
  $env:CNI_NETNS = 'none'
  $env:CNI_IFNAME = 'sourcevip'
  $env:CNI_PATH = ${ps(cniBin)}
  $request = @{
    cniVersion = '1.0.0'; name = ${ps(WINDOWS_VXLAN.network)}
    ipam = @{ type = 'host-local'; ranges = @(, @(@{ subnet = $subnet })); dataDir = '/var/lib/cni/networks' }
  }
  $answer = ConvertTo-Json -Depth 6 -Compress -InputObject $request | & ${ps(`${cniBin}\\host-local.exe`)} | Out-String
  if ($LASTEXITCODE -ne 0) { throw "host-local gives no address: $answer" }
  $vip = (ConvertFrom-Json $answer).ips[0].address.Split('/')[0]
  Set-Content -Path $file -Value @($subnet, $vip)
}
$config = (Get-Content -Raw ${ps(`${MOUNT}\\config.json`)}).Replace('${SOURCE_VIP}', $vip).Replace('${NODE_NAME}', $env:NODE_NAME)
[IO.File]::WriteAllText(${ps(`${state}\\kube-proxy.json`)}, $config)
& ${ps(`${bin}\\kube-proxy.exe`)} ${ps(`--config=${state}\\kube-proxy.json`)}
exit $LASTEXITCODE
`;
}

function json(value: Readonly<Record<string, JsonValue>>): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

type HostProcess = typeof FLANNEL;

/** A ConfigMap, and a DaemonSet of host processes that run its `start.ps1` and are made anew when it changes. */
function hostProcess(
  settings: ClusterSettings,
  { name, namespace, serviceAccountName }: HostProcess,
  data: Readonly<Record<string, string>>,
  resources: Container["resources"],
): Manifest[] {
  const labels = { "k8s-app": name };
  const metadata = { name, namespace, labels };
  const field = (variable: string, fieldPath: string) => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata,
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
        template: {
          metadata: { labels, annotations: { [configHashAnnotation]: configHash(data) } },
          spec: {
            // Host processes have to be on the host's network; that is what `hostNetwork` means on Windows.
            hostNetwork: true,
            securityContext: {
              windowsOptions: { hostProcess: true, runAsUserName: "NT AUTHORITY\\SYSTEM" },
            },
            priorityClassName: "system-node-critical",
            serviceAccountName,
            nodeSelector: { "kubernetes.io/os": "windows" },
            tolerations: [{ operator: "Exists" }],
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
                env: [field("NODE_NAME", "spec.nodeName"), field("NODE_IP", "status.hostIP")],
                resources,
                volumeMounts: [{ name: "config", mountPath: slashes(MOUNT) }],
              },
            ],
            volumes: [{ name: "config", configMap: { name } }],
          },
        },
      },
    },
  ];
}
