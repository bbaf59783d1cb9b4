import type { Manifest } from "../../core/manifest";
import { Problems, SettingsError, type Path, type Problem } from "../../settings/problems";
import { DNS_LABEL, isDnsName } from "../../settings/schema/primitives";

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
  readonly namespace: string;
  /** Class of the controller that serves them; default: the cluster's default class. */
  readonly className?: string;
  /** By host name, whose first label may be `*`. */
  readonly hosts: Readonly<Record<string, IngressHost>>;
  /** What gets requests that no rule takes. */
  readonly defaultBackend?: IngressBackend;
  /** The controller's own, as `nginx.ingress.kubernetes.io/proxy-body-size`. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * One Ingress from host and path rules. Rules that share a Secret share an entry under `tls`.
 * @throws SettingsError with everything that is wrong with the rules
 */
export function ingressRulesManifest(
  name: string,
  spec: IngressRulesSpec,
): Manifest<"networking.k8s.io/v1/Ingress"> {
  const problems = problemsOf(spec);
  if (problems.length > 0) throw new SettingsError(problems, `ingress rules ${name}`);
  const hosts = Object.entries(spec.hosts);
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

const SERVICE_NAME = "the name of a Service of the namespace";
const PORT = "1 to 65535, or the port's name";

function problemsOf({ namespace, hosts, defaultBackend }: Loose): Problem[] {
  const problems = new Problems();
  if (typeof namespace !== "string" || !DNS_LABEL.test(namespace))
    problems.add(
      ["namespace"],
      namespace,
      namespace === undefined ? "is missing" : "is not a valid DNS label",
    );
  const named = Object.entries(hosts ?? {});
  if (named.length === 0 && defaultBackend === undefined)
    problems.add(["hosts"], hosts, "has no host, and there is no default backend", {
      allowed: "rules by host name",
    });
  if (defaultBackend !== undefined) checkBackend(["defaultBackend"], defaultBackend, problems);
  for (const [host, rules] of named) {
    const place = ["hosts", host];
    if (!isDnsName(host.replace(/^\*\./, "")))
      problems.add(place, host, "is not a valid DNS name, with or without a leading *.");
    const paths = Object.entries(rules?.paths ?? {});
    if (paths.length === 0)
      problems.add([...place, "paths"], rules?.paths, "has no path", { allowed: "/ and more" });
    for (const [path, to] of paths) {
      if (!path.startsWith("/")) problems.add([...place, "paths", path], path, "does not begin with /");
      checkBackend([...place, "paths", path], to, problems);
    }
  }
  return problems.sorted();
}

function checkBackend(place: Path, to: Partial<IngressBackend> | null | undefined, problems: Problems): void {
  const { service, port } = to ?? {};
  if (typeof service !== "string" || service === "")
    problems.add([...place, "service"], service, "is not a valid name", { allowed: SERVICE_NAME });
  const isPort =
    typeof port === "number"
      ? Number.isInteger(port) && port >= 1 && port <= 65535
      : typeof port === "string";
  if (!isPort) problems.add([...place, "port"], port, "is not a valid port", { allowed: PORT });
}

/** As a program may give it that no compiler has checked. */
interface Loose {
  readonly namespace?: unknown;
  readonly hosts?: Readonly<
    Record<string, { readonly paths?: Readonly<Record<string, Partial<IngressBackend> | null>> } | null>
  > | null;
  readonly defaultBackend?: Partial<IngressBackend> | null;
}
