import { type Change, set } from "./edit";
import { type Row, type Wrong, cases } from "./wrong";

type Component = "apiServer" | "controllerManager" | "scheduler" | "etcd";

/** One flag, its value and what the report says of it. */
type FlagRow = readonly [flag: string, value: unknown, text: RegExp];

function flags(component: Component, rows: readonly FlagRow[]): Row[] {
  return rows.map(([flag, value, text]) => {
    const change: Change = set(component, { extraArgs: { [flag]: value } });
    return [`${component} ${flag} ${JSON.stringify(value)}`, change, `${component}.extraArgs.${flag}`, text];
  });
}

const api = (...rows: FlagRow[]) => flags("apiServer", rows);
const manager = (...rows: FlagRow[]) => flags("controllerManager", rows);
const scheduler = (...rows: FlagRow[]) => flags("scheduler", rows);
const etcd = (...rows: FlagRow[]) => flags("etcd", rows);

export const WRONG_FLAGS: readonly Wrong[] = [
  ...cases("flags: names", [
    ...api(
      [
        "enable-admission-plugin",
        "PodNodeSelector",
        /not a flag of kube-apiserver 1\.36.*enable-admission-plugins/,
      ],
      ["insecure-port", 8080, /not a flag of/],
      ["leader-elect", false, /kube-controller-manager has it: controllerManager\.extraArgs/],
    ),
    ...manager(
      ["pod-eviction-timeout", "5m", /not a flag of.*kube-controller-manager --help/],
      ["experimental-cluster-signing-duration", "24h", /not a flag of.*cluster-signing-duration/],
      ["node-monitor-grace-perod", "40s", /not a flag of.*node-monitor-grace-period/],
      ["concurrent-disruption-syncs", 5, /not a flag of kube-controller-manager 1\.36/],
    ),
    ...scheduler(["policy-config-file", "x", /not a flag of/]),
    ...etcd(
      ["quota-backend-byte", 1, /not a flag of etcd 3\.6.*quota-backend-bytes/],
      ["enable-v2", true, /not a flag of/],
    ),
    [
      "underscores",
      set("apiServer.extraArgs", { enable_admission_plugins: "PodNodeSelector" }),
      "apiServer.extraArgs.enable_admission_plugins",
      /not a name of a flag.*enable-admission-plugins/,
    ],
  ]),
  ...cases("flags: kinds of values", [
    ...api(
      ["max-requests-inflight", "many", /not a number/],
      ["profiling", "off", /is not allowed.*true, false/],
      ["event-ttl", 3600, /is not a duration.*3600s/],
      ["max-requests-inflight", [1, 2], /is a list, and the flag takes one value/],
    ),
    ...etcd(
      ["snapshot-count", "10k", /not a number/],
      ["heartbeat-interval", 500, /a fifth of election-timeout/],
    ),
    ...etcd(["election-timeout", 400, /500 to 50000 milliseconds/]),
  ]),
  ...cases("flags: lists that take a default's place", [
    ...api(
      ["enable-admission-plugins", "PodNodeSelecter", /not an admission plugin.*PodNodeSelector/],
      ["enable-admission-plugins", ["AlwaysAdmit"], /admits everything/],
      ["disable-admission-plugins", "NodeRestriction", /nodes and tenants rely on/],
      ["disable-admission-plugins", "ServiceAccount,PodSecurity", /ServiceAccount, which nodes/],
      ["authorization-mode", "RBAC", /lacks Node/],
      ["authorization-mode", "AlwaysAllow", /everybody do everything/],
      ["authorization-mode", "Node,RBAC,Webhok", /is not allowed.*Webhook/],
      ["kubelet-preferred-address-types", "Hostname", /lacks InternalIP/],
      [
        "tls-cipher-suites",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        /lacks TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256/,
      ],
      [
        "tls-cipher-suites",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        /no suite that supports the cluster's ECDSA/,
      ],
      ["tls-cipher-suites", "TLS_RSA_WITH_AES_128_CBC_SHA", /not a supported cipher suite/],
      ["feature-gates", "ImageVolum=true", /not a feature gate.*ImageVolume/],
      ["feature-gates", "ImageVolume", /Name=true or Name=false/],
      ["feature-gates", "NFTablesProxyMode=false", /locks on/],
      ["runtime-config", "api/all=false", /disables a stable API/],
    ),
    ...manager(
      ["controllers", "-ttl-controller", /lacks \*/],
      ["controllers", "*,-nodeipam", /disables nodeipam/],
      ["controllers", ["*", "-cronjobs-controller"], /not a controller.*cronjob-controller/],
      ["authorization-always-allow-paths", "/metrics", /lacks \/healthz/],
    ),
    ...etcd(["feature-gates", "InitialCorruptChecks=true", /not a feature gate.*InitialCorruptCheck/]),
    [
      "a plugin on and off",
      set("apiServer.extraArgs", {
        "enable-admission-plugins": "AlwaysPullImages",
        "disable-admission-plugins": "AlwaysPullImages",
      }),
      "apiServer.extraArgs.enable-admission-plugins",
      /which disable-admission-plugins also lists/,
    ],
  ]),
  ...cases("flags: what others rely on", [
    ...api(
      ["anonymous-auth", false, /cannot change.*\/livez, \/readyz and \/healthz/],
      ["anonymous-auth", true, /cannot change/],
      ["bind-address", "10.40.0.11", /cannot change.*0\.0\.0\.0/],
      ["endpoint-reconciler-type", "none", /Service kubernetes/],
      ["requestheader-allowed-names", "x", /another setting determines it/],
      ["admission-control-config-file", "/etc/kubernetes/pki/a.yaml", /apiServer\.admissionConfiguration/],
      ["oidc-required-claim", "hd=example.com", /oidc\.requiredClaims/],
      ["peer-advertise-ip", "10.40.0.11", /one host/],
    ),
    ...manager(
      ["leader-elect", false, /act at once/],
      ["secure-port", 0, /10257/],
      ["bind-address", "10.40.0.11", /one host.*0\.0\.0\.0/],
      ["use-service-account-credentials", "false", /its own role/],
      ["cloud-provider", "openstack", /is not allowed.*external/],
      ["cluster-signing-kubelet-serving-key-file", "/a", /another setting determines it/],
    ),
    ...scheduler(["leader-elect", "false", /act at once/], ["master", "https://a", /kubeadm's kubeconfig/]),
    ...etcd(
      ["force-new-cluster", true, /removes all other members/],
      ["strict-reconfig-check", false, /quorum/],
      ["config-file", "/etc/etcd.yaml", /ignore all other flags/],
      ["listen-metrics-urls", "http://10.40.0.11:2381", /one host/],
      ["initial-cluster-token", "x", /another setting determines it/],
    ),
  ]),
];
