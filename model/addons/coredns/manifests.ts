import { UPSTREAM_REGISTRY } from "../../images";
import { type Container, type Manifest, type PodSpec, roleBinding } from "../../core/manifest";
import { configHash, configHashAnnotation } from "../../kubernetes";
import { corednsContainer } from "./container";
import { corefile } from "./corefile";
import { nodeCacheManifests, nodeCacheSelector } from "./nodeCache";
import type { CoreDnsSpec } from "./settings";

const namespace = "kube-system";
const selector = { "k8s-app": "kube-dns" };
/** Of CoreDNS itself: the caches on the nodes have `k8s-app: kube-dns` too, which policies for DNS select. */
const ownSelector = { "app.kubernetes.io/name": "coredns" };
const labels = { ...selector, ...ownSelector };

/**
 * CoreDNS of the library: kubeadm's add-on is switched off, so its upgrades leave this alone. Service `kube-dns` is on
 * the address that the kubelets write into every pod's resolv.conf.
 */
export function corednsManifests(settings: CoreDnsSpec): Manifest[] {
  const data = { Corefile: corefile(settings) };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "coredns", namespace, labels } },
    clusterRole,
    clusterRoleBinding,
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "coredns", namespace, labels }, data },
    deployment(settings, configHash(data)),
    ...nodeCacheManifests(settings, corednsImage(settings)),
    service(settings),
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "coredns", namespace, labels },
      // Not `minAvailable`: with one replica that would stop every drain for good.
      spec: { maxUnavailable: 1, selector: { matchLabels: ownSelector } },
    },
  ];
}

const clusterRole: Manifest = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "system:coredns", labels },
  rules: [
    { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
  ],
};

const clusterRoleBinding = roleBinding(
  "ClusterRole",
  "system:coredns",
  { name: "coredns", namespace },
  labels,
);

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

function deployment(settings: CoreDnsSpec, hash: string): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "coredns", namespace, labels },
    spec: {
      replicas: settings.addons.coredns.replicas,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      selector: { matchLabels: selector },
      template: {
        // The `reload` plugin would see a new Corefile too, but a broken one only in a log; a rollout shows it and stops.
        metadata: { labels, annotations: { [configHashAnnotation]: hash } },
        spec: {
          priorityClassName: "system-cluster-critical",
          serviceAccountName: "coredns",
          // The node's resolvers, or CoreDNS would ask itself.
          dnsPolicy: "Default",
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations,
          affinity: affinity(settings),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "topology.kubernetes.io/zone",
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: ownSelector },
            },
          ],
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
    },
  };
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
