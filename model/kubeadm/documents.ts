import type { Machine } from "../settings/resolved";
import { toYaml } from "../yaml";
import { apiServerPort, clusterConfiguration, type ControlPlaneSpec } from "./cluster";
import { kubeletConfiguration, type KubeletSpec } from "./kubelet";
import { kubeProxyConfiguration, type KubeProxySpec } from "./kubeProxy";
import { paths } from "./paths";
import {
  kubeadmApi,
  type ApiEndpoint,
  type Arg,
  type InitConfiguration,
  type JoinConfiguration,
  type NodeRegistration,
  type Timeouts,
} from "./v1beta4";

/** kubeadm's defaults written out, so that an update of kubeadm does not change how long a step may take. */
export const timeouts: Timeouts = {
  controlPlaneComponentHealthCheck: "4m0s",
  kubeletHealthCheck: "4m0s",
  kubernetesAPICall: "1m0s",
  etcdAPICall: "2m0s",
  tlsBootstrap: "5m0s",
  discovery: "5m0s",
};

/** What the settings say of every node's registration. */
export interface RegistrationSpec {
  readonly ignorePreflightErrors: readonly string[];
  /** Set on AWS, where a cloud controller manager makes nodes ready. */
  readonly aws?: object;
}

/** What `kubeadm init` is given. */
export type InitSpec = ControlPlaneSpec & KubeletSpec & KubeProxySpec & RegistrationSpec;

/** How a node is known to the cluster. */
export type NodeIdentity = Pick<Machine, "role" | "nodeName" | "nodeAddress" | "taints">;

/**
 * What `kubeadm init --config` reads on the control-plane node that is initialised: Init, Cluster, Kubelet and
 * KubeProxy documents.
 */
export function initDocuments(settings: InitSpec, machine: NodeIdentity): string {
  return toYaml(
    initConfiguration(settings, machine),
    clusterConfiguration(settings),
    kubeletConfiguration(settings),
    kubeProxyConfiguration(settings),
  );
}

/**
 * What `kubeadm join --config` reads. kubeadm ignores other kinds there: all that is a node's own comes by `patches`.
 * @param discoveryFile path on the host of a kubeconfig with CA, endpoint and a client certificate of hours
 * @param kubeletArgs more flags of the kubelet, as what it registers with
 */
export function joinDocument(
  settings: RegistrationSpec,
  machine: NodeIdentity,
  discoveryFile: string,
  kubeletArgs: readonly Arg[] = [],
): string {
  return toYaml(joinConfiguration(settings, machine, discoveryFile, kubeletArgs));
}

function initConfiguration(settings: RegistrationSpec, machine: NodeIdentity): InitConfiguration {
  return {
    apiVersion: kubeadmApi,
    kind: "InitConfiguration",
    // kubeadm makes one of a day when none is written. This one ends at once, and machines join by certificate.
    bootstrapTokens: [{ ttl: "1s", description: "unused: machines join with a client certificate" }],
    nodeRegistration: nodeRegistration(settings, machine),
    localAPIEndpoint: localEndpoint(machine),
    // It would print the token into the log.
    skipPhases: ["show-join-command"],
    patches: { directory: paths.patches },
    timeouts,
  };
}

function joinConfiguration(
  settings: RegistrationSpec,
  machine: NodeIdentity,
  discoveryFile: string,
  kubeletArgs: readonly Arg[],
): JoinConfiguration {
  return {
    apiVersion: kubeadmApi,
    kind: "JoinConfiguration",
    caCertPath: `${paths.pki}/ca.crt`,
    discovery: { file: { kubeConfigPath: discoveryFile } },
    nodeRegistration: nodeRegistration(settings, machine, kubeletArgs),
    ...(machine.role === "controlPlane"
      ? { controlPlane: { localAPIEndpoint: localEndpoint(machine) } }
      : {}),
    patches: { directory: paths.patches },
    timeouts,
  };
}

function localEndpoint(machine: NodeIdentity): ApiEndpoint {
  return { advertiseAddress: machine.nodeAddress, bindPort: apiServerPort };
}

function nodeRegistration(
  settings: RegistrationSpec,
  machine: NodeIdentity,
  kubeletArgs: readonly Arg[] = [],
): NodeRegistration {
  return {
    name: machine.nodeName,
    criSocket: paths.criSocket,
    // A control-plane node's have kubeadm's own among them, unless the settings say otherwise; an empty list means none.
    taints: machine.taints,
    // Without it a kubelet takes the address of the default route, which on two networks is the wrong one.
    kubeletExtraArgs: [
      // The node is tainted until the cloud controller manager has seen it, and takes addresses and zone from there.
      ...(settings.aws === undefined ? [] : [{ name: "cloud-provider", value: "external" }]),
      // kubeadm writes it only where the host has another name now, and a name of DHCP's may change later.
      { name: "hostname-override", value: machine.nodeName },
      { name: "node-ip", value: machine.nodeAddress },
      ...kubeletArgs,
    ],
    ...(settings.ignorePreflightErrors.length === 0
      ? {}
      : { ignorePreflightErrors: settings.ignorePreflightErrors }),
    imagePullPolicy: "IfNotPresent",
    imagePullSerial: false,
  };
}

/** Labels that the API gets for a node; a kubelet may not give itself those of roles (NodeRestriction). */
export function nodeLabels(machine: Pick<Machine, "role" | "pool" | "labels">): Record<string, string> {
  const role =
    machine.role === "worker" && machine.pool !== "" ? `node-role.kubernetes.io/${machine.pool}` : undefined;
  return { ...(role === undefined ? {} : { [role]: "" }), ...machine.labels };
}
