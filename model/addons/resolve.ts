import type { CoreDnsSettings, AddonSettings, Exposure, IngressSettings, MetallbSettings } from "./settings";
import type { ClusterInput } from "../settings/schema/cluster";

type Given<K extends keyof ClusterInput> = NonNullable<ClusterInput[K]>;

/** What is there when the settings say nothing, with its source where it is somebody's figure. */
export const ADDON_DEFAULTS = {
  coredns: {
    replicas: 2,
    upstreamServers: ["/etc/resolv.conf"],
    // CoreDNS plugin/forward: its own default.
    policy: "random",
    cacheSeconds: 30,
    // CoreDNS plugin/cache: its own defaults.
    prefetch: { duration: 60, percentage: 10 },
    // As kubeadm's (cmd/kubeadm/app/phases/addons/dns/manifests.go).
    resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
    // As upstream's node-local-dns (kubernetes, cluster/addons/dns/nodelocaldns/nodelocaldns.yaml).
    nodeLocal: { requests: { cpu: "25m", memory: "5Mi" } },
  },
  // The BGP port (RFC 4271).
  bgpPort: 179,
  ingress: {
    "ingress-nginx": {
      className: "nginx",
      // ingress-nginx controller-v1.15.1, deploy/static/provider/cloud/deploy.yaml.
      resources: { requests: { cpu: "100m", memory: "90Mi" } },
    },
    traefik: { className: "traefik", resources: { requests: { cpu: "100m", memory: "128Mi" } } },
  },
  // ingress-nginx chart 4.15.1, values.yaml, defaultBackend; built for amd64 only.
  defaultBackend: { image: "registry.k8s.io/defaultbackend-amd64:1.5", port: 8080 },
  hostPorts: { http: 80, https: 443 },
  // The release that Traefik v3.7 is made for (traefik-helm-chart 41.3.0, README); the standard channel.
  gatewayApi: "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.5.1/standard-install.yaml",
  // metrics-server v0.8.1, manifests/base/deployment.yaml: enough for a hundred nodes.
  metricsServer: { replicas: 1, resources: { requests: { cpu: "100m", memory: "200Mi" } } },
} as const;

/** MetalLB's own name for Services that ask for it, beside a cloud's controller that serves all others. */
const METALLB_CLASS = "metallb.io/metallb";

export function resolveCoreDns(input: ClusterInput): CoreDnsSettings {
  const given = input.coredns ?? {};
  const defaults = ADDON_DEFAULTS.coredns;
  const cache = typeof given.cache === "object" ? given.cache : { seconds: given.cache };
  const nodeLocal = typeof given.nodeLocal === "object" ? given.nodeLocal : {};
  return {
    replicas: given.replicas ?? defaults.replicas,
    upstreamServers: given.upstreamServers ?? defaults.upstreamServers,
    policy: given.policy ?? defaults.policy,
    ...defined({ tlsServerName: given.tlsServerName }),
    stubDomains: given.stubDomains ?? {},
    cache: {
      ...defined({ ...cache, prefetch: cache.prefetch && { ...defaults.prefetch, ...cache.prefetch } }),
      seconds: cache.seconds ?? defaults.cacheSeconds,
    },
    hosts: given.hosts ?? {},
    rewrite: (given.rewrite ?? []).map((rule) => ({ match: "exact", ...rule })),
    log: given.log ?? "none",
    pods: given.pods ?? "insecure",
    custom: { plugins: given.custom?.plugins ?? "", zones: given.custom?.zones ?? {} },
    antiAffinity: given.antiAffinity ?? "preferred",
    resources: given.resources ?? defaults.resources,
    ...(given.nodeLocal === undefined || given.nodeLocal === false
      ? {}
      : { nodeLocal: { resources: nodeLocal.resources ?? defaults.nodeLocal } }),
  };
}

export function resolveAddons(input: ClusterInput): AddonSettings {
  const aws = input.platform === "aws";
  const { gatewayApi, metricsServer } = input;
  return {
    helm: { sources: input.helm?.sources ?? {}, versions: input.helm?.versions ?? {} },
    ...defined({
      metallb: input.metallb && resolveMetallb(input.metallb, aws),
      ingress: input.ingress && resolveIngress(input.ingress),
    }),
    ...(gatewayApi === undefined || gatewayApi === false
      ? {}
      : { gatewayApi: { source: gatewayApi === true ? ADDON_DEFAULTS.gatewayApi : gatewayApi.source } }),
    ...(metricsServer === undefined || metricsServer === false
      ? {}
      : {
          metricsServer: {
            ...ADDON_DEFAULTS.metricsServer,
            ...(metricsServer === true ? {} : metricsServer),
          },
        }),
  };
}

function resolveMetallb(given: Given<"metallb">, aws: boolean): MetallbSettings {
  const names = Object.keys(given.pools);
  const { bgp } = given;
  const l2 = given.l2 ?? (bgp === undefined ? {} : undefined);
  return {
    pools: Object.fromEntries(
      Object.entries(given.pools).map(([name, pool]) => [
        name,
        {
          addresses: pool.addresses.map((range) => range.replaceAll(" ", "")),
          autoAssign: pool.autoAssign ?? true,
          avoidBuggyAddresses: pool.avoidBuggyAddresses ?? false,
          namespaces: pool.namespaces ?? [],
        },
      ]),
    ),
    ...(l2 && { l2: { pools: l2.pools ?? names, interfaces: l2.interfaces ?? [], nodes: l2.nodes ?? {} } }),
    ...(bgp && {
      bgp: {
        backend: bgp.backend ?? "frr-k8s",
        peers: bgp.peers.map((peer) => ({
          ...peer,
          port: peer.port ?? ADDON_DEFAULTS.bgpPort,
          nodes: peer.nodes ?? {},
          multiHop: peer.multiHop ?? false,
        })),
        pools: bgp.pools ?? names,
        ...defined({ aggregationLength: bgp.aggregationLength, localPreference: bgp.localPreference }),
        communities: bgp.communities ?? [],
      },
    }),
    ...(aws ? { loadBalancerClass: METALLB_CLASS } : {}),
  };
}

function resolveIngress(given: Given<"ingress">): IngressSettings {
  const defaults = ADDON_DEFAULTS.ingress[given.kind];
  const { defaultBackend } = given;
  const common = {
    className: given.className ?? defaults.className,
    default: given.default ?? true,
    expose: resolveExposure(given.expose),
    replicas: given.replicas ?? 2,
    resources: given.resources ?? defaults.resources,
    nodeSelector: given.nodeSelector ?? {},
    ...(defaultBackend === undefined || defaultBackend === false
      ? {}
      : {
          defaultBackend: {
            ...ADDON_DEFAULTS.defaultBackend,
            ...(defaultBackend === true ? {} : defaultBackend),
          },
        }),
    ...defined({ dns: given.dns, image: given.image }),
  };
  return given.kind === "ingress-nginx"
    ? { kind: given.kind, ...common, config: given.config ?? {} }
    : { kind: given.kind, ...common, nginxClass: given.nginxClass ?? false, values: given.values ?? {} };
}

function resolveExposure(given: Given<"ingress">["expose"]): Exposure {
  switch (given?.type) {
    case undefined:
      return { type: "loadBalancer", sourceRanges: [], internal: false };
    case "loadBalancer":
      return {
        type: "loadBalancer",
        ...defined({ address: given.address, pool: given.pool }),
        sourceRanges: given.sourceRanges ?? [],
        internal: given.internal ?? false,
      };
    case "nodePorts":
      return given;
    case "hostPorts":
      return {
        type: "hostPorts",
        http: given.http ?? ADDON_DEFAULTS.hostPorts.http,
        https: given.https ?? ADDON_DEFAULTS.hostPorts.https,
      };
  }
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Without the keys that have no value. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}
