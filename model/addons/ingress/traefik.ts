import { mergePatch } from "../../core/merge";
import { ON_LINUX, spread } from "../../core/objects";
import type { PinnedChart } from "../../pinnedChart";
import type { Exposure, IngressSurroundings, TraefikSettings } from "./settings";
import { ingressService } from "./manifests";

// traefik-helm-chart a8a66d00, traefik/Chart.yaml (2026-08-21); image: traefik/values.yaml.
export const TRAEFIK_CHART: PinnedChart = {
  version: "41.3.0",
  appVersion: "v3.7.11",
  repository: "https://traefik.github.io/charts",
  release: "traefik",
  registries: ["docker.io"],
};

/** Values of Traefik's chart (traefik-helm-chart 41.3.0, traefik/values.yaml), the settings' own merged over them. */
export function traefikValues(
  settings: IngressSurroundings,
  ingress: TraefikSettings,
): Record<string, unknown> {
  return mergePatch(libraryValues(settings, ingress), ingress.values);
}

function libraryValues(settings: IngressSurroundings, ingress: TraefikSettings): Record<string, unknown> {
  const { expose } = ingress;
  const hostPorts = expose.type === "hostPorts";
  const service = ingressService(settings, expose);
  const gateway = settings.addons.gatewayApi !== undefined;
  return {
    ...(ingress.image === undefined ? {} : { image: imageValues(ingress.image) }),
    deployment: {
      kind: hostPorts ? "DaemonSet" : "Deployment",
      ...(hostPorts ? {} : { replicas: ingress.replicas }),
    },
    // A host port is free for the new pod only when the old one has gone.
    updateStrategy: {
      type: "RollingUpdate",
      rollingUpdate: hostPorts ? { maxUnavailable: 1, maxSurge: 0 } : { maxUnavailable: 0, maxSurge: 1 },
    },
    podDisruptionBudget: hostPorts ? { enabled: false } : { enabled: true, maxUnavailable: 1 },
    ingressClass: { enabled: true, isDefaultClass: ingress.default, name: ingress.className },
    providers: {
      kubernetesCRD: { enabled: true },
      kubernetesIngress: {
        enabled: true,
        ingressClass: ingress.className,
        publishedService: { enabled: expose.type === "loadBalancer" },
      },
      kubernetesIngressNGINX: {
        enabled: ingress.nginxClass,
        publishService: { enabled: ingress.nginxClass && expose.type === "loadBalancer" },
      },
      kubernetesGateway: { enabled: gateway },
    },
    ports: { web: port(expose, "http", 80), websecure: port(expose, "https", 443) },
    service:
      service === undefined
        ? { enabled: false }
        : { enabled: true, annotations: service.annotations, spec: service.spec },
    // A cluster asks nobody outside whether it is up to date.
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    // It shows every route; whoever wants it sets `ingressRoute.dashboard` and guards it.
    api: { dashboard: false },
    resources: ingress.resources,
    nodeSelector: { ...ON_LINUX, ...ingress.nodeSelector },
    topologySpreadConstraints: spread({ "app.kubernetes.io/name": "traefik" }),
  };
}

function port(expose: Exposure, which: "http" | "https", exposedPort: number): Record<string, unknown> {
  return {
    exposedPort,
    ...(expose.type === "nodePorts" ? { nodePort: expose[which] } : {}),
    ...(expose.type === "hostPorts" ? { hostPort: expose[which] } : {}),
  };
}

/** `registry/path:tag@digest` as the chart's four values. */
function imageValues(image: string): Record<string, string> {
  const [reference = "", digest] = image.split("@");
  const slash = reference.indexOf("/");
  const [repository = "", tag = TRAEFIK_CHART.appVersion] = reference.slice(slash + 1).split(":");
  return {
    registry: reference.slice(0, slash),
    repository,
    tag,
    ...(digest === undefined ? {} : { digest }),
  };
}
