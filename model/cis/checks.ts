/**
 * The CIS Kubernetes Benchmark as kube-bench 1.12 numbers it (github.com/aquasecurity/kube-bench, cfg/cis-1.12), in words and
 * tests of the library's own: what each number looks at on a host that the library made.
 */
export interface Check {
  readonly id: string;
  readonly what: string;
  /** Bash, with the functions of `script.ts`: succeeds where the check holds. undefined: people judge. */
  readonly test?: string;
  /** Why people judge, or why the library leaves it although the test fails. */
  readonly reason?: string;
}

/** Hosts that a section is for. */
export type Place = "controlPlane" | "node";

const check = (id: string, what: string, test: string, reason?: string): Check => ({
  id,
  what,
  test,
  ...(reason === undefined ? {} : { reason }),
});
const people = (id: string, what: string, reason: string): Check => ({ id, what, reason });

const MANIFESTS = "/etc/kubernetes/manifests";
const API = "kube-apiserver";
const CONTROLLERS = "kube-controller-manager";
const SCHEDULER = "kube-scheduler";

/** Modes and owners of one file, which the benchmark numbers one after the other. */
function file(ids: readonly [string, string], what: string, mode: number, paths: string): readonly Check[] {
  return [
    check(ids[0], `${what}: mode ${mode} or less`, `mode ${mode} ${paths}`),
    check(ids[1], `${what}: owned by root`, `owner root:root ${paths}`),
  ];
}

const CNI_REASON = "flannel's file is 0600; Calico and Weave write their own, which contain no secrets";

const CONTROL_PLANE: readonly Check[] = [
  ...file(["1.1.1", "1.1.2"], "manifest of the API server", 600, `${MANIFESTS}/${API}.yaml`),
  ...file(["1.1.3", "1.1.4"], "manifest of the controller manager", 600, `${MANIFESTS}/${CONTROLLERS}.yaml`),
  ...file(["1.1.5", "1.1.6"], "manifest of the scheduler", 600, `${MANIFESTS}/${SCHEDULER}.yaml`),
  ...file(["1.1.7", "1.1.8"], "manifest of etcd", 600, `${MANIFESTS}/etcd.yaml`),
  check("1.1.9", "CNI configuration: mode 600 or less", "mode 600 /etc/cni/net.d/*", CNI_REASON),
  check("1.1.10", "CNI configuration: owned by root", "owner root:root /etc/cni/net.d/*"),
  check("1.1.11", "etcd's data: mode 700 or less", "mode 700 /var/lib/etcd"),
  check(
    "1.1.12",
    "etcd's data: owned by etcd",
    "owner etcd:etcd /var/lib/etcd",
    "kubeadm runs etcd as root, so root owns the files; their mode keeps others out",
  ),
  ...file(
    ["1.1.13", "1.1.14"],
    "administrator's kubeconfig",
    600,
    "/etc/kubernetes/admin.conf /etc/kubernetes/super-admin.conf",
  ),
  ...file(["1.1.15", "1.1.16"], "scheduler's kubeconfig", 600, "/etc/kubernetes/scheduler.conf"),
  ...file(
    ["1.1.17", "1.1.18"],
    "controller manager's kubeconfig",
    600,
    "/etc/kubernetes/controller-manager.conf",
  ),
  check("1.1.19", "folder of the PKI: all owned by root", "owner root:root $(find /etc/kubernetes/pki)"),
  check("1.1.20", "certificates: mode 644 or less", "mode 644 $(find /etc/kubernetes/pki -name '*.crt')"),
  check("1.1.21", "private keys: mode 600", "mode 600 $(find /etc/kubernetes/pki -name '*.key')"),

  check(
    "1.2.1",
    "no anonymous requests",
    `is ${API} anonymous-auth false`,
    "probes and joins ask health paths without credentials; the AuthenticationConfiguration allows anonymous requests only there",
  ),
  check("1.2.2", "no static token file", `unset_flag ${API} token-auth-file`),
  check(
    "1.2.3",
    "external addresses of Services are refused",
    `has ${API} enable-admission-plugins DenyServiceExternalIPs`,
  ),
  check(
    "1.2.4",
    "the API server has a client certificate for kubelets",
    `given ${API} kubelet-client-certificate && given ${API} kubelet-client-key`,
  ),
  check(
    "1.2.5",
    "the API server verifies kubelets' certificates",
    `given ${API} kubelet-certificate-authority`,
  ),
  check("1.2.6", "authorization is not AlwaysAllow", `lacks ${API} authorization-mode AlwaysAllow`),
  check("1.2.7", "authorization includes Node", `has ${API} authorization-mode Node`),
  check("1.2.8", "authorization includes RBAC", `has ${API} authorization-mode RBAC`),
  check(
    "1.2.9",
    "plugin EventRateLimit",
    `has ${API} enable-admission-plugins EventRateLimit`,
    "alpha; API Priority and Fairness limits what one client may request",
  ),
  check("1.2.10", "plugin AlwaysAdmit is off", `lacks ${API} enable-admission-plugins AlwaysAdmit`),
  check(
    "1.2.11",
    "plugin AlwaysPullImages",
    `has ${API} enable-admission-plugins AlwaysPullImages`,
    "pods could not start while a registry is down; apiServer.extraArgs.enable-admission-plugins: AlwaysPullImages sets it",
  ),
  check("1.2.12", "plugin ServiceAccount is on", `lacks ${API} disable-admission-plugins ServiceAccount`),
  check(
    "1.2.13",
    "plugin NamespaceLifecycle is on",
    `lacks ${API} disable-admission-plugins NamespaceLifecycle`,
  ),
  check("1.2.14", "plugin NodeRestriction", `has ${API} enable-admission-plugins NodeRestriction`),
  check("1.2.15", "profiling is off", `is ${API} profiling false`),
  check("1.2.16", "an audit log", `given ${API} audit-log-path`),
  check("1.2.17", "audit logs are kept 30 days", `least ${API} audit-log-maxage 30`),
  check("1.2.18", "10 audit logs are kept", `least ${API} audit-log-maxbackup 10`),
  check("1.2.19", "audit logs have up to 100 MB", `least ${API} audit-log-maxsize 100`),
  people(
    "1.2.20",
    "timeout of requests",
    "Kubernetes' default, a minute; apiServer.extraArgs.request-timeout sets another",
  ),
  check(
    "1.2.21",
    "tokens of deleted service accounts are rejected",
    `lacks ${API} service-account-lookup false`,
  ),
  check("1.2.22", "a key for tokens", `given ${API} service-account-key-file`),
  check("1.2.23", "a client certificate for etcd", `given ${API} etcd-certfile && given ${API} etcd-keyfile`),
  check(
    "1.2.24",
    "a certificate to serve with",
    `given ${API} tls-cert-file && given ${API} tls-private-key-file`,
  ),
  check("1.2.25", "a CA of clients", `given ${API} client-ca-file`),
  check("1.2.26", "a CA of etcd", `given ${API} etcd-cafile`),
  check("1.2.27", "encryption at rest", `given ${API} encryption-provider-config`),
  check("1.2.28", "encryption by a strong provider", `encrypts "$(flag ${API} encryption-provider-config)"`),
  check("1.2.29", "strong ciphers only", `strong $(flag ${API} tls-cipher-suites | tr ',' ' ')`),
  check("1.2.30", "tokens are not extended", `is ${API} service-account-extend-token-expiration false`),

  check("1.3.1", "a limit on finished pods", `given ${CONTROLLERS} terminated-pod-gc-threshold`),
  check("1.3.2", "profiling is off", `is ${CONTROLLERS} profiling false`),
  check(
    "1.3.3",
    "a service account for each controller",
    `is ${CONTROLLERS} use-service-account-credentials true`,
  ),
  check("1.3.4", "a key for tokens", `given ${CONTROLLERS} service-account-private-key-file`),
  check("1.3.5", "a CA for pods", `given ${CONTROLLERS} root-ca-file`),
  check(
    "1.3.6",
    "serving certificates of kubelets rotate",
    `lacks ${CONTROLLERS} feature-gates RotateKubeletServerCertificate=false`,
  ),
  check("1.3.7", "listens on localhost only", `is ${CONTROLLERS} bind-address 127.0.0.1`),
  check("1.4.1", "profiling is off", `is ${SCHEDULER} profiling false`),
  check("1.4.2", "listens on localhost only", `is ${SCHEDULER} bind-address 127.0.0.1`),

  check("2.1", "etcd serves with a certificate", "given etcd cert-file && given etcd key-file"),
  check("2.2", "etcd requires client certificates", "is etcd client-cert-auth true"),
  check("2.3", "etcd does not create its own certificate", "lacks etcd auto-tls true"),
  check("2.4", "etcd's members have certificates", "given etcd peer-cert-file && given etcd peer-key-file"),
  check("2.5", "etcd's members require certificates of each other", "is etcd peer-client-cert-auth true"),
  check("2.6", "etcd's members do not create their own certificates", "lacks etcd peer-auto-tls true"),
  check(
    "2.7",
    "etcd has its own CA",
    `[ "$(flag etcd trusted-ca-file)" != "$(flag ${API} client-ca-file)" ]`,
  ),

  people(
    "3.1.1",
    "people do not use client certificates",
    "oidc logs people in; certificates of the administrator and tenants expire",
  ),
  people("3.1.2", "people do not use tokens of service accounts", "the library creates none for people"),
  check(
    "3.1.3",
    "people do not use bootstrap tokens",
    `[ -z "$(kubectl --namespace kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token -o name)" ]`,
  ),
  check("3.2.1", "an audit policy", `given ${API} audit-policy-file`),
  people(
    "3.2.2",
    "the audit policy covers what matters",
    "Secrets, ConfigMaps and tokens at Metadata; audit.policy sets another",
  ),

  check("5.1.1", "only administrators have cluster-admin", "cluster_admins"),
  people(
    "5.1.2",
    "few subjects may read Secrets",
    "the library's roles: tenants in their namespace, and add-ons that need it",
  ),
  people("5.1.3", "few roles have wildcards", "none of the library's roles has one; other charts may"),
  people("5.1.4", "few subjects may create pods", "tenants in their namespace"),
  people("5.1.5", "default service accounts are not used", "the library's pods use their own accounts"),
  people("5.1.6", "tokens are mounted only where needed", "the library's pods set this"),
  check(
    "5.1.7",
    "no credential of system:masters is left",
    "[ ! -e /etc/kubernetes/super-admin.conf ] && no_system_masters",
  ),
  ...["5.1.8 bind, escalate and impersonate", "5.1.9 persistent volumes", "5.1.10 the proxy of nodes"].map(
    (line) =>
      people(
        line.split(" ")[0] ?? "",
        `few may use ${line.slice(line.indexOf(" ") + 1)}`,
        "tenants may not; you control other roles",
      ),
  ),
  check(
    "5.1.11",
    "nobody approves every node's certificate",
    "! kubectl get clusterrolebinding kubeadm:node-autoapprove-bootstrap >/dev/null 2>&1",
  ),
  ...["5.1.12 webhooks", "5.1.13 tokens of service accounts"].map((line) =>
    people(
      line.split(" ")[0] ?? "",
      `few may make ${line.slice(line.indexOf(" ") + 1)}`,
      "tenants create tokens only in their namespace",
    ),
  ),
  check(
    "5.2.1",
    "admission has a policy for pods",
    `grep -q PodSecurity "$(flag ${API} admission-control-config-file)"`,
  ),
  ...[
    ["5.2.2", "privileged containers"],
    ["5.2.3", "the host's processes"],
    ["5.2.4", "the host's IPC"],
    ["5.2.5", "the host's network"],
    ["5.2.6", "privilege escalation"],
    ["5.2.7", "root"],
    ["5.2.8", "NET_RAW"],
    ["5.2.9", "capabilities"],
    ["5.2.10", "HostProcess containers"],
    ["5.2.11", "hostPath"],
    ["5.2.12", "host ports"],
  ].map(([id = "", what = ""]) =>
    people(
      id,
      `few pods have ${what}`,
      "baseline is enforced everywhere except in the cluster's namespaces, restricted for tenants",
    ),
  ),
  people("5.3.1", "the CNI enforces NetworkPolicies", "Calico and Weave do; flannel with cni.networkPolicy"),
  people("5.3.2", "every namespace has NetworkPolicies", "tenants' namespaces have; you control the others"),
  people("5.4.1", "Secrets as files", "depends on each workload"),
  people("5.4.2", "a store of Secrets outside", "your choice; Secrets are encrypted in etcd"),
  people("5.5.1", "ImagePolicyWebhook", "it needs a service that checks images"),
  people("5.6.1", "namespaces as boundaries", "tenants"),
  check("5.6.2", "seccomp's default profile", '[ "$(kubelet seccompDefault)" = true ]'),
  people("5.6.3", "a security context for pods", "level restricted requires one"),
  check(
    "5.6.4",
    "namespace default is empty",
    `[ -z "$(kubectl --namespace default get pods -o name)" ]`,
    "up to you",
  ),
];

const NODE: readonly Check[] = [
  ...file(
    ["4.1.1", "4.1.2"],
    "kubelet's unit and drop-in",
    600,
    "/etc/systemd/system/kubelet.service /etc/systemd/system/kubelet.service.d/*.conf",
  ),
  people("4.1.3", "kube-proxy's kubeconfig: mode", "it is in a ConfigMap, not in a file on the host"),
  people("4.1.4", "kube-proxy's kubeconfig: owner", "it is in a ConfigMap, not in a file on the host"),
  ...file(["4.1.5", "4.1.6"], "kubelet's kubeconfig", 600, "/etc/kubernetes/kubelet.conf"),
  ...file(["4.1.7", "4.1.8"], "CA of clients", 644, "/etc/kubernetes/pki/ca.crt"),
  ...file(["4.1.9", "4.1.10"], "kubelet's configuration", 600, "/var/lib/kubelet/config.yaml"),
  check("4.2.1", "no anonymous requests", '[ "$(kubelet authentication.anonymous.enabled)" = false ]'),
  check("4.2.2", "authorization is not AlwaysAllow", '[ "$(kubelet authorization.mode)" = Webhook ]'),
  check("4.2.3", "a CA of clients", '[ -n "$(kubelet authentication.x509.clientCAFile)" ]'),
  check(
    "4.2.4",
    "no port without credentials",
    'case $(kubelet readOnlyPort) in 0 | "") ;; *) false ;; esac',
  ),
  check("4.2.5", "idle streams end", '[ "$(kubelet streamingConnectionIdleTimeout)" != 0 ]'),
  check("4.2.6", "iptables' chains", '[ "$(kubelet makeIPTablesUtilChains)" != false ]'),
  check(
    "4.2.7",
    "no --hostname-override",
    "! grep -qs hostname-override /var/lib/kubelet/kubeadm-flags.env",
    "a node keeps the name in the settings, whatever DHCP calls its host; the approvers check it",
  ),
  check("4.2.8", "events are recorded", '[ "$(kubelet eventRecordQPS)" != -1 ]'),
  check(
    "4.2.9",
    "a certificate to serve with",
    '[ "$(kubelet serverTLSBootstrap)" = true ] || [ -n "$(kubelet tlsCertFile)" ]',
  ),
  check("4.2.10", "client certificates rotate", '[ "$(kubelet rotateCertificates)" = true ]'),
  check(
    "4.2.11",
    "serving certificates rotate",
    '[ "$(kubelet featureGates.RotateKubeletServerCertificate)" != false ]',
  ),
  check("4.2.12", "strong ciphers only", "strong $(kubelet_list tlsCipherSuites)"),
  check("4.2.13", "a limit on a pod's processes", '[ "$(kubelet podPidsLimit)" -gt 0 ]'),
  check("4.2.14", "seccomp's default profile", '[ "$(kubelet seccompDefault)" = true ]'),
  check("4.3.1", "kube-proxy's metrics are the host's own", "proxy_metrics"),
];

export const CHECKS: Readonly<Record<Place, readonly Check[]>> = { controlPlane: CONTROL_PLANE, node: NODE };
