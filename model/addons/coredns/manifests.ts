import { UPSTREAM_REGISTRY } from "../../images";
import type { Container, Manifest, PodSpec } from "../../core/manifest";
import {
  accountWithRole,
  allow,
  configMap,
  deployment,
  disruptionBudget,
  ON_LINUX,
  readingOnce,
  spread,
} from "../../core/objects";
import { corednsContainer } from "./container";
import { corefile } from "./corefile";
import { nodeCacheManifests, nodeCacheSelector } from "./nodeCache";
import type { CoreDnsSpec } from "./settings";

const namespace = "kube-system";
const selector = { "k8s-app": "kube-dns" };
/** Of CoreDNS itself: the caches on the nodes have `k8s-app: kube-dns` too, which policies for DNS select. */
const ownSelector = { "app.kubernetes.io/name": "coredns" };
const labels = { ...selector, ...ownSelector };
const metadata = { name: "coredns", namespace, labels };

/**
 * CoreDNS of the library: kubeadm's add-on is switched off, so its upgrades leave this alone. Service `kube-dns` is on
 * the address that the kubelets write into every pod's resolv.conf.
 */
export function corednsManifests(settings: CoreDnsSpec): Manifest[] {
  const data = { Corefile: corefile(settings) };
  return [
    ...accountWithRole(
      metadata,
      [
        allow("", ["endpoints", "services", "pods", "namespaces"], ["list", "watch"]),
        allow("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
      ],
      "system:coredns",
    ),
    configMap(metadata, data),
    pods(settings, data),
    ...nodeCacheManifests(settings, corednsImage(settings)),
    service(settings),
    disruptionBudget(metadata, ownSelector),
  ];
}

/** With caches on the nodes the Service leads to the one on the caller's own node, and to no other. */
function service({ network, addons: { coredns } }: CoreDnsSpec): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "kube-dns",
      namespace,
      labels: { ...labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      clusterIP: network.dnsServiceAddress,
      selector: coredns.nodeLocal === undefined ? selector : nodeCacheSelector,
      internalTrafficPolicy: coredns.nodeLocal === undefined ? "Cluster" : "Local",
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
        { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
      ],
    },
  };
}

function pods(settings: CoreDnsSpec, data: Readonly<Record<string, string>>): Manifest {
  return deployment(metadata, {
    replicas: settings.addons.coredns.replicas,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    selector: { matchLabels: selector },
    template: {
      // The `reload` plugin would see a new Corefile too, but a broken one only in a log; a rollout shows it and stops.
      metadata: readingOnce(labels, data),
      spec: {
        priorityClassName: "system-cluster-critical",
        serviceAccountName: "coredns",
        // The node's resolvers, or CoreDNS would ask itself.
        dnsPolicy: "Default",
        nodeSelector: ON_LINUX,
        tolerations,
        affinity: affinity(settings),
        topologySpreadConstraints: spread(ownSelector, "topology.kubernetes.io/zone"),
        securityContext: { seccompProfile: { type: "RuntimeDefault" } },
        containers: [container(settings)],
        volumes: [
          {
            name: "config-volume",
            configMap: { name: "coredns", items: [{ key: "Corefile", path: "Corefile" }] },
          },
        ],
      },
    },
  });
}

const tolerations: PodSpec["tolerations"] = [
  { key: "CriticalAddonsOnly", operator: "Exists" },
  { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
  // 300 seconds by default: too long for names to fail when the node is gone.
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 },
];

/** Preferred unless asked for: a cluster of one node still gets all its replicas. */
function affinity({ addons: { coredns } }: CoreDnsSpec): PodSpec["affinity"] {
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: ownSelector } };
  return {
    podAntiAffinity:
      coredns.antiAffinity === "required"
        ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
        : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] },
  };
}

function container(settings: CoreDnsSpec): Container {
  return corednsContainer({
    name: "coredns",
    image: corednsImage(settings),
    resources: settings.addons.coredns.resources,
    volume: "config-volume",
    initialDelaySeconds: 60,
  });
}

/**
 * As kubeadm names it, in its own folder upstream and beside the other images elsewhere
 * (cmd/kubeadm/app/images/images.go, GetDNSImage), so that mirrors made for kubeadm hold it.
 */
export function corednsImage(settings: CoreDnsSpec): string {
  const { repository } = settings.images;
  const folder = repository === UPSTREAM_REGISTRY ? `${repository}/coredns` : repository;
  return `${folder}/coredns:${settings.versions.coredns}`;
}
