import { imageOf, type ImageSource } from "../../images";
import { type Container, type Manifest, roleBinding } from "../../core/manifest";
import {
  allow,
  clusterRole,
  deployment,
  disruptionBudget,
  ON_LINUX,
  READ,
  serviceAccount,
  spread,
} from "../../core/objects";
import type { MetricsServerSettings } from "./settings";

const namespace = "kube-system";
const name = "metrics-server";
const labels = { "k8s-app": name };
const metadata = { name, namespace, labels };
const account = { name, namespace };
/** Roles of people that what the role allows is added to. */
const aggregated = Object.fromEntries(
  ["admin", "edit", "view"].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, "true"]),
);

/** metrics-server v0.8.1, manifests/components/release/kustomization.yaml. */
const METRICS_SERVER_IMAGE = "registry.k8s.io/metrics-server/metrics-server:v0.8.1";

/**
 * metrics-server as objects, after upstream's manifests (v0.8.1, manifests/base), but it verifies kubelets: their serving
 * certificates are signed by the cluster's CA here, so nothing has to be taken on trust.
 */
export function metricsServerManifests(
  images: ImageSource,
  metricsServer: MetricsServerSettings,
): Manifest[] {
  return [
    serviceAccount(metadata),
    clusterRole("system:aggregated-metrics-reader", { ...labels, ...aggregated }, [
      allow("metrics.k8s.io", ["pods", "nodes"], READ),
    ]),
    clusterRole("system:metrics-server", labels, [
      allow("", ["nodes/metrics"], ["get"]),
      allow("", ["pods", "nodes"], READ),
    ]),
    roleBinding(
      "Role",
      "extension-apiserver-authentication-reader",
      account,
      labels,
      "metrics-server-auth-reader",
    ),
    roleBinding(
      "ClusterRole",
      "system:auth-delegator",
      account,
      labels,
      "metrics-server:system:auth-delegator",
    ),
    roleBinding("ClusterRole", "system:metrics-server", account, labels),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        selector: labels,
        ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: "https", appProtocol: "https" }],
      },
    },
    pods(images, metricsServer),
    disruptionBudget(metadata, labels),
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io", labels },
      spec: {
        service: { name, namespace },
        group: "metrics.k8s.io",
        version: "v1beta1",
        // As upstream: it makes a certificate for itself each time it starts. What it answers is load, and no secret.
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}

function pods(images: ImageSource, metricsServer: MetricsServerSettings): Manifest {
  return deployment(metadata, {
    replicas: metricsServer.replicas,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        priorityClassName: "system-cluster-critical",
        nodeSelector: ON_LINUX,
        topologySpreadConstraints: spread(labels),
        containers: [container(images, metricsServer)],
        volumes: [
          { name: "tmp", emptyDir: {} },
          // In every namespace, kept by kube-controller-manager: the CA that signs kubelets' serving certificates.
          { name: "cluster-ca", configMap: { name: "kube-root-ca.crt" } },
        ],
      },
    },
  });
}

function container(images: ImageSource, { image, resources }: MetricsServerSettings): Container {
  return {
    name,
    image: imageOf(images, image ?? METRICS_SERVER_IMAGE),
    imagePullPolicy: "IfNotPresent",
    args: [
      "--cert-dir=/tmp",
      "--secure-port=10250",
      // The address in a kubelet's certificate that is the same on every platform.
      "--kubelet-preferred-address-types=InternalIP",
      "--kubelet-certificate-authority=/etc/cluster-ca/ca.crt",
      "--kubelet-use-node-status-port",
      "--metric-resolution=15s",
    ],
    ports: [{ name: "https", containerPort: 10250, protocol: "TCP" }],
    livenessProbe: { httpGet: { path: "/livez", port: "https", scheme: "HTTPS" }, periodSeconds: 10 },
    readinessProbe: {
      httpGet: { path: "/readyz", port: "https", scheme: "HTTPS" },
      // It has nothing to answer before it has asked every kubelet twice.
      initialDelaySeconds: 20,
      periodSeconds: 10,
    },
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 1000,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      { name: "cluster-ca", mountPath: "/etc/cluster-ca", readOnly: true },
    ],
  };
}
