import type { Manifest } from "../../core/manifest";
import {
  accountWithRole,
  allow,
  daemonSet,
  EVERY_NODE,
  fieldEnv,
  hostFolder,
  ON_LINUX,
} from "../../core/objects";
import type { FlannelSpec } from "./spec";

/** kubernetes-sigs/kube-network-policies v1.1.0; install.yaml of v1.1.1 names this image. */
const KUBE_NETWORK_POLICIES_IMAGE = "registry.k8s.io/networking/kube-network-policies:v1.1.0";

const name = "kube-network-policies";
const namespace = "kube-system";
const metadata = { name, namespace, labels: { tier: "node", app: name, "k8s-app": name } };

/**
 * The controller that enforces NetworkPolicy beside flannel, as objects after upstream's install.yaml. It asks the kernel
 * for the first packet of each connection (nfnetlink_queue) and judges it; without that module its pods do not start.
 */
export function kubeNetworkPoliciesManifests(spec: FlannelSpec): Manifest[] {
  return [
    ...accountWithRole(metadata, [
      allow("", ["pods", "namespaces"], ["list", "watch"]),
      allow("networking.k8s.io", ["networkpolicies"], ["list", "watch"]),
    ]),
    pods(spec),
  ];
}

function pods(spec: FlannelSpec): Manifest {
  return daemonSet(metadata, {
    selector: { matchLabels: { app: name } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: {
      metadata: { labels: metadata.labels },
      spec: {
        hostNetwork: true,
        dnsPolicy: "ClusterFirst",
        priorityClassName: "system-node-critical",
        serviceAccountName: name,
        nodeSelector: ON_LINUX,
        // A node without it would let everything through.
        tolerations: EVERY_NODE,
        containers: [
          {
            name,
            image: KUBE_NETWORK_POLICIES_IMAGE,
            args: [
              "/bin/netpol",
              "--hostname-override=$(MY_NODE_NAME)",
              "--v=2",
              "--nfqueue-id=98",
              // Upstream listens on all addresses of the host.
              "--metrics-bind-address=127.0.0.1:9080",
            ],
            env: [fieldEnv("MY_NODE_NAME", "spec.nodeName")],
            resources: spec.cni.resources,
            securityContext: { privileged: true, capabilities: { add: ["NET_ADMIN"] } },
            volumeMounts: [
              // By NRI it hears of a pod's address before the pod's first packet (kubernetes/kubernetes issue 85966).
              { name: "nri-plugin", mountPath: "/var/run/nri" },
              { name: "netns", mountPath: "/var/run/netns", mountPropagation: "HostToContainer" },
            ],
          },
        ],
        volumes: [hostFolder("nri-plugin", "/var/run/nri"), hostFolder("netns", "/var/run/netns")],
      },
    },
  });
}
