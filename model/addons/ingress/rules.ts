import type { Manifest } from "../../core/manifest";

/** Where requests go. */
export interface IngressBackend {
  /** Name of the Service, in the namespace of the rules. */
  readonly service: string;
  /** Port of the Service, by number or name. */
  readonly port: number | string;
  /**
   * How the path matches. `Prefix` matches whole parts of a path.
   *
   * @defaultValue `Prefix`
   */
  readonly match?: "Prefix" | "Exact" | "ImplementationSpecific";
}

/** The rules of one host. */
export interface IngressHost {
  /** Backends by path. A path begins with `/`. */
  readonly paths: Readonly<Record<string, IngressBackend>>;
  /**
   * Secret of type `kubernetes.io/tls` in the same namespace, with the certificate of this host.
   *
   * @defaultValue none: plain HTTP
   */
  readonly tlsSecret?: string;
}

export interface IngressRulesSpec {
  /** Namespace of the Ingress and of its Services. */
  readonly namespace: string;
  /**
   * IngressClass of the controller that serves the rules.
   *
   * @defaultValue the cluster's default class
   */
  readonly className?: string;
  /** Rules by host name, whose first label may be `*`. */
  readonly hosts?: Readonly<Record<string, IngressHost>>;
  /** Backend for requests that match no rule. */
  readonly defaultBackend?: IngressBackend;
  /** Annotations that the controller reads, such as `nginx.ingress.kubernetes.io/proxy-body-size`. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One Ingress from host and path rules. Rules that share a Secret share an entry under `tls`. */
export function ingressRulesManifest(
  name: string,
  spec: IngressRulesSpec,
): Manifest<"networking.k8s.io/v1/Ingress"> {
  const hosts = Object.entries(spec.hosts ?? {});
  const secrets = [...new Set(hosts.flatMap(([, host]) => host.tlsSecret ?? []))];
  const tls = secrets.map((secretName) => ({
    hosts: hosts.filter(([, host]) => host.tlsSecret === secretName).map(([host]) => host),
    secretName,
  }));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace: spec.namespace,
      // The provider would wait for an address, which a controller on ports of nodes does not publish.
      annotations: { "pulumi.com/skipAwait": "true", ...spec.annotations },
    },
    spec: {
      ...(spec.className === undefined ? {} : { ingressClassName: spec.className }),
      ...(spec.defaultBackend === undefined ? {} : { defaultBackend: backend(spec.defaultBackend) }),
      ...(tls.length === 0 ? {} : { tls }),
      rules: hosts.map(([host, { paths }]) => ({
        host,
        http: {
          paths: Object.entries(paths).map(([path, to]) => ({
            path,
            pathType: to.match ?? "Prefix",
            backend: backend(to),
          })),
        },
      })),
    },
  };
}

function backend({ service, port }: IngressBackend) {
  return { service: { name: service, port: typeof port === "number" ? { number: port } : { name: port } } };
}
