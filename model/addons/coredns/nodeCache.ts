import type { Manifest } from "../../core/manifest";
import { configMap, daemonSet, EVERY_NODE, ON_LINUX, readingOnce, serviceAccount } from "../../core/objects";
import { corednsContainer } from "./container";
import { nodeCacheCorefile, upstreamDnsAddress } from "./corefile";
import type { CoreDnsSpec } from "./settings";

const namespace = "kube-system";
const name = "node-dns-cache";
export const nodeCacheSelector = { "app.kubernetes.io/name": name };
/** `k8s-app: kube-dns` as well: NetworkPolicies that let pods ask for names select it. */
const labels = { "k8s-app": "kube-dns", ...nodeCacheSelector };
const metadata = { name, namespace, labels };

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
    serviceAccount(metadata),
    configMap(metadata, data),
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
    pods(settings, image, data),
  ];
}

function pods(
  { addons: { coredns } }: CoreDnsSpec,
  image: string,
  data: Readonly<Record<string, string>>,
): Manifest {
  return daemonSet(metadata, {
    selector: { matchLabels: nodeCacheSelector },
    // The new one answers before the old one goes: a node without its cache has no names at all.
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      metadata: readingOnce(labels, data),
      spec: {
        priorityClassName: "system-node-critical",
        serviceAccountName: name,
        automountServiceAccountToken: false,
        dnsPolicy: "Default",
        nodeSelector: ON_LINUX,
        tolerations: EVERY_NODE,
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
  });
}
