import { describe, expect, it } from "vitest";
import { defaultBackendManifests, ingressNamespaceManifest } from "../../../model/addons/ingress/manifests";
import { ingressNginxManifests, ingressNginxService } from "../../../model/addons/ingress/nginx";
import { traefikValues } from "../../../model/addons/ingress/traefik";
import { flowsOf } from "../../../model/flows";
import type { KubernetesObject } from "../../../model/kubernetes";
import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings } from "../../../model/settings/resolved";
import type { IngressNginxSettings, TraefikSettings } from "../../../model/addons/settings";
import { REGION, smallAws } from "../../support/awsInput";
import { bareMetal } from "../../support/bareMetal";

const metallb = { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } } };
const hostPorts = { expose: { type: "hostPorts" } };
const nodePorts = { expose: { type: "nodePorts", http: 30080, https: 30443 } };

function onMetal(ingress: object, over: object = {}): ClusterSettings {
  return bareMetal({ metallb, ingress, ...over });
}
function onAws(ingress: object): ClusterSettings {
  return readCluster({ ...smallAws(), ingress }, { environment: "dev", region: REGION });
}
function nginxOf(settings: ClusterSettings): IngressNginxSettings {
  const { ingress } = settings.addons;
  if (ingress?.kind !== "ingress-nginx") throw new Error("no ingress-nginx");
  return ingress;
}
function traefikOf(settings: ClusterSettings): TraefikSettings {
  const { ingress } = settings.addons;
  if (ingress?.kind !== "traefik") throw new Error("no Traefik");
  return ingress;
}
const nginx = (settings: ClusterSettings) => ingressNginxManifests(settings, nginxOf(settings));
const values = (settings: ClusterSettings) => traefikValues(settings, traefikOf(settings));

interface PodSpec {
  nodeSelector: Record<string, string>;
  containers: { image: string; args: string[]; env: { name: string }[]; ports: { hostPort?: number }[] }[];
}
function controller(objects: readonly KubernetesObject[]): { kind: string; spec: PodSpec } {
  const found = objects.find((one) => ["Deployment", "DaemonSet"].includes(one.kind));
  if (found === undefined) throw new Error("no controller");
  const { template } = found.spec as unknown as { template: { spec: PodSpec } };
  return { kind: found.kind, spec: template.spec };
}

describe("ingress-nginx", () => {
  it("finds its pod, its ConfigMap and its Service, in the pinned image", () => {
    const { kind, spec } = controller(nginx(onMetal({ kind: "ingress-nginx" })));
    const [{ image, args, env }] = spec.containers;
    expect(kind).toBe("Deployment");
    expect(image).toMatch(/^registry\.k8s\.io\/ingress-nginx\/controller:v1\.15\.1@sha256:[0-9a-f]{64}$/);
    expect(env.map((one) => one.name)).toEqual(expect.arrayContaining(["POD_NAME", "POD_NAMESPACE"]));
    expect(args).toContain("--configmap=$(POD_NAMESPACE)/ingress-nginx-controller");
    expect(args).toContain("--publish-service=$(POD_NAMESPACE)/ingress-nginx-controller");
  });

  it("is found in the mirror that images.repository names", () => {
    const settings = onMetal(
      { kind: "ingress-nginx" },
      { images: { repository: "registry.example.com/k8s" } },
    );
    expect(controller(nginx(settings)).spec.containers[0].image).toMatch(
      /^registry\.example\.com\/k8s\/ingress-nginx\/controller:v1\.15\.1@/,
    );
  });

  it("makes its class the default one unless told otherwise, and puts the settings into its ConfigMap", () => {
    const objects = nginx(
      onMetal({ kind: "ingress-nginx", className: "web", config: { "use-http2": "false" } }),
    );
    const find = (kind: string): KubernetesObject | undefined => objects.find((one) => one.kind === kind);
    expect(find("IngressClass")?.metadata).toMatchObject({
      name: "web",
      annotations: { "ingressclass.kubernetes.io/is-default-class": "true" },
    });
    expect(find("ConfigMap")?.data).toEqual({ "use-http2": "false" });
    const other = nginx(onMetal({ kind: "ingress-nginx", default: false }));
    expect(other.find((one) => one.kind === "IngressClass")?.metadata.annotations).toBeUndefined();
  });

  it("runs on every chosen node with host ports, behind no Service, in a namespace that takes them", () => {
    const settings = onMetal({ kind: "ingress-nginx", nodeSelector: { disk: "ssd" }, ...hostPorts });
    const { kind, spec } = controller(nginx(settings));
    expect(kind).toBe("DaemonSet");
    expect(spec.containers[0].ports.map((port) => port.hostPort)).toEqual([80, 443]);
    expect(spec.nodeSelector).toMatchObject({ disk: "ssd" });
    expect(ingressNginxService(settings, nginxOf(settings))).toBeUndefined();
    expect(ingressNamespaceManifest(nginxOf(settings)).metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "privileged",
    });
    const flow = flowsOf(settings).find((one) => one.reason.startsWith("ingress on host ports"));
    expect(flow).toMatchObject({ from: "serviceClient", to: "node", protocol: "tcp" });
    expect(flow?.ports.map((port) => port.from)).toEqual([80, 443]);
  });

  it("is on the NodePorts of the settings, and opens nothing more than they are open", () => {
    const settings = onMetal({ kind: "ingress-nginx", ...nodePorts });
    expect((ingressNginxService(settings, nginxOf(settings)) as KubernetesObject).spec).toMatchObject({
      type: "NodePort",
      ports: [{ nodePort: 30080 }, { nodePort: 30443 }],
    });
    expect(flowsOf(settings)).toEqual(flowsOf(onMetal({ kind: "ingress-nginx" })));
  });

  it("takes the address asked for from MetalLB", () => {
    const settings = onMetal({
      kind: "ingress-nginx",
      expose: { type: "loadBalancer", address: "10.40.0.241" },
    });
    expect(ingressNginxService(settings, nginxOf(settings))?.metadata.annotations).toEqual({
      "metallb.io/loadBalancerIPs": "10.40.0.241",
    });
  });

  it("asks AWS for a network load balancer that lets in whom the settings name", () => {
    const settings = onAws({
      kind: "ingress-nginx",
      expose: { type: "loadBalancer", sourceRanges: ["203.0.113.0/24"], internal: true },
    });
    const service: KubernetesObject | undefined = ingressNginxService(settings, nginxOf(settings));
    expect(service?.metadata.annotations).toEqual({
      "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
      "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
      "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    });
    expect(service?.spec).toMatchObject({ loadBalancerSourceRanges: ["203.0.113.0/24"] });
  });

  it("is told of its default backend, which is found by its Service", () => {
    const settings = onMetal({ kind: "ingress-nginx", defaultBackend: { enabled: true } });
    const backend = defaultBackendManifests(settings, nginxOf(settings));
    const service = backend.find((one) => one.kind === "Service");
    expect(controller(nginx(settings)).spec.containers[0].args).toContain(
      `--default-backend-service=${service?.metadata.namespace}/${service?.metadata.name}`,
    );
    expect(backend.map((one) => one.kind)).not.toContain("Ingress");
  });

  it("is advised against, with the version it was last tested with", () => {
    expect(onMetal({ kind: "ingress-nginx" }).advisories.join("\n")).toMatch(
      /frozen upstream at controller 1\.15\.1.*tested up to Kubernetes 1\.35; this cluster has 1\.36/,
    );
    expect(onMetal({ kind: "traefik" }).advisories.join("\n")).not.toMatch(/frozen/);
  });
});

describe("traefik", () => {
  it("tells nobody outside of itself and shows no dashboard", () => {
    expect(values(onMetal({ kind: "traefik" }))).toMatchObject({
      global: { checkNewVersion: false, sendAnonymousUsage: false },
      api: { dashboard: false },
    });
  });

  it("serves nginx-class rules only when asked to", () => {
    const nginxProvider = (ingress: object) =>
      (values(onMetal(ingress)).providers as { kubernetesIngressNGINX: { enabled: boolean } })
        .kubernetesIngressNGINX.enabled;
    expect(nginxProvider({ kind: "traefik" })).toBe(false);
    expect(nginxProvider({ kind: "traefik", nginxClass: true })).toBe(true);
  });

  it("serves Gateway API when its definitions are there", () => {
    expect(values(onMetal({ kind: "traefik" }, { gatewayApi: { enabled: true } }))).toMatchObject({
      providers: { kubernetesGateway: { enabled: true } },
    });
  });

  it.each([
    [
      hostPorts,
      { deployment: { kind: "DaemonSet" }, service: { enabled: false }, ports: { web: { hostPort: 80 } } },
    ],
    [nodePorts, { service: { spec: { type: "NodePort" } }, ports: { websecure: { nodePort: 30443 } } }],
    [
      { expose: { type: "loadBalancer" } },
      { deployment: { replicas: 2 }, service: { spec: { type: "LoadBalancer" } } },
    ],
  ])("is reached as the settings say: %j", (expose, expected) => {
    expect(values(onMetal({ kind: "traefik", ...expose }))).toMatchObject(expected);
  });

  it("takes an image apart as its chart wants it", () => {
    expect(
      values(onMetal({ kind: "traefik", image: "registry.example.com:5000/edge/traefik:v3.6.0" })).image,
    ).toEqual({
      registry: "registry.example.com:5000",
      repository: "edge/traefik",
      tag: "v3.6.0",
    });
  });

  it("lets the settings' values win, down to one key", () => {
    const merged = values(
      onMetal({ kind: "traefik", values: { api: { dashboard: true }, ports: { web: { exposedPort: 81 } } } }),
    );
    expect(merged).toMatchObject({
      api: { dashboard: true },
      ports: { web: { exposedPort: 81 }, websecure: { exposedPort: 443 } },
    });
  });

  it("takes its default backend from a rule without a host", () => {
    const settings = onMetal({
      kind: "traefik",
      defaultBackend: { image: "registry.example.com/404:1", port: 8080 },
    });
    const rule = defaultBackendManifests(settings, traefikOf(settings)).find((one) => one.kind === "Ingress");
    expect(rule?.spec).toMatchObject({
      ingressClassName: "traefik",
      defaultBackend: { service: { name: "default-backend" } },
    });
  });
});
