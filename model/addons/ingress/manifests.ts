import { imageOf } from "../../images";
import type { Manifest } from "../../core/manifest";
import { deployment, namespaceOf, ON_LINUX } from "../../core/objects";
import type { Exposure, IngressSettings, IngressSurroundings } from "./settings";

/** What both kinds of ingress have in common: namespace, the way in, and what answers when no rule does. */

export const INGRESS_NAMESPACE: Record<IngressSettings["kind"], string> = {
  "ingress-nginx": "ingress-nginx",
  traefik: "traefik",
};

/** Service that traffic comes in by; both kinds' own names, so that what people look up fits. */
export const INGRESS_SERVICE: Record<IngressSettings["kind"], string> = {
  "ingress-nginx": "ingress-nginx-controller",
  traefik: "traefik",
};

export function ingressNamespaceManifest(ingress: IngressSettings): Manifest {
  // `baseline` takes no host ports (Kubernetes documentation, "Pod Security Standards").
  const level = ingress.expose.type === "hostPorts" ? "privileged" : "baseline";
  return namespaceOf(INGRESS_NAMESPACE[ingress.kind], level);
}

export interface IngressService {
  readonly annotations: Readonly<Record<string, string>>;
  /** What of the Service's specification the way in decides. */
  readonly spec: NonNullable<Manifest<"v1/Service">["spec"]>;
}

/** The Service that traffic comes in by; undefined with host ports, which need none. */
export function ingressService(settings: IngressSurroundings, expose: Exposure): IngressService | undefined {
  switch (expose.type) {
    case "hostPorts":
      return undefined;
    case "nodePorts":
      // Any node takes it: whoever sends there has no other way to know where a pod is.
      return { annotations: {}, spec: { type: "NodePort", externalTrafficPolicy: "Cluster" } };
    case "loadBalancer":
      return {
        annotations: settings.platform === "aws" ? awsAnnotations(expose) : metallbAnnotations(expose),
        spec: {
          type: "LoadBalancer",
          // Rules and logs see the caller's own address, and no packet takes a second way through another node.
          externalTrafficPolicy: "Local",
          ...(expose.sourceRanges.length === 0 ? {} : { loadBalancerSourceRanges: expose.sourceRanges }),
        },
      };
  }
}

type LoadBalancerExposure = Extract<Exposure, { type: "loadBalancer" }>;

/**
 * Annotations of the cloud controller (cloud-provider-aws, docs/service_controller.md), which makes public load balancers unless it
 * is told otherwise, and of AWS Load Balancer Controller (docs/guide/service/annotations.md), which makes internal ones.
 */
function awsAnnotations(expose: LoadBalancerExposure): Record<string, string> {
  const prefix = "service.beta.kubernetes.io/aws-load-balancer";
  return {
    [`${prefix}-type`]: "nlb",
    [`${prefix}-scheme`]: expose.internal ? "internal" : "internet-facing",
    ...(expose.internal ? { [`${prefix}-internal`]: "true" } : {}),
  };
}

/** metallb v0.16.1, website/content/usage/_index.md. */
function metallbAnnotations(expose: LoadBalancerExposure): Record<string, string> {
  return {
    ...(expose.address === undefined ? {} : { "metallb.io/loadBalancerIPs": expose.address }),
    ...(expose.pool === undefined ? {} : { "metallb.io/address-pool": expose.pool }),
  };
}

/**
 * Class nginx where Traefik serves it: Traefik looks for classes by ingress-nginx' name of its controller. It is the object
 * that ingress-nginx would have, so that a cluster which goes from one to the other keeps it.
 */
export function nginxClassManifest(): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "nginx" },
    spec: { controller: "k8s.io/ingress-nginx" },
  };
}

const backendName = "default-backend";
const backendLabels = { "app.kubernetes.io/name": backendName };

/** Deployment and Service that answer requests no rule takes, with 404. */
export function defaultBackendManifests(settings: IngressSurroundings, ingress: IngressSettings): Manifest[] {
  const { defaultBackend } = ingress;
  if (defaultBackend === undefined) return [];
  const namespace = INGRESS_NAMESPACE[ingress.kind];
  const metadata = { name: backendName, namespace, labels: backendLabels };
  const image = imageOf(settings, defaultBackend.image);
  return [
    deployment(metadata, {
      replicas: 1,
      selector: { matchLabels: backendLabels },
      template: {
        metadata: { labels: backendLabels },
        spec: {
          automountServiceAccountToken: false,
          // Upstream's image is built for one architecture, and says so in its name.
          nodeSelector: {
            ...ON_LINUX,
            ...(image.includes("-amd64:") ? { "kubernetes.io/arch": "amd64" } : {}),
          },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65534,
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [
            {
              name: backendName,
              image,
              ports: [{ name: "http", containerPort: defaultBackend.port, protocol: "TCP" }],
              readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 5 },
              resources: { requests: { cpu: "10m", memory: "20Mi" } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: backendLabels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
    ...(ingress.kind === "traefik" ? [backendRule(ingress.className)] : []),
  ];
}

/** ingress-nginx is told by an argument; Traefik takes it from a rule without a host, as the API has it. */
function backendRule(ingressClassName: string): Manifest {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name: backendName,
      namespace: INGRESS_NAMESPACE.traefik,
      labels: backendLabels,
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      ingressClassName,
      defaultBackend: { service: { name: backendName, port: { name: "http" } } },
    },
  };
}

/** The backend as ingress-nginx' argument takes it. */
export function defaultBackendReference(ingress: IngressSettings): string | undefined {
  return ingress.defaultBackend && `${INGRESS_NAMESPACE[ingress.kind]}/${backendName}`;
}
