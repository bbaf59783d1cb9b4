import type { Manifest } from "../../core/manifest";
import { configHash, configHashAnnotation } from "../../kubernetes";
import { corednsContainer } from "./container";
import { nodeCacheCorefile, upstreamDnsAddress } from "./corefile";
import type { CoreDnsSpec } from "./settings";

const namespace = "kube-system";
const name = "node-dns-cache";
export const nodeCacheSelector = { "app.kubernetes.io/name": name };
/** `k8s-app: kube-dns` as well: NetworkPolicies that let pods ask for names select it. */
const labels = { "k8s-app": "kube-dns", ...nodeCacheSelector };

/**
 * A DNS cache on every node. Service `kube-dns` sends each pod to the cache on its own node (`internalTrafficPolicy:
 * Local`), so no kubelet and no pod has to know of it, and kube-proxy's mode does not matter. Upstream's node-local-dns
 * takes the Service's address over with a dummy interface and iptables rules, of which nobody says how they are beside
 * kube-proxy's nftables mode (kubernetes/dns issue 682).
 */
export function nodeCacheManifests(settings: CoreDnsSpec, image: string): Manifest[] {
  if (settings.addons.coredns.nodeLocal === undefined) return [];
  const data = { Corefile: nodeCacheCorefile(settings) };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels }, data },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns-upstream", namespace, labels },
      spec: {
        // Known beforehand, since a Corefile takes addresses only.
        clusterIP: upstreamDnsAddress(settings),
        selector: { "app.kubernetes.io/name": "coredns" },
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
        ],
      },
    },
    daemonSet(settings, image, configHash(data)),
  ];
}

function daemonSet({ addons: { coredns } }: CoreDnsSpec, image: string, hash: string): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: nodeCacheSelector },
      // The new one answers before the old one goes: a node without its cache has no names at all.
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: { [configHashAnnotation]: hash } },
        spec: {
          priorityClassName: "system-node-critical",
          serviceAccountName: name,
          automountServiceAccountToken: false,
          dnsPolicy: "Default",
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          securityContext: { seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            corednsContainer({
              name: "cache",
              image,
              resources: coredns.nodeLocal?.resources,
              volume: "config",
            }),
          ],
          volumes: [{ name: "config", configMap: { name } }],
        },
      },
    },
  };
}
