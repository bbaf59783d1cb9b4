import { REGION, smallAws } from "../../support/awsInput";
import { bareMetalInput } from "../../support/bareMetal";
import { all, type Change, set } from "./edit";
import { type CaseRow, type Wrong, casesOf } from "./wrong";

const cases = (name: string, rows: readonly CaseRow[]) =>
  casesOf(`add-ons: ${name}`, rows, { base: bareMetalInput });

const SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n";
const onAws: Partial<Wrong> = { base: smallAws, region: REGION };
const dns = (key: string, value: unknown) => set(`coredns.${key}`, value);
const addresses = (...list: string[]) => set("metallb.pools.default.addresses", list);
const pool = addresses("10.40.0.240-10.40.0.250");
const peer = (over: object = {}) => ({
  name: "rack1",
  address: "10.40.0.1",
  peerASN: 64512,
  myASN: 64513,
  ...over,
});
const peers = (...list: object[]) => all(pool, set("metallb.bgp.peers", list));
const traefik = (over: object = {}) => set("ingress", { kind: "traefik", ...over });
const nginx = (over: object = {}) => set("ingress", { kind: "ingress-nginx", ...over });
const hostPorts = (over: object = {}) => ({ expose: { type: "hostPorts", ...over } });
const nodePorts = (http: number, https: number) => ({ expose: { type: "nodePorts", http, https } });
const balancer = (over: object) => ({ expose: { type: "loadBalancer", ...over } });
const zone = { zoneId: "Z0123456789ABCDEF", names: ["www.example.com"] };
const allArm: Change = (settings) => {
  for (const machine of Object.values(settings.machines as Record<string, { architecture?: string }>)) {
    machine.architecture = "arm64";
  }
};

export const WRONG_ADDONS: readonly Wrong[] = [
  ...cases("text in the Corefile", [
    [
      "a closed block",
      dns("custom.plugins", "}\nexample.com {"),
      "coredns.custom.plugins",
      /would end its server block/,
    ],
    [
      "an open block",
      dns("custom.plugins", "template IN A {"),
      "coredns.custom.plugins",
      /leaves a brace open/,
    ],
    [
      "an open quote",
      dns("custom.plugins", 'log . "{remote}'),
      "coredns.custom.plugins",
      /has a quote that is not closed/,
    ],
    [
      "a brace at the end of a word",
      dns("custom.plugins", "log}"),
      "coredns.custom.plugins",
      /has a brace within/,
    ],
    [
      "an import",
      dns("custom.plugins", "import /etc/passwd"),
      "coredns.custom.plugins",
      /import, which reaches outside/,
    ],
    ["nothing", dns("custom.plugins", "\n"), "coredns.custom.plugins", /is empty/],
  ]),
  ...cases("names of cluster DNS", [
    [
      "a zone of the cluster's own",
      set("coredns", { custom: { zones: { "svc.cluster.local": "whoami" } } }),
      'coredns.custom.zones["svc.cluster.local"]',
      /take over names of the cluster domain/,
    ],
    [
      "a zone with two blocks",
      set("coredns", {
        stubDomains: { "corp.example.com": ["192.168.0.53"] },
        custom: { zones: { "corp.example.com": "whoami" } },
      }),
      'coredns.custom.zones["corp.example.com"]',
      /is already a stub domain/,
    ],
    [
      "a host that hides a Service",
      set("coredns", { hosts: { "kubernetes.default.svc.cluster.local": ["10.40.0.9"] } }),
      'coredns.hosts["kubernetes.default.svc.cluster.local"]',
      /would hide a name of the cluster domain/,
    ],
    [
      "a host that is not a valid name",
      set("coredns", { hosts: { Db_1: ["10.40.0.9"] } }),
      "coredns.hosts.Db_1",
      /is not a valid DNS name/,
    ],
    [
      "a name rewritten to itself",
      dns("rewrite", [{ from: "old.example.com", to: "old.example.com" }]),
      "coredns.rewrite[0].to",
      /is what it is rewritten from/,
    ],
  ]),
  ...cases("cluster DNS and its nodes", [
    [
      "TLS without forwarders",
      dns("tlsServerName", "dns.example.com"),
      "coredns.tlsServerName",
      /upstreamServers as well/,
    ],
    [
      "more replicas than nodes",
      set("coredns", { replicas: 6, antiAffinity: "required" }),
      "coredns.antiAffinity",
      /needs 6 nodes for 6 replicas, but there are 5/,
    ],
    [
      "a prefetch of nothing",
      dns("cache", { prefetch: { amount: 0 } }),
      "coredns.cache.prefetch.amount",
      /1/,
    ],
  ]),
  ...cases("MetalLB's pools", [
    ["none", set("metallb", { pools: {} }), "metallb.pools", /has no pool/],
    [
      "over a node",
      addresses("10.40.0.20-10.40.0.21"),
      "metallb.pools.default.addresses[0]",
      /holds 10\.40\.0\.21, the address of machine w1/,
    ],
    ["over pods", addresses("10.244.7.0/24"), "metallb.pools.default.addresses[0]", /overlaps the pod range/],
    [
      "over services",
      addresses("10.96.255.250-10.97.0.5"),
      "metallb.pools.default.addresses[0]",
      /overlaps the service range/,
    ],
    [
      "over one another",
      all(pool, set("metallb.pools.second.addresses", ["10.40.0.248/29"])),
      "metallb.pools.second.addresses[0]",
      /overlaps 10\.40\.0\.240-10\.40\.0\.250 of pool default/,
    ],
    [
      "backwards",
      addresses("10.40.0.250-10.40.0.240"),
      "metallb.pools.default.addresses[0]",
      /ends before it begins/,
    ],
    ["multicast", addresses("224.0.0.10-224.0.0.20"), "metallb.pools.default.addresses[0]", /multicast/],
    [
      "with the API's own address",
      all(set("access.host", "10.40.0.245"), pool),
      "metallb.pools.default.addresses[0]",
      /holds 10\.40\.0\.245, the API's address for people/,
    ],
  ]),
  ...cases("MetalLB's advertisements", [
    [
      "of an unknown pool",
      all(pool, set("metallb.l2.pools", ["default", "lan"])),
      "metallb.l2.pools[1]",
      /is not a pool.*default/,
    ],
    [
      "of the only pool under a mistyped name",
      all(pool, set("metallb.l2.pools", ["defualt"])),
      "metallb.l2.pools[0]",
      /is not a pool.*default$/,
    ],
    [
      "of one pool, with another beside it",
      all(pool, set("metallb.pools.spare.addresses", ["10.40.1.0/28"]), set("metallb.l2.pools", ["default"])),
      "metallb.pools.spare",
      /is not advertised/,
    ],
    [
      "on AWS without a yes",
      set("metallb", { pools: { default: { addresses: ["10.9.0.0/28"] } } }),
      "metallb.onAws",
      /does not use ARP/,
      onAws,
    ],
    [
      "a yes for AWS on machines",
      all(pool, set("metallb.onAws", true)),
      "metallb.onAws",
      /applies to platform aws only/,
    ],
  ]),
  ...cases("BGP peers", [
    ["twice", peers(peer(), peer({ address: "10.40.0.2" })), "metallb.bgp.peers[1].name", /is listed twice/],
    [
      "a node",
      peers(peer({ address: "10.40.0.11" })),
      "metallb.bgp.peers[0].address",
      /is the address of machine cp1/,
    ],
    [
      "a pod",
      peers(peer({ address: "10.244.0.9" })),
      "metallb.bgp.peers[0].address",
      /lies within the pod range/,
    ],
    [
      "a Service",
      peers(peer({ address: "10.40.0.241" })),
      "metallb.bgp.peers[0].address",
      /within pool default/,
    ],
    [
      "hops within one AS",
      peers(peer({ myASN: 64512, multiHop: true })),
      "metallb.bgp.peers[0].multiHop",
      /two AS numbers/,
    ],
    ["AS 0", peers(peer({ peerASN: 0 })), "metallb.bgp.peers[0].peerASN", /1/],
    [
      "a password in place of its name",
      peers(peer({ password: "c2VjcmV0LXNlc3Npb24tcGFzc3dvcmQtMQ==" })),
      "metallb.bgp.peers[0].password",
      /looks like the secret itself/,
    ],
    [
      "a password that is not there",
      peers(peer({ password: "rack" })),
      "metallb.bgp.peers[0].password",
      /is not in kubeadm:secrets.*config set --secret.*kubeadm:secrets\.rack/,
      { secrets: { operator: SSH_KEY } },
    ],
  ]),
  ...cases("how traffic arrives", [
    ["by nothing", traefik(), "ingress.expose", /nothing assigns it an address.*metallb/],
    [
      "at an address of no pool",
      all(pool, traefik(balancer({ address: "10.40.0.99" }))),
      "ingress.expose.address",
      /is not in any pool/,
    ],
    [
      "from an unknown pool",
      all(pool, traefik(balancer({ pool: "lan" }))),
      "ingress.expose.pool",
      /is not a pool of MetalLB.*default/,
    ],
    [
      "inside a VPC, on machines",
      all(pool, traefik(balancer({ internal: true }))),
      "ingress.expose.internal",
      /applies to AWS load balancers only/,
    ],
    [
      "from whom, on AWS",
      traefik(balancer({})),
      "ingress.expose.sourceRanges",
      /is open to the ranges listed here/,
      onAws,
    ],
    [
      "at MetalLB's address, on AWS",
      traefik(balancer({ sourceRanges: ["0.0.0.0/0"], pool: "lan" })),
      "ingress.expose.pool",
      /belongs to MetalLB/,
      onAws,
    ],
  ]),
  ...cases("ports of ingress", [
    [
      "below NodePorts",
      nginx(nodePorts(80, 30443)),
      "ingress.expose.http",
      /outside network\.nodePortRange.*30000 to 32767/,
    ],
    ["one for both", nginx(nodePorts(30443, 30443)), "ingress.expose.https", /is also the port for HTTP/],
    [
      "the kubelet's",
      nginx(hostPorts({ https: 10250 })),
      "ingress.expose.https",
      /is the port of the kubelet/,
    ],
    [
      "the API proxy's",
      nginx(hostPorts({ https: 7443 })),
      "ingress.expose.https",
      /is the port of the API's proxy/,
    ],
    [
      "among NodePorts",
      traefik(hostPorts({ http: 30080 })),
      "ingress.expose.http",
      /is the port of NodePorts/,
    ],
    ["MetalLB's", all(pool, traefik(hostPorts({ http: 7946 }))), "ingress.expose.http", /MetalLB's speakers/],
    [
      "of every node, with a number of replicas",
      nginx({ replicas: 3, ...hostPorts() }),
      "ingress.replicas",
      /every node runs one pod/,
    ],
  ]),
  ...cases("what ingress serves", [
    ["an unknown kind", set("ingress", { kind: "haproxy" }), "ingress.kind", /ingress-nginx.*traefik/],
    [
      "nginx' class twice",
      traefik({ className: "nginx", nginxClass: true, ...hostPorts() }),
      "ingress.className",
      /would apply twice/,
    ],
    ["Route 53 on machines", traefik({ dns: zone, ...hostPorts() }), "ingress.dns", /Route 53 records/],
    [
      "records to no balancer",
      traefik({ dns: zone, ...hostPorts() }),
      "ingress.dns",
      /traffic arrives through hostPorts/,
      onAws,
    ],
    [
      "a backend for amd64 on arm64",
      all(allArm, nginx({ defaultBackend: { enabled: true }, ...hostPorts() })),
      "ingress.defaultBackend",
      /every node is arm64/,
    ],
    [
      "Traefik's key for nginx",
      nginx({ nginxClass: true, ...hostPorts() }),
      "ingress.nginxClass",
      /no (key|setting)|unknown|not/,
    ],
    [
      "an image without a registry",
      nginx({ image: "controller:v1", ...hostPorts() }),
      "ingress.image",
      /with its registry/,
    ],
  ]),
  ...cases("where charts come from", [
    [
      "a bare word",
      set("helm.sources.metallb", "metallb"),
      "helm.sources.metallb",
      /is not a source of a chart/,
    ],
    [
      "a version of a folder",
      set("helm", { sources: { metallb: "./charts/metallb" }, versions: { metallb: "0.16.1" } }),
      "helm.versions.metallb",
      /a folder contains one version/,
    ],
    [
      "a registry without the chart",
      set("helm.sources.traefik", "oci://registry.example.com/charts"),
      "helm.sources.traefik",
      /ending in \/traefik/,
    ],
    [
      "a repository's index",
      set("helm.sources.traefik", "https://charts.example.com/index.yaml"),
      "helm.sources.traefik",
      /address above/,
    ],
    ["an unknown chart", set("helm.sources.metalb", "./metallb"), "helm.sources.metalb", /metallb/],
  ]),
];
