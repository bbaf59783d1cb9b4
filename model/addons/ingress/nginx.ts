import { imageOf } from "../../images";
import type { Manifest, PodTemplate } from "../../core/manifest";
import {
  accountWithRole,
  allow,
  configMap,
  daemonSet,
  deployment,
  disruptionBudget,
  fieldEnv,
  ON_LINUX,
  READ,
  readingOnce,
  roleFor,
  spread,
} from "../../core/objects";
import type { IngressNginxSettings, IngressSurroundings } from "./settings";
import { defaultBackendReference, INGRESS_NAMESPACE, INGRESS_SERVICE, ingressService } from "./manifests";

const namespace = INGRESS_NAMESPACE["ingress-nginx"];
const name = "ingress-nginx";
const controllerName = INGRESS_SERVICE["ingress-nginx"];
const selector = { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "controller" };
const metadata = { name, namespace, labels: selector };
const ofController = { ...metadata, name: controllerName };

/** The last release, of March 2026 (ingress-nginx chart 4.15.1, values.yaml, tag and digest). */
const INGRESS_NGINX_IMAGE =
  "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1";

/**
 * ingress-nginx as objects, after upstream's manifest (controller-v1.15.1, deploy/static/provider/cloud/deploy.yaml),
 * without its Service, which has its own life.
 *
 * The validating webhook is left out: it needs certificates that a job makes with rights over the cluster's webhooks, and
 * it is what CVE-2025-1974 came in by. Without it the API takes an Ingress that nginx cannot serve; the controller keeps
 * its last good configuration and says so in its log and in an event.
 */
export function ingressNginxManifests(
  settings: IngressSurroundings,
  ingress: IngressNginxSettings,
): Manifest[] {
  const hostPorts = ingress.expose.type === "hostPorts";
  return [
    ...accountWithRole(metadata, clusterRules),
    ...roleFor(metadata, rules),
    // Read while it runs: a change needs no new pods.
    configMap(ofController, ingress.config),
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: {
        name: ingress.className,
        labels: selector,
        ...(ingress.default
          ? { annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } }
          : {}),
      },
      spec: { controller: "k8s.io/ingress-nginx" },
    },
    ...(hostPorts
      ? [
          // One after the other, and the old one first: a host port is free only when it has gone.
          daemonSet(ofController, {
            updateStrategy: oneByOne,
            selector: { matchLabels: selector },
            template: podTemplate(settings, ingress),
          }),
        ]
      : [
          deployment(ofController, {
            replicas: ingress.replicas,
            strategy: oneByOne,
            selector: { matchLabels: selector },
            template: podTemplate(settings, ingress),
          }),
          disruptionBudget(ofController, selector),
        ]),
  ];
}

const oneByOne = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } as const;

/** The Service that traffic comes in by. */
export function ingressNginxService(
  settings: IngressSurroundings,
  ingress: IngressNginxSettings,
): Manifest | undefined {
  const facts = ingressService(settings, ingress.expose);
  if (facts === undefined) return undefined;
  const { expose } = ingress;
  const port = (which: "http" | "https", number: number) => ({
    name: which,
    port: number,
    protocol: "TCP",
    targetPort: which,
    ...(expose.type === "nodePorts" ? { nodePort: expose[which] } : {}),
  });
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...ofController, annotations: facts.annotations },
    spec: { ...facts.spec, selector, ports: [port("http", 80), port("https", 443)] },
  };
}

const networking = "networking.k8s.io";
const coordination = "coordination.k8s.io";
const sharedRules = [
  allow("", ["services"], READ),
  allow("", ["events"], ["create", "patch"]),
  allow(networking, ["ingresses", "ingressclasses"], READ),
  allow(networking, ["ingresses/status"], ["update"]),
  allow("discovery.k8s.io", ["endpointslices"], READ),
];
const clusterRules = [
  allow("", ["configmaps", "endpoints", "nodes", "pods", "secrets", "namespaces"], ["list", "watch"]),
  allow(coordination, ["leases"], ["list", "watch"]),
  allow("", ["nodes"], ["get"]),
  ...sharedRules,
];
const rules = [
  allow("", ["namespaces"], ["get"]),
  allow("", ["configmaps", "pods", "secrets", "endpoints"], READ),
  allow(coordination, ["leases"], ["get", "update"], ["ingress-nginx-leader"]),
  allow(coordination, ["leases"], ["create"]),
  ...sharedRules,
];

function podTemplate(settings: IngressSurroundings, ingress: IngressNginxSettings): PodTemplate {
  const args = controllerArgs(ingress);
  return {
    metadata: readingOnce(selector, { args: args.join(" ") }),
    spec: {
      serviceAccountName: name,
      nodeSelector: { ...ON_LINUX, ...ingress.nodeSelector },
      // As upstream: requests under way are served to their end before the pod goes.
      terminationGracePeriodSeconds: 300,
      topologySpreadConstraints: spread(selector),
      containers: [
        {
          name: "controller",
          image: imageOf(settings, ingress.image ?? INGRESS_NGINX_IMAGE),
          imagePullPolicy: "IfNotPresent",
          args,
          env: [
            fieldEnv("POD_NAME", "metadata.name"),
            fieldEnv("POD_NAMESPACE", "metadata.namespace"),
            { name: "LD_PRELOAD", value: "/usr/local/lib/libmimalloc.so" },
          ],
          lifecycle: { preStop: { exec: { command: ["/wait-shutdown"] } } },
          livenessProbe: { ...health, failureThreshold: 5 },
          readinessProbe: { ...health, failureThreshold: 3 },
          ports: [port("http", 80, ingress), port("https", 443, ingress)],
          resources: ingress.resources,
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
            runAsNonRoot: true,
            runAsUser: 101,
            runAsGroup: 82,
            seccompProfile: { type: "RuntimeDefault" },
          },
        },
      ],
    },
  };
}

const health = {
  httpGet: { path: "/healthz", port: 10254, scheme: "HTTP" },
  initialDelaySeconds: 10,
  periodSeconds: 10,
  timeoutSeconds: 1,
};

function port(which: "http" | "https", containerPort: number, { expose }: IngressNginxSettings) {
  return {
    name: which,
    containerPort,
    protocol: "TCP",
    ...(expose.type === "hostPorts" ? { hostPort: expose[which] } : {}),
  };
}

function controllerArgs(ingress: IngressNginxSettings): string[] {
  const backend = defaultBackendReference(ingress);
  return [
    "/nginx-ingress-controller",
    "--election-id=ingress-nginx-leader",
    "--controller-class=k8s.io/ingress-nginx",
    `--ingress-class=${ingress.className}`,
    `--configmap=$(POD_NAMESPACE)/${controllerName}`,
    // It would call any address for whoever may write a Service, past their network policy.
    "--disable-svc-external-name",
    // What Ingresses say of their address: the balancer's, or the nodes' that take traffic themselves.
    ingress.expose.type === "loadBalancer"
      ? `--publish-service=$(POD_NAMESPACE)/${controllerName}`
      : "--report-node-internal-ip-address",
    ...(backend === undefined ? [] : [`--default-backend-service=${backend}`]),
  ];
}
