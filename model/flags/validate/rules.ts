import { FEATURE_GATES, ETCD_FEATURE_GATES, LOCKED_OFF, LOCKED_ON } from "../featureGates";
import { ADMISSION_PLUGINS, CIPHER_SUITES, CONTROLLERS, HTTP2_SUITE, needsEcdsa } from "../names";
import { type Component, type Span, covers, namesWithSpans } from "../table";
import { minorIn } from "../../settings/checked";
import { nearest } from "../../text";
import type { Found, Rule } from "./found";
import { wordsOf } from "./kinds";

const one =
  (...allowed: string[]): Rule =>
  (values) => {
    const wrong = values.find((value) => !allowed.includes(value));
    return wrong === undefined
      ? undefined
      : { message: "is not allowed", allowed: allowed.join(", "), nearest: nearest(wrong, allowed) };
  };

/** One of several, in a list. */
const each = one;

const stays =
  (value: string, why: string): Rule =>
  (values) =>
    values.every((given) => given === value)
      ? undefined
      : { message: `cannot change: ${why}`, allowed: `${value}, or nothing` };

/** A list that replaces a default, of which the library needs some. */
const holds =
  (needed: readonly string[], why: string): Rule =>
  (values) => {
    const missing = needed.filter((name) => !values.includes(name));
    if (missing.length === 0) return undefined;
    return {
      message: `replaces the default but lacks ${missing.join(", ")}: ${why}`,
      allowed: `the same with ${missing.join(",")}`,
    };
  };

const all =
  (...rules: Rule[]): Rule =>
  (values, checked) => {
    for (const rule of rules) {
      const found = rule(values, checked);
      if (found !== undefined) return found;
    }
    return undefined;
  };

/** Names of a closed list, which a misspelt one keeps the program from starting. */
function known(
  names: ReadonlyMap<string, Span> | ReadonlySet<string>,
  what: string,
  minor: string | undefined,
  values: readonly string[],
): Found | undefined {
  const spans = names instanceof Map ? (names as ReadonlyMap<string, Span>) : undefined;
  const there = [...names.keys()].filter(
    (name) => minor === undefined || spans === undefined || covers(spans.get(name) ?? {}, minor),
  );
  const wrong = values.find((value) => !there.includes(value));
  if (wrong === undefined) return undefined;
  const elsewhere = [...names.keys()].includes(wrong);
  const near = elsewhere ? undefined : nearest(wrong, there);
  return {
    message: elsewhere
      ? `has ${wrong}, which Kubernetes ${minor} does not have`
      : `has ${wrong}, which is not ${what}`,
    allowed: there.length <= 60 ? [...there].sort().join(", ") : `names of ${what.replace(/^an? /, "")}s`,
    nearest: near,
  };
}

/** Plugins without which nodes, tenants or the library's own objects are no longer safe, or work at all. */
const NEEDED_PLUGINS: ReadonlySet<string> = new Set(
  `NodeRestriction NamespaceLifecycle LimitRanger ServiceAccount PodSecurity Priority DefaultTolerationSeconds
  TaintNodesByCondition StorageObjectInUseProtection RuntimeClass CertificateApproval CertificateSigning
  CertificateSubjectRestriction MutatingAdmissionPolicy MutatingAdmissionWebhook ValidatingAdmissionPolicy
  ValidatingAdmissionWebhook ResourceQuota`.split(/\s+/),
);

/** Switched on, they let everything or nothing in, or undo what namespaces are. */
const HARMFUL_PLUGINS: Readonly<Record<string, string>> = {
  AlwaysAdmit: "admits everything and is deprecated",
  AlwaysDeny: "refuses every request",
  NamespaceAutoProvision: "creates a namespace for every misspelled name",
};

const admissionPlugins: Rule = (values, checked) => {
  const unknown = known(ADMISSION_PLUGINS, "an admission plugin", minorIn(checked), values);
  if (unknown !== undefined) return unknown;
  const harmful = values.find((value) => Object.hasOwn(HARMFUL_PLUGINS, value));
  if (harmful !== undefined)
    return { message: `has ${harmful}, which ${HARMFUL_PLUGINS[harmful]}`, allowed: "the others" };
  const off = wordsOf(checked.written.apiServer?.extraArgs?.["disable-admission-plugins"]);
  const both = values.find((value) => off.includes(value));
  return both === undefined
    ? undefined
    : {
        message: `has ${both}, which disable-admission-plugins also lists`,
        allowed: "each plugin in one of the two",
      };
};

const disabledPlugins: Rule = (values, checked) => {
  const unknown = known(ADMISSION_PLUGINS, "an admission plugin", minorIn(checked), values);
  if (unknown !== undefined) return unknown;
  const needed = values.find((value) => NEEDED_PLUGINS.has(value));
  if (needed === undefined) return undefined;
  const allowed = [...ADMISSION_PLUGINS.keys()].filter((name) => !NEEDED_PLUGINS.has(name)).sort();
  return { message: `has ${needed}, which nodes and tenants rely on`, allowed: allowed.join(", ") };
};

const NODE_AND_RBAC = ["Node", "RBAC"];

const authorization: Rule = all(
  (values) =>
    values.includes("AlwaysAllow")
      ? { message: "lets everybody do everything", allowed: "Node,RBAC, optionally with Webhook or ABAC" }
      : undefined,
  each("Node", "RBAC", "Webhook", "ABAC", "AlwaysDeny"),
  holds(NODE_AND_RBAC, "kubelets and RBAC roles need them"),
);

export const ciphers: Rule = (values, checked) => {
  const unknown = known(CIPHER_SUITES, "a supported cipher suite", minorIn(checked), values);
  if (unknown !== undefined) return unknown;
  const has = values.includes(HTTP2_SUITE);
  return has
    ? undefined
    : {
        message: values.some(needsEcdsa)
          ? `lacks ${HTTP2_SUITE}, without which HTTP/2 does not start`
          : "has no suite that supports the cluster's ECDSA certificates",
        allowed: `a list with ${HTTP2_SUITE}; suites of TLS 1.3 are always on`,
      };
};

/** Controllers that clusters do without; all others are what nodes, Services, tenants or the library need. */
const OPTIONAL_CONTROLLERS: ReadonlySet<string> = new Set(
  `ttl-controller ttl bootstrap-signer-controller bootstrapsigner token-cleaner-controller tokencleaner
  cronjob-controller cronjob horizontal-pod-autoscaler-controller horizontalpodautoscaling ephemeral-volume-controller
  ephemeral-volume replicationcontroller-controller replicationcontroller resourceclaim-controller
  resource-claim-controller storageversion-garbage-collector-controller storage-version-gc
  storage-version-migrator-controller device-taint-eviction-controller selinux-warning-controller
  legacy-serviceaccount-token-cleaner-controller legacy-service-account-token-cleaner
  podgroup-protection-controller resourcepoolstatusrequest-controller volumeattributesclass-protection-controller
  endpointslice-mirroring-controller endpointslicemirroring podcertificaterequest-cleaner-controller
  kube-apiserver-serving-clustertrustbundle-publisher-controller`.split(/\s+/),
);

const controllers: Rule = (values, checked) => {
  const names = values.filter((value) => value !== "*").map((value) => value.replace(/^-/, ""));
  const unknown = known(CONTROLLERS, "a controller", minorIn(checked), names);
  if (unknown !== undefined) return unknown;
  if (!values.includes("*"))
    return {
      message: "lacks *: every controller that is not listed would stop",
      allowed: "a list that begins with *, as *,-ttl-controller",
    };
  const needed = values.find((value) => value.startsWith("-") && !OPTIONAL_CONTROLLERS.has(value.slice(1)));
  return needed === undefined
    ? undefined
    : {
        message: `disables ${needed.slice(1)}, which the cluster needs`,
        allowed: [...OPTIONAL_CONTROLLERS].filter((name) => name.includes("-")).join(", "),
      };
};

/** Gates with their values; a gate nobody knows, or one that is locked, keeps the program from starting. */
export function gates(table: string, locked: { on: string; off: string }): Rule {
  const names = namesWithSpans(table);
  const [on, off] = [namesWithSpans(locked.on), namesWithSpans(locked.off)];
  return (values, checked) => {
    // `kube:Name=true` names the component's own registry.
    const pairs = values.map((value) => value.replace(/^kube:/, "").split("="));
    const minor = names.size > 20 ? minorIn(checked) : undefined;
    for (const [name = "", value, ...rest] of pairs) {
      if ((value !== "true" && value !== "false") || rest.length > 0)
        return { message: "is not a feature gate with a value", allowed: "Name=true or Name=false" };
      const unknown = known(names, "a feature gate", minor, [name]);
      if (unknown !== undefined) return unknown;
      const lock = value === "true" ? off.get(name) : on.get(name);
      if (lock !== undefined && (minor === undefined || covers(lock, minor)))
        return {
          message: `sets ${name}, which Kubernetes locks ${value === "true" ? "off" : "on"}`,
          allowed: "the same without it",
        };
    }
    return undefined;
  };
}

export const kubernetesGates = gates(FEATURE_GATES, { on: LOCKED_ON, off: LOCKED_OFF });

/** Groups that the library's own objects or kubeadm's are of. */
const runtimeConfig: Rule = (values) => {
  const wrong = values.find((value) => /^(api\/(all|ga)|(.*\/)?v\d+)=(false|0)$/.test(value));
  return wrong === undefined
    ? undefined
    : {
        message: `disables a stable API: ${wrong}`,
        allowed: "alpha and beta versions, such as batch/v1beta1=true",
      };
};

const leader: Rule = stays("true", "several control-plane nodes would all act at once");
const anyHost: Rule = (values) =>
  values.every((value) => value === "127.0.0.1" || value === "0.0.0.0")
    ? undefined
    : {
        message: "is specific to one host, and these settings are for all",
        allowed: "127.0.0.1, or 0.0.0.0 for metrics from elsewhere",
      };
const probes: Rule = holds(["/healthz", "/readyz", "/livez"], "kubelets probe them without credentials");
const port = (number: string): Rule => stays(number, "kubeadm's probes and the library ask there");
const minTls = one("VersionTLS12", "VersionTLS13");

const MANAGERS: Readonly<Record<string, Rule>> = {
  "feature-gates": kubernetesGates,
  "leader-elect": leader,
  "leader-elect-resource-lock": one("leases"),
  "bind-address": anyHost,
  "authorization-always-allow-paths": probes,
  "tls-cipher-suites": ciphers,
  "tls-min-version": minTls,
  "logging-format": one("text", "json"),
};

/** What single flags take, where their kind does not say it. */
export const RULES: Record<Component, Readonly<Record<string, Rule>>> = {
  apiServer: {
    "enable-admission-plugins": admissionPlugins,
    "disable-admission-plugins": disabledPlugins,
    "authorization-mode": authorization,
    "feature-gates": kubernetesGates,
    "tls-cipher-suites": ciphers,
    "tls-min-version": minTls,
    "logging-format": one("text", "json"),
    "runtime-config": runtimeConfig,
    "bind-address": stays("0.0.0.0", "nodes, balancers and probes reach API servers on several addresses"),
    "endpoint-reconciler-type": stays("lease", "without it the Service kubernetes has no endpoints"),
    "enable-garbage-collector": stays("true", "objects whose owners are gone would stay"),
    "encryption-provider-config-automatic-reload": stays(
      "true",
      "all API servers must read a new key at once",
    ),
    "kubelet-preferred-address-types": all(
      each("Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP"),
      holds(["InternalIP"], "node names do not resolve"),
    ),
    "audit-log-mode": one("batch", "blocking", "blocking-strict"),
    "audit-webhook-mode": one("batch", "blocking", "blocking-strict"),
    "audit-log-format": one("json", "legacy"),
    "storage-media-type": one(
      "application/vnd.kubernetes.protobuf",
      "application/json",
      "application/yaml",
      "application/cbor",
    ),
  },
  controllerManager: {
    ...MANAGERS,
    controllers,
    "secure-port": port("10257"),
    "use-service-account-credentials": stays("true", "each controller has its own role"),
    "enable-garbage-collector": stays("true", "objects whose owners are gone would stay"),
    // On AWS it follows from the platform.
    "cloud-provider": (values, checked) =>
      checked.settings.aws === undefined ? one("external")(values, checked) : undefined,
  },
  scheduler: { ...MANAGERS, "secure-port": port("10259") },
  etcd: {
    "feature-gates": gates(ETCD_FEATURE_GATES, { on: "", off: "" }),
    "strict-reconfig-check": stays("true", "a leaving member must not cost the cluster its quorum"),
    "peer-skip-client-san-verification": stays("false", "any certificate would be enough to become a member"),
    "experimental-peer-skip-client-san-verification": stays(
      "false",
      "any certificate would be enough to become a member",
    ),
    "election-timeout": (values, { written }) => {
      const beat = Number(written.etcd?.extraArgs?.["heartbeat-interval"] ?? 100);
      const [timeout = 0] = values.map(Number);
      return timeout >= 5 * beat && timeout <= 50_000
        ? undefined
        : {
            message: "does not fit etcd's heartbeat-interval",
            allowed: `${5 * beat} to 50000 milliseconds: five heartbeats of ${beat} or more`,
          };
    },
    "heartbeat-interval": (values, { written }) => {
      const timeout = Number(written.etcd?.extraArgs?.["election-timeout"] ?? 1000);
      const given = written.etcd?.extraArgs?.["election-timeout"] !== undefined;
      const [beat = 0] = values.map(Number);
      return given || (beat >= 1 && 5 * beat <= timeout)
        ? undefined
        : {
            message: `is more than a fifth of election-timeout, ${timeout}`,
            allowed: `1 to ${timeout / 5} milliseconds, or a longer election-timeout`,
          };
    },
    "auto-compaction-mode": one("periodic", "revision"),
    metrics: one("basic", "extensive"),
    logger: one("zap"),
    "log-format": one("json", "console"),
    "log-level": one("debug", "info", "warn", "error", "panic", "fatal"),
    "tls-min-version": one("TLS1.2", "TLS1.3"),
    "tls-max-version": one("TLS1.2", "TLS1.3"),
    "cipher-suites": ciphers,
    "listen-metrics-urls": (values) =>
      values.every((value) => /^http:\/\/(127\.0\.0\.1|0\.0\.0\.0):2381$/.test(value))
        ? undefined
        : {
            message: "is specific to one host, or does not answer kubeadm's probes",
            allowed: "http://127.0.0.1:2381, or http://0.0.0.0:2381 for metrics from elsewhere",
          },
  },
};
