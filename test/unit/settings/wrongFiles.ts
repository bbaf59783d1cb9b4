import { all, set } from "./edit";
import { PEM, type Wrong, cases } from "./wrong";

const args = (component: string, extraArgs: object) => set(`${component}.extraArgs`, extraArgs);
const volume = (over: object = {}) => ({
  name: "extra",
  hostPath: "/etc/kubernetes/extra",
  mountPath: "/etc/kubernetes/extra",
  ...over,
});
const volumes = (...list: object[]) => set("apiServer.extraVolumes", list);
/** One file, and the flag that reads it. */
const file = (component: string, flag: string, text: unknown) =>
  all(args(component, { [flag]: "file.yaml" }), set(`${component}.files`, { "file.yaml": text }));

const scheduler = (over: string) =>
  `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: { kubeconfig: /etc/kubernetes/scheduler.conf }
${over}`;
const authentication = (anonymous: string, more = "") =>
  `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: ${anonymous}
${more}`;
const HEALTH = "{ enabled: true, conditions: [{ path: /livez }, { path: /readyz }, { path: /healthz }] }";

export const WRONG_FILES: readonly Wrong[] = [
  ...cases("files: what a pod does not see", [
    [
      "webhook of the audit log",
      args("apiServer", { "audit-webhook-config-file": "/etc/kubernetes/audit-webhook.yaml" }),
      "apiServer.extraArgs.audit-webhook-config-file",
      /static pod cannot see.*apiServer\.files.*apiServer\.extraVolumes/,
    ],
    [
      "the scheduler's configuration",
      args("scheduler", { config: "/etc/kubernetes/scheduler-config.yaml" }),
      "scheduler.extraArgs.config",
      /static pod cannot see.*scheduler\.files/,
    ],
    [
      "a misspelt file of the settings",
      all(
        args("apiServer", {
          "tracing-config-file": "tracin.yaml",
          "audit-webhook-config-file": "tracing.yaml",
        }),
        set("apiServer.files", { "tracing.yaml": "x: y" }),
      ),
      "apiServer.extraArgs.tracing-config-file",
      /cannot see.*tracing\.yaml$/,
    ],
    [
      "one of two",
      args("apiServer", { "tls-sni-cert-key": ["/etc/kubernetes/pki/a.crt,/root/a.key:*.example.com"] }),
      "apiServer.extraArgs.tls-sni-cert-key",
      /cannot see/,
    ],
    [
      "etcd's log of writes",
      args("etcd", { "wal-dir": "/wal" }),
      "etcd.extraArgs.wal-dir",
      /\/var\/lib\/etcd/,
    ],
    [
      "a way out of a folder",
      args("apiServer", { "peer-ca-file": "/etc/kubernetes/pki/../a.crt" }),
      "apiServer.extraArgs.peer-ca-file",
      /cannot see/,
    ],
  ]),
  ...cases("files: volumes", [
    [
      "kubeadm's name",
      volumes(volume({ name: "k8s-certs" })),
      "apiServer.extraVolumes[0].name",
      /kubeadm or the library uses/,
    ],
    [
      "a name twice",
      volumes(volume(), volume({ mountPath: "/b" })),
      "apiServer.extraVolumes[1].name",
      /listed twice/,
    ],
    [
      "a place twice",
      volumes(volume(), volume({ name: "b" })),
      "apiServer.extraVolumes[1].mountPath",
      /listed twice/,
    ],
    [
      "over the certificates",
      volumes(volume({ mountPath: "/etc/kubernetes/pki" })),
      "apiServer.extraVolumes[0].mountPath",
      /would hide/,
    ],
    [
      "a relative path",
      volumes(volume({ hostPath: "extra" })),
      "apiServer.extraVolumes[0].hostPath",
      /not an absolute path/,
    ],
    [
      "another type",
      volumes(volume({ pathType: "Folder" })),
      "apiServer.extraVolumes[0].pathType",
      /DirectoryOrCreate/,
    ],
    ["a misspelt key", volumes(volume({ readonly: true })), "apiServer.extraVolumes[0].readonly", /readOnly/],
  ]),
  ...cases("files: what the settings bring", [
    [
      "read by nobody",
      set("scheduler.files", { "a.yaml": "a: b" }),
      'scheduler.files["a.yaml"]',
      /no flag names it/,
    ],
    [
      "a name of the library",
      all(
        args("apiServer", { "tracing-config-file": "audit-policy.yaml" }),
        set("apiServer.files", { "audit-policy.yaml": "a: b" }),
      ),
      'apiServer.files["audit-policy.yaml"]',
      /of one of the library's own files/,
    ],
    [
      "a private key",
      file("apiServer", "tls-sni-cert-key", PEM),
      'apiServer.files["file.yaml"]',
      /\[hidden\] is a private key/,
    ],
    [
      "a kubeconfig with a token",
      file("apiServer", "audit-webhook-config-file", "users: [{ name: a, user: { token: abc } }]"),
      'apiServer.files["file.yaml"]',
      /\[hidden\] holds a secret.*\{ secret: NAME \}/,
    ],
    [
      "users with tokens",
      file("apiServer", "token-auth-file", "abc,me,1"),
      'apiServer.files["file.yaml"]',
      /\[hidden\] holds a secret/,
    ],
    [
      "a secret that is not there",
      file("apiServer", "token-auth-file", { secret: "tokens" }),
      'apiServer.files["file.yaml"].secret',
      /is not in kubeadm:secrets/,
      { operator: PEM },
    ],
    [
      "a misspelt key of a secret",
      file("apiServer", "token-auth-file", { secret: "tokens", mode: "0600" }),
      'apiServer.files["file.yaml"].mode',
      /unknown key.*secret/,
    ],
  ]),
  ...cases("files: configuration of components", [
    [
      "another kind",
      file("scheduler", "config", scheduler("").replace("KubeSchedulerConfiguration", "Policy")),
      'scheduler.files["file.yaml"].kind',
      /KubeSchedulerConfiguration/,
    ],
    [
      "no document",
      file("scheduler", "config", "- a"),
      'scheduler.files["file.yaml"]',
      /not a single YAML mapping/,
    ],
    [
      "a misspelt field",
      file("scheduler", "config", scheduler("profile: []")),
      'scheduler.files["file.yaml"].profile',
      /profiles/,
    ],
    [
      "two leaders",
      file("scheduler", "config", scheduler("leaderElection: { leaderElect: false }")),
      'scheduler.files["file.yaml"].leaderElection.leaderElect',
      /act at once/,
    ],
    [
      "no kubeconfig",
      file(
        "scheduler",
        "config",
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n",
      ),
      'scheduler.files["file.yaml"].clientConnection.kubeconfig',
      /\/etc\/kubernetes\/scheduler\.conf/,
    ],
    [
      "nobody without credentials",
      file("apiServer", "authentication-config", authentication("{ enabled: false }")),
      'apiServer.files["file.yaml"].anonymous',
      /probes and load balancers/,
    ],
    [
      "everybody without credentials",
      file("apiServer", "authentication-config", authentication("{ enabled: true }")),
      'apiServer.files["file.yaml"].anonymous',
      /conditions/,
    ],
    [
      "a misspelt issuer",
      file("apiServer", "authentication-config", authentication(HEALTH, "jwt: [{ issuers: {} }]")),
      'apiServer.files["file.yaml"].jwt[0].issuers',
      /issuer/,
    ],
    [
      "no Node authorizer",
      file(
        "apiServer",
        "authorization-config",
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers: [{ type: RBAC, name: rbac }]\n",
      ),
      'apiServer.files["file.yaml"].authorizers',
      /lacks Node/,
    ],
  ]),
  ...cases("files: admission", [
    [
      "no configuration",
      args("apiServer", { "enable-admission-plugins": "EventRateLimit" }),
      "apiServer.extraArgs.enable-admission-plugins",
      /does not start without.*admissionConfiguration\.EventRateLimit/,
    ],
    [
      "a plugin that is off",
      set("apiServer.admissionConfiguration", { EventRateLimit: { apiVersion: "a", kind: "b" } }),
      "apiServer.admissionConfiguration.EventRateLimit",
      /is not enabled/,
    ],
    [
      "a plugin without any",
      set("apiServer.admissionConfiguration", { NodeRestriction: {} }),
      "apiServer.admissionConfiguration.NodeRestriction",
      /takes no configuration/,
    ],
    [
      "the library's",
      set("apiServer.admissionConfiguration", { PodSecurity: {} }),
      "apiServer.admissionConfiguration.PodSecurity",
      /instead: podSecurity/,
    ],
    [
      "no kind",
      set("apiServer.admissionConfiguration", { ResourceQuota: { apiVersion: "a" } }),
      "apiServer.admissionConfiguration.ResourceQuota.kind",
      /is missing/,
    ],
  ]),
];
