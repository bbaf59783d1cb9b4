import { type Manifest, roleBinding } from "../../core/manifest";
import type { FlannelSpec } from "./spec";

/** kubernetes-sigs/kube-network-policies v1.1.0; install.yaml of v1.1.1 names this image. */
const KUBE_NETWORK_POLICIES_IMAGE = "registry.k8s.io/networking/kube-network-policies:v1.1.0";

const name = "kube-network-policies";
const namespace = "kube-system";
const labels = { tier: "node", app: name, "k8s-app": name };

/**
 * The controller that enforces NetworkPolicy beside flannel, as objects after upstream's install.yaml. It asks the kernel
 * for the first packet of each connection (nfnetlink_queue) and judges it; without that module its pods do not start.
 */
export function kubeNetworkPoliciesManifests(spec: FlannelSpec): Manifest[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name, labels },
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["list", "watch"] },
      ],
    },
    roleBinding("ClusterRole", name, { name, namespace }, labels),
    daemonSet(spec),
  ];
}

function daemonSet(spec: FlannelSpec): Manifest {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: { app: name } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true,
          dnsPolicy: "ClusterFirst",
          priorityClassName: "system-node-critical",
          serviceAccountName: name,
          nodeSelector: { "kubernetes.io/os": "linux" },
          // A node without it would let everything through.
          tolerations: [{ operator: "Exists" }],
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
              env: [{ name: "MY_NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
              resources: spec.cni.resources,
              securityContext: { privileged: true, capabilities: { add: ["NET_ADMIN"] } },
              volumeMounts: [
                // By NRI it hears of a pod's address before the pod's first packet (kubernetes/kubernetes issue 85966).
                { name: "nri-plugin", mountPath: "/var/run/nri" },
                { name: "netns", mountPath: "/var/run/netns", mountPropagation: "HostToContainer" },
              ],
            },
          ],
          volumes: [
            { name: "nri-plugin", hostPath: { path: "/var/run/nri", type: "DirectoryOrCreate" } },
            { name: "netns", hostPath: { path: "/var/run/netns", type: "DirectoryOrCreate" } },
          ],
        },
      },
    },
  };
}
