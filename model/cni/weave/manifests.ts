import type { Container, Manifest } from "../../core/manifest";
import {
  accountWithRole,
  allow,
  daemonSet,
  EVERY_NODE,
  fieldEnv,
  hostFolder,
  ON_LINUX,
  READ,
  roleFor,
} from "../../core/objects";
import { FASTDP } from "./rows";
import type { WeaveSettings } from "./settings";
import type { WeaveSpec } from "./spec";

/** The maintained fork: rajch/weave v2.9.0, HISTORY.md (registry account) and CHANGELOG.md. */
const WEAVE_VERSION = "2.9.0";

const name = "weave-net";
const namespace = "kube-system";
const labels = { name };
const metadata = { name, namespace, labels };

/** Secret with the password that nodes encrypt with, and its one key; the component makes it, since it is secret. */
export const WEAVE_SECRET = { name: "weave-passwd", key: "weave-passwd", namespace } as const;

/**
 * Weave Net as objects, after the fork's manifest (prog/weave-kube/weave-daemonset-k8s-1.11.yaml), with the cluster's own
 * pod range in it. Weave gives addresses out by itself, over the whole range: the slices that kube-controller-manager
 * writes into Nodes are of no account to it.
 */
export function weaveManifests(spec: WeaveSpec): Manifest[] {
  return [
    ...accountWithRole(metadata, [
      allow("", ["pods", "namespaces", "nodes"], READ),
      allow("networking.k8s.io", ["networkpolicies"], READ),
      allow("", ["nodes/status"], ["patch", "update"]),
    ]),
    // Its list of peers, by which addresses of nodes that are gone are taken back.
    ...roleFor(metadata, [
      allow("", ["configmaps"], ["get", "update"], [name]),
      allow("", ["configmaps"], ["create"]),
    ]),
    pods(spec),
  ];
}

function pods(spec: WeaveSpec): Manifest {
  const weave = spec.cni;
  return daemonSet(metadata, {
    selector: { matchLabels: labels },
    // Time to connect before the next one is taken down.
    minReadySeconds: 5,
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    template: {
      metadata: { labels },
      spec: {
        hostNetwork: true,
        dnsPolicy: "ClusterFirstWithHostNet",
        priorityClassName: "system-node-critical",
        serviceAccountName: name,
        nodeSelector: ON_LINUX,
        tolerations: EVERY_NODE,
        initContainers: [init(weave)],
        containers: [router(spec, weave), ...(weave.networkPolicy ? [policyController(weave)] : [])],
        volumes: [
          hostFolder("weavedb", "/var/lib/weave"),
          hostFolder("cni-bin", "/opt/cni/bin"),
          hostFolder("cni-conf", "/etc/cni/net.d"),
          hostFolder("machine-id", "/etc/machine-id", "File"),
          hostFolder("dbus", "/var/lib/dbus"),
          { name: "lib-modules", hostPath: { path: "/lib/modules" } },
          hostFolder("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
        ],
      },
    },
  });
}

const xtablesLock = { name: "xtables-lock", mountPath: "/run/xtables.lock" };

/**
 * kube-proxy writes its rules by nft where the kubelet does, which is every supported OS; Weave would count rules instead
 * and, on a node that has none yet, take the other kind.
 */
const iptablesBackend = { name: "IPTABLES_BACKEND", value: "nft" };

/** "0": nobody enforces policies, and the router does not wait for somebody to. */
function expectNpc({ networkPolicy }: WeaveSettings): { name: string; value: string } {
  return { name: "EXPECT_NPC", value: networkPolicy ? "1" : "0" };
}

const nodeName = fieldEnv("HOSTNAME", "spec.nodeName");

function init(weave: WeaveSettings): Container {
  return {
    name: "weave-init",
    image: `rajchaudhuri/weave-kube:${WEAVE_VERSION}`,
    command: ["/home/weave/init.sh"],
    env: [expectNpc(weave), iptablesBackend],
    securityContext: { privileged: true },
    volumeMounts: [
      // Upstream mounts /opt, /home and /etc whole; the script writes to these two only.
      { name: "cni-bin", mountPath: "/host/opt/cni/bin" },
      { name: "cni-conf", mountPath: "/host/etc/cni/net.d" },
      { name: "lib-modules", mountPath: "/lib/modules", readOnly: true },
      xtablesLock,
    ],
  };
}

function router(spec: WeaveSpec, weave: WeaveSettings): Container {
  const mtu = mtuOf(spec, weave);
  const trusted = weave.encryption?.trustedSubnets ?? [];
  return {
    name: "weave",
    image: `rajchaudhuri/weave-kube:${WEAVE_VERSION}`,
    command: ["/home/weave/launch.sh"],
    env: [
      { name: "INIT_CONTAINER", value: "true" },
      nodeName,
      { name: "CHECKPOINT_DISABLE", value: "1" },
      { name: "IPALLOC_RANGE", value: spec.network.podCidr },
      // Each node connects to every other; Weave's own limit is 200.
      { name: "CONN_LIMIT", value: String(Math.max(200, spec.network.maxNodes)) },
      expectNpc(weave),
      iptablesBackend,
      // Upstream listens on all addresses of the host.
      { name: "WEAVE_METRICS_ADDR", value: "127.0.0.1:6782" },
      ...(mtu === undefined ? [] : [{ name: "WEAVE_MTU", value: String(mtu) }]),
      ...(trusted.length === 0
        ? []
        : [{ name: "EXTRA_ARGS", value: `--trusted-subnets=${trusted.join(",")}` }]),
      ...(weave.encryption === undefined
        ? []
        : [
            {
              name: "WEAVE_PASSWORD",
              valueFrom: { secretKeyRef: { name: WEAVE_SECRET.name, key: WEAVE_SECRET.key } },
            },
          ]),
    ],
    readinessProbe: { httpGet: { host: "127.0.0.1", path: "/status", port: 6784 } },
    resources: weave.resources,
    securityContext: { privileged: true },
    volumeMounts: [
      { name: "weavedb", mountPath: "/weavedb" },
      { name: "dbus", mountPath: "/host/var/lib/dbus", readOnly: true },
      { name: "machine-id", mountPath: "/host/etc/machine-id", readOnly: true },
      xtablesLock,
    ],
  };
}

/** The pod network's MTU: what is left of the nodes', down to a multiple of four (website/tasks/manage/fastdp.md). */
function mtuOf({ network }: WeaveSpec, weave: WeaveSettings): number | undefined {
  if (weave.mtu !== undefined) return weave.mtu;
  if (network.mtu === undefined) return undefined;
  const left = network.mtu - FASTDP.overhead;
  return left - (left % 4);
}

function policyController(weave: WeaveSettings): Container {
  return {
    name: "weave-npc",
    image: `rajchaudhuri/weave-npc:${WEAVE_VERSION}`,
    args: ["--metrics-addr=127.0.0.1:6781"],
    env: [nodeName, iptablesBackend],
    resources: weave.resources,
    securityContext: { privileged: true },
    volumeMounts: [xtablesLock],
  };
}
