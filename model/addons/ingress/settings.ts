import { type Switched, whenEnabled } from "../../core/enabled";
import type { ImageSource } from "../../images";
import type { PodResourcesInput } from "../../kubernetes";
import type { PodResources } from "../../settings/resolvedShared";
import { defined } from "../../core/defined";

/** How HTTP and HTTPS reach the ingress controller from outside. */
export type ArrivalInput =
  | {
      /**
       * `loadBalancer`: a Service of type LoadBalancer, with an address from MetalLB or a Network Load Balancer on
       * AWS.
       */
      type: "loadBalancer";
      /**
       * IPv4 address that MetalLB gives to the Service.
       *
       * @defaultValue any address of the pool
       */
      address?: string;
      /**
       * Name of the MetalLB pool.
       *
       * @defaultValue any pool with `autoAssign`
       */
      pool?: string;
      /**
       * IPv4 ranges that may connect.
       *
       * @defaultValue everybody who reaches the address; required on AWS
       */
      sourceRanges?: readonly string[];
      /**
       * AWS: the load balancer is reachable only within the VPC.
       *
       * @defaultValue false
       */
      internal?: boolean;
    }
  | {
      /** `nodePorts`: a port of every node. */
      type: "nodePorts";
      /** Node port for HTTP, within `network.nodePortRange`. */
      http: number;
      /** Node port for HTTPS, within `network.nodePortRange`. */
      https: number;
    }
  | {
      /** `hostPorts`: a port of each node that runs the controller. */
      type: "hostPorts";
      /**
       * Host port for HTTP.
       *
       * @defaultValue 80
       */
      http?: number;
      /**
       * Host port for HTTPS.
       *
       * @defaultValue 443
       */
      https?: number;
    };

/** Keys that both controllers have. */
interface CommonInput {
  /**
   * Name of the IngressClass.
   *
   * @defaultValue `nginx` or `traefik`
   */
  className?: string;
  /**
   * Serves Ingresses that name no class.
   *
   * @defaultValue true
   */
  default?: boolean;
  /**
   * How traffic arrives.
   *
   * @defaultValue `{ type: loadBalancer }`
   */
  expose?: ArrivalInput;
  /**
   * Number of pods, 1 to 100. Not with host ports, where every node runs one.
   *
   * @defaultValue 2
   */
  replicas?: number;
  /**
   * Requests and limits of each pod.
   *
   * @defaultValue requests of 100m CPU and 90Mi (ingress-nginx) or 128Mi (Traefik) memory
   */
  resources?: PodResourcesInput;
  /**
   * Labels of the nodes that run the controller.
   *
   * @defaultValue all Linux nodes
   */
  nodeSelector?: Record<string, string>;
  /**
   * A separate server for requests that match no rule.
   *
   * @defaultValue none: the controller answers 404
   */
  defaultBackend?: Switched & {
    /**
     * Image with its registry. It answers 404 with upstream's.
     *
     * @defaultValue `registry.k8s.io/defaultbackend-amd64:1.5`, for amd64 only
     */
    image?: string;
    /**
     * Port that the server listens on.
     *
     * @defaultValue 8080
     */
    port?: number;
  };
  /**
   * AWS: records in a Route 53 zone that point at the load balancer.
   *
   * @defaultValue none
   */
  dns?: {
    /** Id of the hosted zone. */
    zoneId: string;
    /** DNS names, also with `*.` as first label. */
    names: readonly string[];
  };
  /**
   * Image of the controller, with its registry.
   *
   * @defaultValue the pinned release
   */
  image?: string;
}

/** ingress-nginx. Its last release is 1.15.1. */
export interface IngressNginxInput extends CommonInput {
  /** `ingress-nginx`: ingress-nginx. */
  kind: "ingress-nginx";
  /**
   * Entries of the controller's ConfigMap, by upstream's keys.
   *
   * @defaultValue none
   */
  config?: Record<string, string>;
}

/** Traefik, from its chart. */
export interface TraefikInput extends CommonInput {
  /** `traefik`: Traefik. */
  kind: "traefik";
  /**
   * Also serves Ingresses of class `nginx`, with their nginx annotations.
   *
   * @defaultValue false
   */
  nginxClass?: boolean;
  /**
   * Values of the chart, merged over the library's. `null` removes a key.
   *
   * @defaultValue none
   */
  values?: Record<string, unknown>;
}

/** An ingress controller: `ingress` in the settings, and arguments of the component `Ingress`. */
export type IngressInput = IngressNginxInput | TraefikInput;

/** How traffic reaches the ingress controller. */
export type Exposure =
  | {
      readonly type: "loadBalancer";
      /** MetalLB: the address of the Service. Undefined: any of the pool. */
      readonly address?: string;
      /** MetalLB: name of a pool. Undefined: any pool with `autoAssign`. */
      readonly pool?: string;
      /** Ranges that may connect. Empty: everybody who reaches the address. */
      readonly sourceRanges: readonly string[];
      /** AWS: a load balancer within the VPC. Default: false. */
      readonly internal: boolean;
    }
  | { readonly type: "nodePorts"; readonly http: number; readonly https: number }
  | { readonly type: "hostPorts"; readonly http: number; readonly https: number };

interface IngressCommon {
  /** Name of the IngressClass. Default: `nginx` or `traefik`. */
  readonly className: string;
  /** Serves Ingresses that name no class. Default: true. */
  readonly default: boolean;
  /** How traffic arrives. Default: through a load balancer. */
  readonly expose: Exposure;
  /** Number of pods. Undefined with host ports, where every node runs one. */
  readonly replicas: number;
  /** Requests and limits of each pod. Default: upstream's requests. */
  readonly resources: PodResources;
  /** Labels of the nodes that run the controller. Empty: all. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** What answers requests that no rule takes; undefined: the controller itself, with 404. */
  readonly defaultBackend?: { readonly image: string; readonly port: number };
  /** On AWS: names in a hosted zone that lead to the balancer; undefined: none are made. */
  readonly dns?: { readonly zoneId: string; readonly names: readonly string[] };
  /** Image in place of the pinned one. */
  readonly image?: string;
}

export interface IngressNginxSettings extends IngressCommon {
  readonly kind: "ingress-nginx";
  /** Entries of its ConfigMap, by upstream's keys. Default: none. */
  readonly config: Readonly<Record<string, string>>;
}

export interface TraefikSettings extends IngressCommon {
  readonly kind: "traefik";
  /** Also serves Ingresses of class `nginx`. */
  readonly nginxClass: boolean;
  /** Values merged over the library's. */
  readonly values: Readonly<Record<string, unknown>>;
}

export type IngressSettings = IngressNginxSettings | TraefikSettings;

/** What an ingress controller is rendered from besides its own settings. */
export interface IngressSurroundings extends ImageSource {
  /** On `aws` the cloud controller makes the load balancer. */
  readonly platform: "machines" | "aws";
  readonly addons: {
    /** Set where the cluster has the definitions of Gateway API. */
    readonly gatewayApi?: object;
  };
}

const DEFAULTS = {
  "ingress-nginx": {
    className: "nginx",
    // ingress-nginx controller-v1.15.1, deploy/static/provider/cloud/deploy.yaml.
    resources: { requests: { cpu: "100m", memory: "90Mi" } },
  },
  traefik: { className: "traefik", resources: { requests: { cpu: "100m", memory: "128Mi" } } },
} as const;
// ingress-nginx chart 4.15.1, values.yaml, defaultBackend; built for amd64 only.
const DEFAULT_BACKEND = { image: "registry.k8s.io/defaultbackend-amd64:1.5", port: 8080 };

export const INGRESS_HOST_PORTS = { http: 80, https: 443 } as const;

/** Ingress controller with defaults filled in. */
export function resolveIngress(given: IngressInput): IngressSettings {
  const defaults = DEFAULTS[given.kind];
  const defaultBackend = whenEnabled(given.defaultBackend);
  const common = {
    className: given.className ?? defaults.className,
    default: given.default ?? true,
    expose: resolveExposure(given.expose),
    replicas: given.replicas ?? 2,
    resources: given.resources ?? defaults.resources,
    nodeSelector: given.nodeSelector ?? {},
    ...(defaultBackend === undefined
      ? {}
      : {
          defaultBackend: {
            image: defaultBackend.image ?? DEFAULT_BACKEND.image,
            port: defaultBackend.port ?? DEFAULT_BACKEND.port,
          },
        }),
    ...defined({ dns: given.dns, image: given.image }),
  };
  return given.kind === "ingress-nginx"
    ? { kind: given.kind, ...common, config: given.config ?? {} }
    : { kind: given.kind, ...common, nginxClass: given.nginxClass ?? false, values: given.values ?? {} };
}

function resolveExposure(given: ArrivalInput | undefined): Exposure {
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
        http: given.http ?? INGRESS_HOST_PORTS.http,
        https: given.https ?? INGRESS_HOST_PORTS.https,
      };
  }
}
