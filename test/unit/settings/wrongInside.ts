/** What parts of one cluster can get wrong of one another. */
import { REGION, smallAws } from "../../support/awsInput";
import { bareMetalInput } from "../../support/bareMetal";
import { filesOf } from "../../support/projectFiles";
import { all, set } from "./edit";
import { type CaseRow, type Wrong, casesOf } from "./wrong";

const cases = (name: string, rows: readonly CaseRow[]) => casesOf(name, rows, { base: bareMetalInput });

const metallb = set("metallb", { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } } });
const router = { name: "rack1", address: "10.40.0.1", peerASN: 64512, myASN: 64601 };
const bgp = set("metallb", { pools: { wan: { addresses: ["10.60.0.0/24"] } }, bgp: { peers: [router] } });
const calico = set("cni", { kind: "calico", backend: "vxlan", podCidr: "10.244.0.0/16" });
const weave = set("cni", { kind: "weave", podCidr: "10.244.0.0/16" });
const hostPorts = (over: object = {}) =>
  set("ingress", { kind: "traefik", expose: { type: "hostPorts", ...over } });
const proxyOn = (port: number) => set("endpoint", { kind: "nodeLocal", port });
const podOn = (name: string, port: number, protocol = "TCP") =>
  set(`staticPods.${name}`, {
    pod: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        hostNetwork: true,
        containers: [{ name, image: "a:1", ports: [{ containerPort: port, protocol }] }],
      },
    },
  });

const PORTS: readonly CaseRow[] = [
  [
    "the API's proxy on MetalLB's",
    all(metallb, proxyOn(7946)),
    "endpoint.port",
    /the port of MetalLB's speakers on the nodes/,
  ],
  ["the API's proxy on Typha's", all(calico, proxyOn(5473)), "endpoint.port", /Calico's Typha/],
  [
    "NodePorts over MetalLB's metrics",
    all(metallb, set("network.nodePortRange", "9000-9200")),
    "network.nodePortRange",
    /9120, the TCP port of MetalLB's speakers/,
  ],
  [
    "VXLAN on MetalLB's",
    all(metallb, set("cni.port", 7946)),
    "cni.port",
    /UDP port of MetalLB's speakers.*8472/,
  ],
  [
    "ingress on Felix' health",
    all(calico, hostPorts({ http: 9099 })),
    "ingress.expose.http",
    /Calico's health/,
  ],
  [
    "ingress on Weave's metrics",
    all(weave, hostPorts({ http: 6782 })),
    "ingress.expose.http",
    /Weave's metrics/,
  ],
  [
    "ingress on the webhook of MetalLB's BGP",
    all(bgp, hostPorts({ https: 19443 })),
    "ingress.expose.https",
    /MetalLB's frr-k8s/,
  ],
  ["a static pod on ingress'", all(hostPorts(), podOn("web", 80)), "staticPods.web.pod", /port of ingress/],
  ["a static pod on the API's proxy's", podOn("web", 7443), "staticPods.web.pod", /port of the API's proxy/],
  ["a static pod among NodePorts", podOn("web", 30080), "staticPods.web.pod", /port of NodePorts/],
  ["a static pod on VXLAN's", podOn("web", 8472, "UDP"), "staticPods.web.pod", /port of VXLAN/],
];

const custom = (key: string, text: string) => set("coredns", { custom: { [key]: text } });
const zone = (name: string, text: string) => set("coredns", { custom: { zones: { [name]: text } } });

const COREFILE: readonly CaseRow[] = [
  [
    "a plugin that there is not",
    custom("plugins", "acl {\n  block type ANY\n}\nreweite name a b"),
    "coredns.custom.plugins",
    /"reweite" is not a CoreDNS plugin.*rewrite$/,
  ],
  [
    "a plugin that the block has",
    custom("plugins", "cache 60"),
    "coredns.custom.plugins",
    /"cache 60" is already in the cluster's server block.*coredns\.cache/,
  ],
  [
    "hosts beside hosts",
    set("coredns", {
      hosts: { "a.example.com": ["10.1.1.1"] },
      custom: { plugins: "hosts {\n  10.1.1.2 b.example.com\n}" },
    }),
    "coredns.custom.plugins",
    /coredns\.hosts/,
  ],
  [
    "another way out",
    custom("plugins", "forward . 9.9.9.9"),
    "coredns.custom.plugins",
    /instead: coredns\.upstreamServers/,
  ],
  [
    "one twice",
    zone("corp.example.com", "cache 30\nforward . 10.9.0.53\ncache 60"),
    'coredns.custom.zones["corp.example.com"]',
    /"cache" is set twice/,
  ],
  [
    "a zone that the cluster's domain lies in",
    zone("local", "forward . 10.9.0.53"),
    "coredns.custom.zones.local",
    /contains the cluster domain cluster\.local.*stubDomains/,
  ],
  [
    "a name rewritten to two",
    set("coredns", {
      rewrite: [
        { from: "a.example.com", to: "b.example.com" },
        { from: "a.example.com", to: "c.example.com" },
      ],
    }),
    "coredns.rewrite[1].from",
    /is already rewritten by rewrite\[0\]/,
  ],
];

const pools = (lan: object, more: object = {}) =>
  set("metallb", { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"], ...lan } }, ...more });
const withBgp = (more: object) =>
  set("metallb", { pools: { wan: { addresses: ["10.60.0.0/24"] } }, bgp: { peers: [router], ...more } });
const traefik = (over: object = {}) => set("ingress", { kind: "traefik", ...over });
const second = { ...router, name: "rack2", address: "10.40.0.2" };

const METALLB: readonly CaseRow[] = [
  [
    "addresses of a peer",
    pools({ addresses: ["192.168.5.0/28"] }),
    "metallb.pools.lan.addresses[0]",
    /overlaps peer office 192\.168\.0\.0\/16, a network outside the cluster/,
  ],
  [
    "a router of Calico's",
    all(
      pools({}),
      set("cni", {
        kind: "calico",
        backend: "bgp",
        podCidr: "10.244.0.0/16",
        peers: [{ name: "tor", address: "10.40.0.241", asNumber: 64601 }],
      }),
    ),
    "metallb.pools.lan.addresses[0]",
    /holds 10\.40\.0\.241, the address of cni\.peers' tor/,
  ],
  [
    "the address of a control-plane node on AWS",
    pools({ addresses: ["10.0.143.224/28"] }, { onAws: true }),
    "metallb.pools.lan.addresses[0]",
    /holds 10\.0\.143\.228, the address of control-plane node cp-1/,
    { base: smallAws, region: REGION },
  ],
  [
    "nodes by a label that none has",
    pools({}, { l2: { nodes: { disk: "floppy" } } }),
    "metallb.l2.nodes",
    /selects no node: no node would answer.*disk: ssd/,
  ],
  [
    "nodes by what is not a label",
    pools({}, { l2: { nodes: { "a b": "c" } } }),
    'metallb.l2.nodes["a b"]',
    /is not a valid label name/,
  ],
  [
    "a router that Calico speaks with",
    all(
      withBgp({}),
      set("cni", {
        kind: "calico",
        backend: "bgp",
        podCidr: "10.244.0.0/16",
        peers: [{ name: "tor", address: "10.40.0.1", asNumber: 64601 }],
      }),
    ),
    "metallb.bgp.peers[0].address",
    /the address of tor under cni\.peers: a router keeps one session/,
  ],
  [
    "a router twice",
    withBgp({ peers: [router, { ...router, name: "again" }] }),
    "metallb.bgp.peers[1].address",
    /is also the address of peer rack1/,
  ],
  [
    "two AS numbers of one node",
    withBgp({ peers: [router, { ...second, myASN: 64602 }] }),
    "metallb.bgp.peers[1].myASN",
    /differs from 64601 of peer rack1.*native/,
  ],
  [
    "a router of a rack without machines",
    withBgp({ peers: [{ ...router, nodes: { rack: "r9" } }] }),
    "metallb.bgp.peers[0].nodes",
    /no node would peer with it/,
  ],
  [
    "a machine's SSH address for a router",
    withBgp({ peers: [{ ...router, address: "192.0.2.21" }] }),
    "metallb.bgp.peers[0].address",
    /is the address of machine w1/,
  ],
  [
    "an aggregate wider than the pool",
    withBgp({ aggregationLength: 16 }),
    "metallb.bgp.aggregationLength",
    /wider than pool wan \(10\.60\.0\.0\/24\).*24 to 32/,
  ],
  [
    "a large community by the native speaker",
    withBgp({ backend: "native", communities: ["large:64512:1:2"] }),
    "metallb.bgp.communities[0]",
    /which backend native does not support/,
  ],
  [
    "a community of too many bits",
    withBgp({ communities: ["64512:99999"] }),
    "metallb.bgp.communities[0]",
    /is not a valid BGP community.*large:/,
  ],
];

const INGRESS: readonly CaseRow[] = [
  [
    "with every pool held back",
    all(pools({ autoAssign: false }), traefik()),
    "ingress.expose",
    /every pool has autoAssign: false.*pool: with the name/,
  ],
  [
    "with every pool for others",
    all(pools({ namespaces: ["shop"] }), traefik()),
    "ingress.expose",
    /for namespaces other than traefik/,
  ],
  [
    "at an address for others",
    all(
      pools({ namespaces: ["shop"] }),
      traefik({ expose: { type: "loadBalancer", address: "10.40.0.240" } }),
    ),
    "ingress.expose.address",
    /is of pool lan, which is for namespaces other/,
  ],
  [
    "on nodes that there are not",
    all(pools({}), traefik({ nodeSelector: { edge: "true" } })),
    "ingress.nodeSelector",
    /selects no node: its pods would not run anywhere/,
  ],
  [
    "on Windows",
    all(pools({}), traefik({ nodeSelector: { "kubernetes.io/os": "windows" } })),
    'ingress.nodeSelector["kubernetes.io/os"]',
    /no controller image/,
  ],
  [
    "with a key that no ConfigMap takes",
    all(pools({}), set("ingress", { kind: "ingress-nginx", config: { "use gzip": "true" } })),
    'ingress.config["use gzip"]',
    /is not a valid key of a ConfigMap/,
  ],
];

const manifest = (apiVersion: string, kind: string, name: string, more: object = {}) =>
  set("manifests", [{ apiVersion, kind, metadata: { name }, ...more }]);
const chart = (over: object = {}, name = "web") =>
  set(`charts.${name}`, {
    oci: "oci://registry.example.com/charts/web",
    version: "1.0.0",
    namespace: "default",
    ...over,
  });
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: { group: "example.com", names: { kind: "Widget", plural: "widgets" }, versions: [{ name: "v1" }] },
};

const OBJECTS: readonly CaseRow[] = [
  [
    "a kind in other letters",
    manifest("v1", "Configmap", "web"),
    "manifests[0]",
    /v1 Configmap, which Kubernetes does not have.*v1 ConfigMap/,
  ],
  [
    "a kind of another group",
    manifest("v1", "Deployment", "web", { spec: {} }),
    "manifests[0]",
    /apps\/v1 Deployment/,
  ],
  [
    "a version that is gone",
    manifest("policy/v1beta1", "PodDisruptionBudget", "web"),
    "manifests[0]",
    /a version that is not served.*policy\/v1/,
  ],
  [
    "a name that it cannot have",
    manifest("v1", "ConfigMap", "Web_1"),
    "manifests[0]",
    /has the name Web_1.*RFC 1123/,
  ],
  [
    "a label that YAML reads as a number",
    set("manifests", [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web", labels: { version: 1.5 } } },
    ]),
    "manifests[0]",
    /metadata\.labels\.version that is not text.*"1\.5", in quotes/,
  ],
  [
    "data that is not text",
    manifest("v1", "ConfigMap", "web", { data: { debug: true } }),
    "manifests[0]",
    /data\.debug that is not text/,
  ],
  [
    "one object with its namespace and without",
    set("manifests", [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web" } },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "web", namespace: "default" } },
    ]),
    "manifests[1]",
    /which manifests\[0\] also contains/,
  ],
  [
    "nothing",
    set("manifests", [{ apiVersion: "v1", kind: "List", items: [] }]),
    "manifests[0]",
    /holds no object/,
  ],
  [
    "a kind that nobody defines",
    manifest("monitoring.coreos.com/v1", "ServiceMonitor", "web"),
    "manifests[0]",
    /a kind that nothing defines.*CustomResourceDefinition/,
  ],
  [
    "a version that its definition does not have",
    set("manifests", [definition, { apiVersion: "example.com/v2", kind: "Widget", metadata: { name: "a" } }]),
    "manifests[1]",
    /of version v2, which its definition does not have.*example\.com\/v1/,
  ],
  [
    "a definition by another name",
    set("manifests", [{ ...definition, metadata: { name: "widget.example.com" } }]),
    "manifests[0]",
    /metadata\.name: widgets\.example\.com/,
  ],
  [
    "into the namespace of an add-on that is not there",
    set("manifests", [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "metallb-system" } },
    ]),
    "manifests[0]",
    /into a namespace that nothing creates/,
  ],
];

const KEPT: readonly CaseRow[] = [
  [
    "CoreDNS' ConfigMap",
    set("manifests", [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "coredns", namespace: "kube-system" } },
    ]),
    "manifests[0]",
    /which the cluster manages itself.*coredns/,
  ],
  ["a Node", manifest("v1", "Node", "w1"), "manifests[0]", /manages itself.*labels and taints/],
  [
    "the namespace of an add-on",
    all(metallb, manifest("v1", "Namespace", "metallb-system")),
    "manifests[0]",
    /which the library creates already/,
  ],
];

const CHARTS: readonly CaseRow[] = [
  [
    "into a namespace that nobody makes",
    chart({ namespace: "monitorng" }),
    "charts.web.namespace",
    /nothing creates.*createNamespace: true/,
  ],
  [
    "by the name of the library's own",
    all(metallb, chart({ namespace: "metallb-system" }, "metallb")),
    "charts.metallb",
    /the library's own release/,
  ],
  [
    "a secret at no path",
    chart({ secretValues: { "auth..password": "operator" } }),
    'charts.web.secretValues["auth..password"]',
    /is not a path in the values/,
  ],
  [
    "a secret below a value",
    chart({ values: { auth: "none" }, secretValues: { "auth.password": "operator" } }),
    'charts.web.secretValues["auth.password"]',
    /goes through auth, which is a value/,
  ],
  [
    "a role in a namespace that nobody makes",
    set("roles", [{ serviceAccount: "ci/bot", role: "view", namespaces: ["default", "nope"] }]),
    "roles[0].namespaces[1]",
    /nothing creates/,
  ],
];

const pod = (name: string, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "a", image: "a:1" }], ...spec },
});

const STATIC: readonly CaseRow[] = [
  [
    "two of one name",
    set("staticPods", { a: { pod: pod("agent") }, b: { pod: pod("agent") } }),
    "staticPods.b.pod",
    /is Pod agent, like staticPods\.a on the same hosts/,
  ],
  [
    "a container without an image",
    set("staticPods.a", { pod: pod("agent", { containers: [{ name: "a" }] }) }),
    "staticPods.a.pod",
    /spec\.containers\[0\]\.image.* is missing/,
  ],
  [
    "secrets to pull by",
    set("staticPods.a", { pod: pod("agent", { imagePullSecrets: [{ name: "x" }] }) }),
    "staticPods.a.pod",
    /spec\.imagePullSecrets/,
  ],
  [
    "a pool twice",
    set("staticPods.a", { pod: pod("agent"), on: ["general", "general"] }),
    "staticPods.a.on[1]",
    /is listed twice/,
  ],
];

const oidc = (over: object) =>
  set("oidc", { issuerUrl: "https://login.example.com", clientId: "kubernetes", ...over });
const shop = (over: object) =>
  all(set("cni.networkPolicy", "kube-network-policies"), set("tenants", { shop: over, pay: {} }));

const TRUST: readonly CaseRow[] = [
  [
    "groups of the issuer as Kubernetes' own",
    oidc({ groupsClaim: "groups", groupsPrefix: "system:" }),
    "oidc.groupsPrefix",
    /as system:masters.*"oidc:"/,
  ],
  [
    "groups of the issuer as the administrators'",
    oidc({ groupsClaim: "groups", groupsPrefix: "kubeadm:" }),
    "oidc.groupsPrefix",
    /as kubeadm:cluster-admins/,
  ],
  [
    "a prefix of groups without groups",
    oidc({ groupsPrefix: "oidc:" }),
    "oidc.groupsPrefix",
    /without oidc\.groupsClaim/,
  ],
  [
    "all pods by their range",
    shop({ network: { egress: [{ cidr: "10.244.0.0/16" }] } }),
    "tenants.shop.network.egress[0].cidr",
    /within the pod range.*tenant or namespace/,
  ],
  [
    "Services by their range",
    shop({ network: { egress: [{ cidr: "10.96.7.0/24" }] } }),
    "tenants.shop.network.egress[0].cidr",
    /within the service range/,
  ],
];

const TWICE: readonly CaseRow[] = [
  [
    "more asked for than may be used",
    set("coredns", { resources: { requests: { memory: "1Gi" }, limits: { memory: "170Mi" } } }),
    "coredns.resources.requests.memory",
    /is more than limits\.memory 170Mi.*at most 170Mi/,
  ],
  [
    "a forwarder twice",
    set("coredns", { upstreamServers: ["9.9.9.9", "9.9.9.9"] }),
    "coredns.upstreamServers[1]",
    /listed twice/,
  ],
  [
    "a community twice",
    withBgp({ communities: ["64512:1", "64512:1"] }),
    "metallb.bgp.communities[1]",
    /listed twice/,
  ],
];

const project: Partial<Wrong> = { files: filesOf({ "charts/metallb/Chart.yaml": "name: metallb" }) };
const FILES: readonly CaseRow[] = [
  [
    "a chart's folder",
    set("helm.sources.traefik", "./charts/traefik"),
    "helm.sources.traefik",
    /has no Chart\.yaml/,
    project,
  ],
  [
    "a chart's archive",
    set("helm.sources.traefik", "./traefik.tgz"),
    "helm.sources.traefik",
    /the file does not exist/,
    project,
  ],
  [
    "the definitions of Gateway API",
    set("gatewayApi", { source: "./gateway.yaml" }),
    "gatewayApi.source",
    /is not a file of the project/,
    project,
  ],
];

export const WRONG_INSIDE: readonly Wrong[] = [
  ...cases("files of parts that are not there", FILES),
  ...cases("names and ranges that are trusted too far", TRUST),
  ...cases("amounts and lists of parts", TWICE),
  ...cases("objects that the API would not take", OBJECTS),
  ...cases("objects that the cluster has already", KEPT),
  ...cases("charts and roles among their neighbours", CHARTS),
  ...cases("static pods that a kubelet would not run", STATIC),
  ...cases("MetalLB among its neighbours", METALLB),
  ...cases("where ingress runs and is found", INGRESS),
  ...cases("plugins in the Corefile", COREFILE),
  ...cases("parts that want one port of a host", PORTS),
];
