import type { Container, Manifest } from "../../core/manifest";
import {
  accountWithRole,
  allow,
  configMap,
  daemonSet,
  EVERY_NODE,
  fieldEnv,
  hostFolder,
  namespaceOf,
  ON_LINUX,
  READ,
  readingOnce,
} from "../../core/objects";
import { script } from "../../core/script";
import type { FlannelSpec } from "./spec";
import { compareVersions } from "../../versions";
import { cniConf, netConf } from "./config";
import { kubeNetworkPoliciesManifests } from "./networkPolicies";

const namespace = "kube-flannel";
const labels = { "k8s-app": "flannel" };
const podLabels = { tier: "node", app: "flannel" };
const configMapName = "kube-flannel-cfg";
const healthPort = 8081;

/**
 * flannel as objects, after upstream's manifest (flannel v0.28.9, Documentation/kube-flannel.yml), with the cluster's
 * own ranges and backend in it, and what enforces NetworkPolicy where the spec ask for it. The names are upstream's,
 * so that what people look up fits.
 */
export function flannelManifests(spec: FlannelSpec): Manifest[] {
  const data = {
    "cni-conf.json": `${JSON.stringify(cniConf(spec), undefined, 2)}\n`,
    "net-conf.json": `${JSON.stringify(netConf(spec), undefined, 2)}\n`,
  };
  return [
    namespaceOf(namespace, "privileged", labels),
    ...accountWithRole({ name: "flannel", namespace, labels }, [
      allow("", ["pods"], ["get"]),
      allow("", ["nodes"], READ),
      allow("", ["nodes/status"], ["patch"]),
    ]),
    configMap({ name: configMapName, namespace, labels: { ...labels, ...podLabels } }, data),
    pods(spec, data),
    ...(spec.cni.networkPolicy === "kube-network-policies" ? kubeNetworkPoliciesManifests(spec) : []),
  ];
}

function pods(spec: FlannelSpec, data: Readonly<Record<string, string>>): Manifest {
  const image = `ghcr.io/flannel-io/flannel:${spec.versions.flannel}`;
  return daemonSet(
    { name: "kube-flannel-ds", namespace, labels: { ...labels, ...podLabels } },
    {
      selector: { matchLabels: { app: "flannel" } },
      // Pods of a node keep their network while its flannel restarts. A tenth at a time: while a port or an identifier
      // changes, nodes before and after it do not reach each other's pods.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        // flanneld reads its configuration once, when it starts.
        metadata: readingOnce(podLabels, data),
        spec: {
          hostNetwork: true,
          priorityClassName: "system-node-critical",
          serviceAccountName: "flannel",
          nodeSelector: ON_LINUX,
          // A node without it has no network at all, whatever else is wrong with it.
          tolerations: EVERY_NODE,
          initContainers: [installPlugin(spec), installConf(image), ...dropOldLinks(spec, image)],
          containers: [flanneld(spec, image)],
          volumes: [
            hostFolder("run", "/run/flannel"),
            hostFolder("cni-plugin", "/opt/cni/bin"),
            hostFolder("cni", "/etc/cni/net.d"),
            { name: "flannel-cfg", configMap: { name: configMapName, defaultMode: 0o600 } },
            hostFolder("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
          ],
        },
      },
    },
  );
}

function installPlugin(spec: FlannelSpec): Container {
  return {
    name: "install-cni-plugin",
    image: `ghcr.io/flannel-io/flannel-cni-plugin:${spec.versions.flannelCniPlugin}`,
    command: ["cp", "-f", "/flannel", "/opt/cni/bin/flannel"],
    volumeMounts: [{ name: "cni-plugin", mountPath: "/opt/cni/bin" }],
  };
}

/** `cp`, and not the `install-conf` of 0.28.6 and newer: every version of the image has it. The file gets the volume's mode. */
function installConf(image: string): Container {
  return {
    name: "install-cni",
    image,
    command: ["cp", "-f", "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
    volumeMounts: [
      { name: "cni", mountPath: "/etc/cni/net.d" },
      { name: "flannel-cfg", mountPath: "/etc/kube-flannel/" },
    ],
  };
}

/**
 * flanneld makes its link anew under the same name, but knows nothing of links of another identifier (pkg/backend/vxlan,
 * ensureLink): those would stay with their address, and their port open, until the host boots. `ip` is in upstream's image
 * (images/Dockerfile).
 */
function dropOldLinks(spec: FlannelSpec, image: string): Container[] {
  const { backend, vni } = spec.cni;
  if (backend !== "vxlan") return [];
  const program = script("cni/flannel/scripts/drop-old-links.sh", { vni: vni ?? 1 });
  return [
    {
      name: "drop-old-links",
      image,
      command: ["sh", "-c", program],
      securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN"] } },
    },
  ];
}

function flanneld(spec: FlannelSpec, image: string): Container {
  return {
    name: "kube-flannel",
    image,
    command: ["/opt/bin/flanneld"],
    args: [
      "--ip-masq",
      "--kube-subnet-mgr",
      // The address the kubelet registered (`--node-ip`), on each node its own: flannel's default is the interface of the
      // default route, which on a host with two networks may be the wrong one. `--iface` takes an address (main.go).
      "--iface=$(NODE_IP)",
      // Upstream listens on all addresses; only the kubelet of the same host asks.
      "--healthz-ip=127.0.0.1",
      `--healthz-port=${healthPort}`,
    ],
    ...probes(spec.versions.flannel),
    resources: spec.cni.resources,
    securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
    env: [
      fieldEnv("NODE_IP", "status.hostIP"),
      fieldEnv("POD_NAME", "metadata.name"),
      fieldEnv("POD_NAMESPACE", "metadata.namespace"),
      { name: "EVENT_QUEUE_DEPTH", value: "5000" },
      { name: "CONT_WHEN_CACHE_NOT_READY", value: "false" },
    ],
    volumeMounts: [
      { name: "run", mountPath: "/run/flannel" },
      { name: "flannel-cfg", mountPath: "/etc/kube-flannel/" },
      { name: "xtables-lock", mountPath: "/run/xtables.lock" },
    ],
  };
}

/** `/readyz` came with v0.28.9 (flannel pull request 2523); before it nothing tells that the rules are in place. */
function probes(version: string): Partial<Container> {
  const get = (path: string) => ({ path, port: healthPort, host: "127.0.0.1" });
  return {
    livenessProbe: { httpGet: get("/healthz"), initialDelaySeconds: 10, periodSeconds: 30 },
    ...(compareVersions(version, "v0.28.9") < 0
      ? {}
      : { readinessProbe: { httpGet: get("/readyz"), periodSeconds: 5 } }),
  };
}
