import { flowsOf, type FlowsSpec } from "../flows";
import { KUBELET_PORT } from "../network/ports";
import { NODE_ADDRESS, NODE_NAME } from "../aws/node/paths";
import { LAUNCH_HOOK } from "../aws/hooks";
import { joinParameter, poolGroupName, statusPrefix } from "../aws/names";
import { endpointAddresses, type EndpointSpec } from "../network/endpoint";
import type { AwsPool, AwsSettings } from "../aws/settings";
import type { LifecycleSpec } from "../aws/boot/lifecycle";
import type { RegistrationSpec } from "../kubeadm/documents";
import type { KubeletSpec } from "../kubeadm/kubelet";
import { windowsContainerdFiles, type WindowsContainerdSpec } from "./containerd";
import type { WindowsDownload, WindowsDownloadName } from "./downloads";
import { PROVIDER, windowsJoinDocument, windowsKubeletCommand, windowsKubeletPatch } from "./kubelet";
import { windowsLifecycle, windowsLifecycleScript } from "./lifecycle";
import { windowsHostScript, windowsPaths } from "./paths";

/** What makes a Windows instance a node. */
export type WindowsBootSpec = EndpointSpec &
  FlowsSpec &
  KubeletSpec &
  LifecycleSpec &
  RegistrationSpec &
  WindowsContainerdSpec;

const { bin, cniBin, containerd } = windowsPaths;

/** What of each download goes where; "" takes the file itself. */
const INSTALLED: Record<WindowsDownloadName, { readonly from: string; readonly to: string }> = {
  kubernetes: { from: "kubernetes\\node\\bin\\*.exe", to: bin },
  containerd: { from: "bin\\*", to: containerd },
  crictl: { from: "crictl.exe", to: bin },
  cniPlugins: { from: "*.exe", to: cniBin },
  flannel: { from: "", to: `${bin}\\flanneld.exe` },
  flannelCniPlugin: { from: "flannel-amd64.exe", to: `${cniBin}\\flannel.exe` },
};

/** A download and where it goes, as the script splits it. */
function download({ name, url, checksum }: WindowsDownload): string {
  const { from, to } = INSTALLED[name];
  return [name, url, checksum, from, to].join("|");
}

/** Ports that other machines call on a Windows node: the security group lets them through, and Windows' firewall has to. */
function openPorts(settings: FlowsSpec): string[] {
  const overlay = flowsOf(settings)
    .filter((flow) => flow.from === "node" && flow.to === "node" && flow.protocol === "udp")
    .flatMap((flow) => flow.ports.map((range) => range.from));
  return [`TCP ${KUBELET_PORT}`, ...overlay.map((port) => `UDP ${port}`)];
}

/**
 * What makes a Windows instance a node of its pool, in PowerShell. EC2Launch runs it at each boot; it starts again where it
 * was, does nothing on an instance that is a node, and says after each phase how far it is. Nothing in it is secret.
 * @param boot digest that names this rendering; nodes carry it as a label
 */
export function windowsBootScript(
  settings: WindowsBootSpec,
  aws: AwsSettings,
  pool: AwsPool,
  boot: string,
): string {
  const { host, port } = settings.endpoint;
  return windowsHostScript("boot", {
    pool: pool.name,
    boot,
    group: poolGroupName(settings.name, pool.name),
    launchHook: LAUNCH_HOOK,
    joinTimeout: pool.joinTimeoutSeconds,
    joinParameter: joinParameter(settings.name, pool.name),
    statusPrefix: statusPrefix(settings.name, pool.name),
    region: aws.region,
    sourceCheckOff: pool.sourceDestinationCheckOff,
    hostsLines: endpointAddresses(settings).map((address) => `${address} ${host} # pulumi-kubeadm`),
    openPorts: openPorts(settings),
    downloads: (aws.windows?.downloads ?? []).map(download),
    containerdFiles: windowsContainerdFiles(settings).flatMap(({ path, content }) => [path, content]),
    kubeletCommand: windowsKubeletCommand(pool, boot),
    kubeletPatch: windowsKubeletPatch(settings, pool),
    joinDocument: windowsJoinDocument(settings, pool),
    nodeToken: NODE_NAME,
    addressToken: NODE_ADDRESS,
    providerToken: PROVIDER,
    endpointHost: host,
    endpointPort: port,
    lifecycle: windowsLifecycle(settings, pool, aws.region),
    lifecycleProgram: windowsLifecycleScript,
  });
}
