import type { Manifest } from "../../core/manifest";

/** Where requests go to. */
export interface IngressBackend {
  /** Service in the rules' own namespace. */
  readonly service: string;
  /** Port of the Service, by number or name. */
  readonly port: number | string;
  /** `Prefix`: whole parts of the path, as the API defines it. Default `Prefix`. */
  readonly match?: "Prefix" | "Exact" | "ImplementationSpecific";
}

export interface IngressHost {
  /** By path, each beginning with `/`. */
  readonly paths: Readonly<Record<string, IngressBackend>>;
  /** Secret of type kubernetes.io/tls in the same namespace, whose certificate is for this host; default: no TLS. */
  readonly tlsSecret?: string;
}

export interface IngressRulesSpec {
  /** Namespace of the Ingress, and of the Services that it leads to. */
  readonly namespace: string;
  /**
   * Class of the controller that serves them.
   *
   * @defaultValue the cluster's default class
   */
  readonly className?: string;
  /** By host name, whose first label may be `*`. */
  readonly hosts?: Readonly<Record<string, IngressHost>>;
  /** What gets requests that no rule takes. */
  readonly defaultBackend?: IngressBackend;
  /** The controller's own, as `nginx.ingress.kubernetes.io/proxy-body-size`. */
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
