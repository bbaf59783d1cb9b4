import { filesOf } from "../../support/projectFiles";
import { all, set } from "./edit";
import { type Wrong, casesOf as cases } from "./wrong";

/** A tenant on a network that enforces its policies. */
const tenant = (name: string, settings: object) =>
  all(set("cni.networkPolicy", "kube-network-policies"), set(`tenants.${name}`, settings));
const shop = (settings: object) => tenant("shop", settings);
const members = (...list: object[]) => shop({ members: list });
const egress = (...list: object[]) => shop({ network: { egress: list } });
const ingress = (...list: object[]) => shop({ network: { ingress: list } });
const oidc = { issuerUrl: "https://login.example.com", clientId: "kubernetes", groupsClaim: "groups" };
const roles = (...list: object[]) => all(set("oidc", oidc), set("roles", list));

const manifests = (...list: unknown[]) => set("manifests", list);
const inFile = (text: string): Partial<Wrong> => ({ files: filesOf({ "apps/web.yaml": text }) });
const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web" } };
const chart = (settings: object) => set("charts.web", { namespace: "default", ...settings });
const pod = (spec: object, metadata: object = { name: "agent" }) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata,
  spec: { containers: [{ name: "agent", image: "agent:1" }], ...spec },
});
const agent = (spec: object) => set("staticPods.agent", { pod: pod(spec) });

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n";

export const WRONG_TENANCY: readonly Wrong[] = [
  ...cases("tenant names", [
    [
      "Kubernetes' own",
      tenant("kube-system", {}),
      "tenants.kube-system",
      /begin with kube- are Kubernetes' own/,
    ],
    [
      "the default namespace",
      tenant("default", {}),
      "tenants.default",
      /is a namespace of the cluster itself/,
    ],
    [
      "an add-on's",
      tenant("metallb-system", {}),
      "tenants.metallb-system",
      /a namespace of the cluster itself/,
    ],
    ["no DNS label", tenant("Team_Shop", {}), "tenants.Team_Shop", /is not a valid name of a namespace/],
    [
      "pod security by a label",
      shop({ labels: { "pod-security.kubernetes.io/enforce": "privileged" } }),
      'tenants.shop.labels["pod-security.kubernetes.io/enforce"]',
      /instead: tenants\.shop\.podSecurity/,
    ],
  ]),
  ...cases("tenant quota", [
    [
      "limits below requests",
      shop({ quota: { memory: "8Gi", limits: { memory: "4Gi" } } }),
      "tenants.shop.quota.limits.memory",
      /4Gi.* is less than quota\.memory 8Gi/,
    ],
    [
      "less than one container asks for by default",
      shop({ quota: { cpu: "50m" } }),
      "tenants.shop.quota.cpu",
      /less than one container's request by default, 100m/,
    ],
    [
      "less than one container of its own limits",
      shop({ quota: { memory: "1Gi" }, limits: { defaultRequest: { memory: "2048Mi" } } }),
      "tenants.shop.quota.memory",
      /by default, 2048Mi/,
    ],
    [
      "a name that has a key",
      shop({ quota: { hard: { "requests.storage": "10Gi" } } }),
      'tenants.shop.quota.hard["requests.storage"]',
      /instead: tenants\.shop\.quota\.storage/,
    ],
    [
      "a name that is none",
      shop({ quota: { hard: { gpus: 2 } } }),
      "tenants.shop.quota.hard.gpus",
      /requests\.nvidia\.com\/gpu/,
    ],
    [
      "no quantity",
      shop({ quota: { memory: "8 GB" } }),
      "tenants.shop.quota.memory",
      /a Kubernetes quantity/,
    ],
    ["pods as text", shop({ quota: { pods: "many" } }), "tenants.shop.quota.pods", /"many" is text/],
  ]),
  ...cases("tenant limits", [
    [
      "default above max",
      shop({ limits: { default: { cpu: "2" }, max: { cpu: "1500m" } } }),
      "tenants.shop.limits.default.cpu",
      /is more than limits\.max\.cpu 1500m/,
    ],
    [
      "request above limit",
      shop({ limits: { defaultRequest: { memory: "1Gi" }, default: { memory: "512Mi" } } }),
      "tenants.shop.limits.defaultRequest.memory",
      /is more than limits\.default\.memory 512Mi/,
    ],
    [
      "min above max",
      shop({ limits: { min: { memory: "1Gi" }, max: { memory: "1000M" } } }),
      "tenants.shop.limits.min.memory",
      /is more than limits\.max\.memory 1000M/,
    ],
  ]),
  ...cases("tenant policies that nobody enforces", [
    [
      "flannel alone",
      set("tenants.shop", {}),
      "tenants.shop.network",
      /flannel does not enforce NetworkPolicy.*kube-network-policies/,
    ],
    [
      "flannel, said to be enforced",
      set("tenants.shop", { network: { enforced: true } }),
      "tenants.shop.network.enforced",
      /would have no effect/,
    ],
    [
      "said not to be where they are",
      shop({ network: { enforced: false } }),
      "tenants.shop.network.enforced",
      /is wrong: flannel enforces/,
    ],
  ]),
  ...cases("tenant openings", [
    [
      "an unknown tenant",
      egress({ tenant: "shopp" }),
      "tenants.shop.network.egress[0].tenant",
      /is not a tenant/,
    ],
    ["itself", egress({ tenant: "shop" }), "tenants.shop.network.egress[0].tenant", /is the tenant itself/],
    [
      "nobody",
      ingress({ ports: [80] }),
      "tenants.shop.network.ingress[0]",
      /does not say whom it is open to/,
    ],
    [
      "two ends in one",
      ingress({ namespace: "monitoring", cidr: "10.0.0.0/8" }),
      "tenants.shop.network.ingress[0].cidr",
      /cannot be combined with namespace/,
    ],
    [
      "an exception outside",
      egress({ cidr: "10.0.0.0/16", except: ["10.1.0.0/24"] }),
      "tenants.shop.network.egress[0].except[0]",
      /is not within cidr 10\.0\.0\.0\/16/,
    ],
    [
      "ports that end before they begin",
      egress({ internet: true, ports: [{ port: 443, endPort: 80 }] }),
      "tenants.shop.network.egress[0].ports[0].endPort",
      /is less than port 443/,
    ],
    [
      "a controller that is not there",
      ingress({ ingressController: true }),
      "tenants.shop.network.ingress[0].ingressController",
      /opens to an ingress controller/,
    ],
  ]),
  ...cases("what a tenant's switches take", [
    [
      "a word for the network",
      shop({ network: "open" }),
      "tenants.shop.network",
      /"open".*\{ enabled: false \}/,
    ],
    [
      "a range with host bits",
      ingress({ cidr: "10.0.0.1/8" }),
      "tenants.shop.network.ingress[0].cidr",
      /has host bits set.*10\.0\.0\.0\/8/,
    ],
    [
      "a port that there is not",
      ingress({ namespace: "web", ports: [70000] }),
      "tenants.shop.network.ingress[0].ports[0]",
      /at most 65535/,
    ],
    [
      "a mistyped key of a port",
      ingress({ namespace: "web", ports: [{ port: 80, protocl: "TCP" }] }),
      "tenants.shop.network.ingress[0].ports[0].protocl",
      /endPort, port, protocol protocol$/,
    ],
    [
      "a limit that is not a quantity",
      shop({ limits: { default: { cpu: "much" } } }),
      "tenants.shop.limits.default.cpu",
      /a Kubernetes quantity/,
    ],
  ]),
  ...cases("what admission refuses in tenants", [
    ["an unknown word", shop({ allow: ["externalNames"] }), "tenants.shop.allow[0]", /externalName/],
    [
      "external addresses that the API server refuses anyway",
      shop({ allow: ["sharedHosts", "externalIPs"] }),
      "tenants.shop.allow[1]",
      /disable-admission-plugins: DenyServiceExternalIPs/,
    ],
    ["a host in upper case", shop({ hosts: ["Shop.example.com"] }), "tenants.shop.hosts[0]", /lower case/],
    ["a host with a path", shop({ hosts: ["shop.example.com/a"] }), "tenants.shop.hosts[0]", /DNS name/],
    [
      "a wildcard within",
      shop({ hosts: ["a.*.example.com"] }),
      "tenants.shop.hosts[0]",
      /\*\.shop\.example\.com/,
    ],
    [
      "a host of two",
      all(shop({ hosts: ["a.example.com"] }), tenant("pay", { hosts: ["b.example.com", "a.example.com"] })),
      "tenants.pay.hosts[1]",
      /is also a host of tenant shop/,
    ],
    [
      "a class with a space",
      shop({ priorityClasses: ["a b"] }),
      "tenants.shop.priorityClasses[0]",
      /PriorityClass/,
    ],
  ]),
  ...cases("members and roles", [
    ["nobody", members({ role: "edit" }), "tenants.shop.members[0]", /names nobody/],
    [
      "two in one",
      all(set("oidc", oidc), members({ user: "a", group: "b", role: "edit" })),
      "tenants.shop.members[0].group",
      /cannot be combined with user/,
    ],
    [
      "an issuer's without oidc",
      members({ user: "ann", role: "view" }),
      "tenants.shop.members[0].user",
      /oidc is not set/,
    ],
    [
      "groups without a claim",
      all(
        set("oidc", { ...oidc, groupsClaim: undefined }),
        (raw) => {
          delete (raw["oidc"] as Record<string, unknown>)["groupsClaim"];
        },
        members({ group: "shop", role: "view" }),
      ),
      "tenants.shop.members[0].group",
      /oidc\.groupsClaim does not name/,
    ],
    [
      "Kubernetes' own group",
      members({ group: "system:masters", source: "certificate", role: "admin" }),
      "tenants.shop.members[0].group",
      /is a name that Kubernetes reserves/,
    ],
    [
      "twice",
      members({ serviceAccount: "ci/bot", role: "edit" }, { serviceAccount: "ci/bot", role: "view" }),
      "tenants.shop.members[1]",
      /ci\/bot.* is listed twice/,
    ],
    [
      "a role that does not exist",
      members({ serviceAccount: "ci/bot", role: "owner" }),
      "tenants.shop.members[0].role",
      /admin, edit, view/,
    ],
    ["a role for people without a role", roles({ user: "ann" }), "roles[0].role", /is missing/],
    [
      "two roles in one",
      roles({ user: "ann", role: "view", clusterRole: "cost" }),
      "roles[0].clusterRole",
      /combined with role/,
    ],
    [
      "a certificate that is always renewed",
      shop({ credentials: { validityHours: 24, renewBeforeHours: 24 } }),
      "tenants.shop.credentials.renewBeforeHours",
      /every up would create a new certificate/,
    ],
  ]),
  ...cases("manifests", [
    [
      "no such file",
      manifests("apps/wbe.yaml"),
      "manifests[0]",
      /apps\/wbe\.yaml.* is not a file or folder/,
      inFile(""),
    ],
    ["an absolute path", manifests("/etc/passwd"), "manifests[0]", /is not a valid relative path/],
    ["a path out of the project", manifests("../apps"), "manifests[0]", /leaves the project's folder/],
    [
      "no YAML",
      manifests("apps"),
      "manifests[0]",
      /apps\/web\.yaml:3.* is not valid YAML/,
      inFile("a: 1\nb: [1\n"),
    ],
    [
      "without a kind",
      manifests("apps/web.yaml"),
      "manifests[0]",
      /apps\/web\.yaml:3.* has no kind/,
      inFile("# first\n---\napiVersion: v1\nmetadata: {name: web}\n"),
    ],
    ["without a name", manifests({ ...config, metadata: {} }), "manifests[0]", /has no metadata\.name/],
    [
      "a name that the API server makes up",
      manifests({ ...config, metadata: { generateName: "web-" } }),
      "manifests[0]",
      /the API server would choose its name/,
    ],
    [
      "a definition without its spec",
      manifests({
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "widgets.example.com" },
      }),
      "manifests[0]",
      /contains CustomResourceDefinition widgets\.example\.com, which has no spec/,
    ],
    [
      "a binding to no role",
      manifests({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "ops" },
        roleRef: null,
      }),
      "manifests[0]",
      /contains ClusterRoleBinding ops, which has no roleRef/,
    ],
    [
      "an alias of nothing",
      manifests("apps/web.yaml"),
      "manifests[0]",
      /apps\/web\.yaml:1.* is not valid YAML/,
      inFile("apiVersion: v1\nkind: ConfigMap\nmetadata: *nobody\n"),
    ],
    [
      "an object twice",
      manifests(config, config),
      "manifests[1]",
      /contains ConfigMap web, which manifests\[0\] also contains/,
    ],
    [
      "a namespace that nobody makes",
      manifests({ ...config, metadata: { name: "web", namespace: "shpo" } }),
      "manifests[0]",
      /ConfigMap shpo\/web into a namespace that nothing creates/,
    ],
    [
      "a tenant's namespace",
      all(shop({}), manifests({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } })),
      "manifests[0]",
      /contains Namespace shop, which the library creates already/,
    ],
  ]),
  ...cases("charts", [
    ["from nowhere", chart({ chart: "web", version: "1.0.0" }), "charts.web", /has no source/],
    [
      "without a version",
      chart({ chart: "web", repository: "https://charts.example.com" }),
      "charts.web.version",
      /is missing/,
    ],
    [
      "a range of versions",
      chart({ oci: "oci://registry.example.com/web", version: "^1.2" }),
      "charts.web.version",
      /one version/,
    ],
    ["no namespace", set("charts.web", { folder: "charts/web" }), "charts.web.namespace", /is missing/],
    [
      "two sources",
      chart({ folder: "charts/web", oci: "oci://registry.example.com/web", version: "1.0.0" }),
      "charts.web.folder",
      /cannot be combined with oci/,
    ],
    [
      "a folder without a chart",
      chart({ folder: "charts/web" }),
      "charts.web.folder",
      /no Chart\.yaml/,
      inFile(""),
    ],
    [
      "a secret that is not there",
      chart({ folder: "charts/web", secretValues: { "auth.password": "webPassword" } }),
      'charts.web.secretValues["auth.password"]',
      /webPassword.* is not in kubeadm:secrets/,
      { secrets: { operator: KEY } },
    ],
  ]),
  ...cases("static pods", [
    [
      "no Pod",
      set("staticPods.agent", { pod: config }),
      "staticPods.agent.pod",
      /the kubelet runs Pods only/,
    ],
    [
      "a Secret",
      agent({ volumes: [{ name: "key", secret: { secretName: "key" } }] }),
      "staticPods.agent.pod",
      /spec\.volumes\[0\]\.secret.* mounts a secret, which/,
    ],
    [
      "a service account",
      agent({ serviceAccountName: "agent" }),
      "staticPods.agent.pod",
      /names a service account/,
    ],
    [
      "the API server's port",
      agent({ hostNetwork: true, containers: [{ name: "a", image: "a", ports: [{ containerPort: 6443 }] }] }),
      "staticPods.agent.pod",
      /port 6443.* is the port of the API server/,
    ],
    [
      "on a pool that is not there",
      set("staticPods.agent", { pod: pod({}), on: ["gpu"] }),
      "staticPods.agent.on[0]",
      /does not name where/,
    ],
    [
      "the name of kubeadm's",
      set("staticPods.agent", { pod: pod({}, { name: "etcd" }) }),
      "staticPods.agent.pod",
      /the name of one of kubeadm's pods/,
    ],
  ]),
];
