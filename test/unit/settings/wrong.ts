import type { ProjectFiles } from "../../../model/extras/files";
import type { RawSettings } from "../../support/settings";
import { type Change, HASH, all, checksums, hostKey, machine, moveNodes, set } from "./edit";

/** One way of getting the settings wrong, and the one problem it must give. */
export interface Wrong {
  readonly class: string;
  readonly name: string;
  readonly change: Change;
  /** Path of the problem. */
  readonly path: string;
  /** In the problem's value, message, what is allowed or what is nearest. */
  readonly text: RegExp;
  /** `kubeadm:secrets`, where the case needs them known. */
  readonly secrets?: Readonly<Record<string, unknown>>;
  /** The project's files, where the case needs them read. */
  readonly files?: ProjectFiles;
  /** What is changed; default: the settings of environment metal. */
  readonly base?: () => RawSettings;
  /** The stack's `aws:region`. */
  readonly region?: string;
}

export type Row = readonly [
  name: string,
  change: Change,
  path: string,
  text: RegExp,
  secrets?: Wrong["secrets"],
];

export function cases(name: string, rows: readonly Row[]): Wrong[] {
  return casesOf(
    name,
    rows.map(([title, change, path, text, secrets]) => [
      title,
      change,
      path,
      text,
      secrets === undefined ? {} : { secrets },
    ]),
  );
}

export type CaseRow = readonly [
  name: string,
  change: Change,
  path: string,
  text: RegExp,
  more?: Partial<Wrong>,
];

/** One class of cases; `common` is what all of them have, unless a row says otherwise. */
export function casesOf(name: string, rows: readonly CaseRow[], common: Partial<Wrong> = {}): Wrong[] {
  return rows.map(([title, change, path, text, more]) => ({
    class: name,
    name: title,
    change,
    path,
    text,
    ...common,
    ...more,
  }));
}

const pods = (value: unknown) => set("cni.podCidr", value);
const services = (value: unknown) => set("network.serviceCidr", value);
const peers = (...cidrs: string[]) =>
  set(
    "network.peers",
    cidrs.map((cidr, index) => ({ name: `peer${index}`, cidr })),
  );
const rule = { from: ["192.0.2.0/24"], protocol: "tcp", port: 9100, reason: "node_exporter" };
const allow = (change: Record<string, unknown>) => {
  const changed = Object.fromEntries(
    Object.entries({ ...rule, ...change }).filter(([, value]) => value !== undefined),
  );
  return set("firewall", { kind: "nftables", allow: [changed] });
};
const small = set("network.maxNodes", 8);
export const PEM = [
  "-----BEGIN OPENSSH PRIVATE KEY-----",
  "b3BlbnNzaA==",
  "-----END OPENSSH PRIVATE KEY-----",
  "",
].join("\n");
/** A CA that signs itself, good for a hundred years; its key is thrown away. */
export const CERTIFICATE = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBgDCCASegAwIBAgIUFQJwPGHJzaZKBaLWOMyq4cPpgzgwCgYIKoZIzj0EAwIw",
  "FTETMBEGA1UEAwwKZXhhbXBsZSBDQTAgFw0yNjExMjkxMjUzMjlaGA8yMTI2MTEw",
  "NTEyNTMyOVowFTETMBEGA1UEAwwKZXhhbXBsZSBDQTBZMBMGByqGSM49AgEGCCqG",
  "SM49AwEHA0IABCkLPZJl3smfM+2gaN5mxl9ijh0qGOY1nu7++1Dc6sIJWl9jbwEF",
  "toPOeBiH8Bwe53PIEdyR0dvCsILF0TxEBKijUzBRMB0GA1UdDgQWBBR7ED3LO50K",
  "52ZuaSeGDjVPD0BbXjAfBgNVHSMEGDAWgBR7ED3LO50K52ZuaSeGDjVPD0BbXjAP",
  "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICpfC+XxRERF+LElA2Y4",
  "L/LP4S7VMpgQrl3un4yYzNukAiAd1aRXjT1Ctt1TNQXGKsCKIXw2o0q0SpC597uN",
  "4RbP5Q==",
  "-----END CERTIFICATE-----",
  "",
].join("\n");

export const WRONG: readonly Wrong[] = [
  ...cases("pods and services overlap", [
    ["equal", pods("10.96.0.0/16"), "network.serviceCidr", /is the same as the pod range 10\.96\.0\.0\/16/],
    [
      "services within Weave's usual pods",
      all(
        pods("10.32.0.0/12"),
        services("10.32.0.0/24"),
        set("network.nodeCidrMaskSize", 24),
        peers(),
        moveNodes("10.80.0"),
      ),
      "network.serviceCidr",
      /10\.32\.0\.0\/24.* lies within the pod range 10\.32\.0\.0\/12/,
    ],
    [
      "services contain pods",
      services("10.240.0.0/12"),
      "network.serviceCidr",
      /contains the pod range 10\.244\.0\.0\/16/,
    ],
    [
      "services at the end of pods",
      services("10.244.255.0/24"),
      "network.serviceCidr",
      /lies within the pod range/,
    ],
    [
      "pods on the default services",
      all(services(undefined), pods("10.96.0.0/14")),
      "cni.podCidr",
      /contains the service range 10\.96\.0\.0\/16/,
    ],
  ]),
  ...cases("peers overlap pods", [
    ["peer within pods", peers("10.244.7.0/24"), "cni.podCidr", /contains peer peer0 10\.244\.7\.0\/24/],
    ["peer contains pods", peers("10.240.0.0/12"), "cni.podCidr", /lies within peer peer0/],
    [
      "peer equals pods",
      peers("192.168.0.0/16", "10.244.0.0/16"),
      "cni.podCidr",
      /is the same as peer peer1/,
    ],
    [
      "last address of pods",
      peers("10.244.255.255/32"),
      "cni.podCidr",
      /contains peer peer0 10\.244\.255\.255\/32/,
    ],
  ]),
  ...cases("peers overlap services", [
    ["peer within services", peers("10.96.128.0/17"), "network.serviceCidr", /contains peer peer0/],
    ["peer contains services", peers("10.96.0.0/11"), "network.serviceCidr", /lies within peer peer0/],
    ["peer equals services", peers("10.96.0.0/16"), "network.serviceCidr", /is the same as peer peer0/],
  ]),
  ...cases("peers overlap one another", [
    [
      "one within another",
      peers("172.20.0.0/16", "172.20.5.0/24"),
      "network.peers[1].cidr",
      /lies within peer peer0 172\.20\.0\.0\/16/,
    ],
    [
      "one around another",
      peers("172.20.5.0/24", "172.20.0.0/16"),
      "network.peers[1].cidr",
      /contains peer peer0/,
    ],
    [
      "the same twice",
      peers("192.168.0.0/16", "172.20.0.0/16", "192.168.0.0/16"),
      "network.peers[2].cidr",
      /is the same as peer peer0/,
    ],
  ]),
  ...cases("hosts within pods, services or peers", [
    [
      "node in pods",
      set("machines.w1.nodeAddress", "10.244.3.9"),
      "machines.w1.nodeAddress",
      /within the pod range/,
    ],
    [
      "node in services",
      set("machines.cp1.nodeAddress", "10.96.0.50"),
      "machines.cp1.nodeAddress",
      /service range/,
    ],
    [
      "node in a peer",
      set("machines.w2.nodeAddress", "192.168.4.4"),
      "machines.w2.nodeAddress",
      /within peer office/,
    ],
    [
      "SSH address in pods",
      set("machines.w1.host", "10.244.0.1"),
      "machines.w1.host",
      /SSH address.*pod range/,
    ],
    [
      "SSH address taken as node address",
      all(set("machines.w1.host", "10.244.0.1"), set("machines.w1.nodeAddress", undefined)),
      "machines.w1.host",
      /the node's address and lies within the pod range/,
    ],
    [
      "pods moved over a node",
      pods("10.40.0.0/16"),
      "machines.cp1.nodeAddress",
      /pod range 10\.40\.0\.0\/16/,
    ],
  ]).map(keepOneNode),
  ...cases("other addresses within pods or services", [
    [
      "bastion in pods",
      set("bastion", { host: "10.244.9.9", user: "ubuntu", hostKey: hostKey(), key: "operator" }),
      "bastion.host",
      /bastion's address.*pod range/,
    ],
    ["access in services", set("access.host", "10.96.0.1"), "access.host", /API's address.*service range/],
    [
      "endpoint in services",
      set("endpoint", { kind: "address", host: "10.96.0.1" }),
      "endpoint.host",
      /endpoint and lies within the service range/,
    ],
    [
      "endpoint on each node itself",
      set("endpoint", { kind: "address", host: "localhost" }),
      "endpoint.host",
      /each node itself.*nodeLocal/,
    ],
    [
      "endpoint by a Service's name",
      set("endpoint", { kind: "address", host: "api.infra.svc.cluster.local" }),
      "endpoint.host",
      /name of a Service.*hosts do not ask cluster DNS/,
    ],
    [
      "issuer by a Service's name",
      set("oidc", { issuerUrl: "https://keycloak.auth.svc/realms/shop", clientId: "kubernetes" }),
      "oidc.issuerUrl",
      /name of a Service/,
    ],
    [
      "mirror by a Service's name of another cluster domain",
      all(
        set("network.clusterDomain", "k8s.example"),
        set("images.mirrors", { "docker.io": ["https://registry.infra.svc.k8s.example"] }),
      ),
      'images.mirrors["docker.io"][0]',
      /name of a Service/,
    ],
    [
      "forwarder in pods",
      set("coredns.upstreamServers", ["10.244.0.53"]),
      "coredns.upstreamServers[0]",
      /a resolver.*pod range/,
    ],
    [
      "stub resolver is cluster DNS itself",
      set("coredns.stubDomains", { "a.example": ["10.96.0.10:53"] }),
      'coredns.stubDomains["a.example"][0]',
      /a resolver.*service range/,
    ],
    [
      "mirror in pods",
      set("downloads.mirror", "http://10.244.1.1:8080"),
      "downloads.mirror",
      /mirror.*pod range/,
    ],
    [
      "registry mirror in services",
      set("images.mirrors", { "registry.k8s.io": ["http://10.40.0.1:5000", "http://10.96.3.3:5000"] }),
      'images.mirrors["registry.k8s.io"][1]',
      /registry mirror.*service range/,
    ],
    ["proxy in pods", set("proxy.https", "http://10.244.1.2:3128"), "proxy.https", /proxy.*pod range/],
  ]),
  ...cases("host bits", [
    ["pods", pods("10.244.1.0/16"), "cni.podCidr", /has host bits set.*10\.244\.0\.0\/16/],
    ["services", services("10.96.0.1/16"), "network.serviceCidr", /has host bits set.*10\.96\.0\.0\/16/],
    ["peer", peers("192.168.1.1/24"), "network.peers[0].cidr", /has host bits set.*192\.168\.1\.0\/24/],
    [
      "access list",
      set("access.ssh", ["203.0.113.7/24"]),
      "access.ssh[0]",
      /has host bits set.*203\.0\.113\.0\/24/,
    ],
  ]),
  ...cases("no range and no address", [
    [
      "prefix with a zero in front",
      services("16.0.0.0/08"),
      "network.serviceCidr",
      /is not a valid IPv4 range/,
    ],
    [
      "access list with a zero in front",
      set("access.ssh", ["10.0.0.0/08"]),
      "access.ssh[0]",
      /is not a valid IPv4 range/,
    ],
    ["access as a URL", set("access.host", "https://api.example.com"), "access.host", /is a URL/],
    ["pods without prefix", pods("10.244.0.0"), "cni.podCidr", /without a prefix length/],
    ["pods in IPv6", pods("fd00:10:244::/56"), "cni.podCidr", /IPv6; this version builds IPv4 clusters/],
    ["services over 32", services("10.96.0.0/33"), "network.serviceCidr", /prefix length over 32/],
    ["an octet over 255", pods("10.256.0.0/16"), "cni.podCidr", /is not a valid IPv4 range/],
    ["three parts", services("10.96.0/16"), "network.serviceCidr", /is not a valid IPv4 range/],
    ["node address in IPv6", set("machines.w1.nodeAddress", "fd00::21"), "machines.w1.nodeAddress", /IPv6/],
    ["host with a port", set("machines.w1.host", "w1.example.com:22"), "machines.w1.host", /has a port/],
    ["host as a URL", set("machines.w1.host", "ssh//w1"), "machines.w1.host", /is not a valid host name/],
  ]),
  ...cases("special-purpose ranges", [
    ["pods link-local", pods("169.254.0.0/16"), "cni.podCidr", /link-local \(RFC 3927\)/],
    ["pods loopback", pods("127.0.0.0/16"), "cni.podCidr", /loopback/],
    ["services multicast", services("224.0.0.0/16"), "network.serviceCidr", /multicast/],
    ["pods class E", pods("250.0.0.0/16"), "cni.podCidr", /reserved, with broadcast/],
    ["services this network", services("0.0.0.0/16"), "network.serviceCidr", /'this network'/],
    ["pods everything", pods("0.0.0.0/0"), "cni.podCidr", /touches 0\.0\.0\.0\/8/],
    ["peer multicast", peers("239.0.0.0/8"), "network.peers[0].cidr", /multicast/],
    [
      "node link-local",
      set("machines.w1.nodeAddress", "169.254.10.10"),
      "machines.w1.nodeAddress",
      /link-local/,
    ],
    ["node loopback", set("machines.w1.nodeAddress", "127.0.0.1"), "machines.w1.nodeAddress", /loopback/],
    [
      "node loopback by its SSH address",
      all(set("machines.w1.host", "127.0.0.1"), set("machines.w1.nodeAddress", undefined)),
      "machines.w1.host",
      /loopback.*under nodeAddress/,
    ],
    [
      "node broadcast",
      set("machines.w1.nodeAddress", "255.255.255.255"),
      "machines.w1.nodeAddress",
      /broadcast/,
    ],
    [
      "endpoint loopback",
      set("endpoint", { kind: "address", host: "127.0.0.1" }),
      "endpoint.host",
      /loopback/,
    ],
  ]),
  ...cases("pod range against nodes", [
    [
      "too few slices",
      pods("10.244.0.0/20"),
      "cni.podCidr",
      /room for 16 nodes with a \/24 each, .*256.*\/16 or larger/,
    ],
    ["one node too many", set("network.maxNodes", 257), "cni.podCidr", /for 256 nodes.*257.*\/15 or larger/],
    ["slice larger than the range", set("network.nodeCidrMaskSize", 16), "cni.podCidr", /for 1 node with/],
    [
      "range smaller than a slice",
      all(pods("10.244.0.0/25"), small),
      "cni.podCidr",
      /each node's range \/24, larger than the whole pod range \/25/,
    ],
    [
      "mask shorter than the range",
      all(pods("10.244.0.0/20"), set("network.nodeCidrMaskSize", 18), small),
      "network.nodeCidrMaskSize",
      /larger than the whole pod range/,
    ],
    ["17 bits by the range", pods("64.0.0.0/7"), "cni.podCidr", /leaves 17 bits.*at most 16 bits/],
    [
      "17 bits by the mask",
      all(pods("12.0.0.0/8"), set("network.nodeCidrMaskSize", 25)),
      "network.nodeCidrMaskSize",
      /leaves 17 bits.*at most 16 bits/,
    ],
    ["no nodes", set("network.maxNodes", 0), "network.maxNodes", /too small.*at least 1/],
    [
      "more nodes than Kubernetes",
      set("network.maxNodes", 5001),
      "network.maxNodes",
      /too large.*at most 5000/,
    ],
    [
      "mask out of bounds",
      set("network.nodeCidrMaskSize", 31),
      "network.nodeCidrMaskSize",
      /too large.*at most 30/,
    ],
  ]),
  ...cases("pods per node against the slice", [
    [
      "110 pods in a /26",
      set("network.nodeCidrMaskSize", 26),
      "network.podsPerNode",
      /addresses for 61 pods.*25 or shorter/,
    ],
    ["254 pods in a /24", set("network.podsPerNode", 254), "network.podsPerNode", /addresses for 253 pods/],
    [
      "the default in a /28",
      all(set("network.podsPerNode", undefined), set("network.nodeCidrMaskSize", 28)),
      "network.nodeCidrMaskSize",
      /addresses for 13 pods, but podsPerNode is 110/,
    ],
    ["none", set("network.podsPerNode", 0), "network.podsPerNode", /too small/],
  ]),
  ...cases("service range", [
    ["larger than /12", services("32.0.0.0/11"), "network.serviceCidr", /too large: kube-apiserver.*\/12/],
    ["a whole /8", services("12.0.0.0/8"), "network.serviceCidr", /too large/],
    [
      "too small for DNS",
      services("10.96.0.0/29"),
      "network.serviceCidr",
      /8 addresses, but cluster DNS needs the tenth/,
    ],
    ["one address", services("10.96.0.1/32"), "network.serviceCidr", /too small/],
  ]),
  ...cases("number of control-plane nodes", [
    [
      "none",
      all(...["cp1", "cp2", "cp3"].map((m) => set(`machines.${m}.role`, "worker"))),
      "machines",
      /nothing would serve/,
    ],
    [
      "two",
      set("machines.cp3.role", "worker"),
      "machines",
      /2 is an even number.*needs 2 of 2.*the loss of 0, as 1 would/,
    ],
    [
      "four",
      set("machines.w1", controlPlaneNode("w1")),
      "machines",
      /4 is an even number.*needs 3 of 4.*the loss of 1/,
    ],
    [
      "nine",
      all(...[31, 32, 33, 34, 35, 36].map((n) => machine(`m${n}`, n, { role: "controlPlane" }))),
      "machines",
      /9 control-plane nodes are too many/,
    ],
    ["no machine at all", set("machines", {}), "machines", /nothing would serve/],
  ]),
  ...cases("names that are no DNS labels", [
    [
      "API's name among Services'",
      all(set("name", "cluster"), set("domain", "local")),
      "domain",
      /makes api\.cluster\.local, which lies in network\.clusterDomain/,
    ],
    [
      "interface with a quote",
      set("machines.w1.nodeInterface", "eth0'"),
      "machines.w1.nodeInterface",
      /name of an interface/,
    ],
    ["machine with a line break", brokenName, 'machines["w3\\nname: fine"]', /not a valid DNS label/],
    ["cluster with capitals", set("name", "Metal"), "name", /is not a valid DNS label/],
    ["cluster with underscore", set("name", "my_cluster"), "name", /is not a valid DNS label/],
    ["cluster of 64 letters", set("name", "a".repeat(64)), "name", /at most 63/],
    ["machine with a dot", dotted, 'machines["w3.rack1"]', /not a valid DNS label/],
    ["machine ending in a dash", machine("w3-", 23), "machines.w3-", /not a valid DNS label/],
    ["machine of 64 letters", machine("w".repeat(64), 23), `machines.${"w".repeat(64)}`, /at most 63/],
    ["pool with a slash", set("machines.w1.pool", "a/b"), "machines.w1.pool", /is not a valid DNS label/],
    [
      "peer with a space",
      set("network.peers", [{ name: "the office", cidr: "192.168.0.0/16" }]),
      "network.peers[0].name",
      /is not a valid DNS label/,
    ],
    ["domain with an empty label", set("domain", "example..internal"), "domain", /is not a valid DNS name/],
    [
      "domain too long",
      set("domain", `${"a".repeat(62)}.`.repeat(4).slice(0, -1)),
      "domain",
      /longer than 253/,
    ],
    ["domain of Services", set("domain", "prod.cluster.local"), "domain", /clusterDomain cluster\.local/],
    [
      "stub domain of Services",
      set("coredns.stubDomains", { "x.cluster.local": ["10.40.0.53"] }),
      'coredns.stubDomains["x.cluster.local"]',
      /which CoreDNS itself answers/,
    ],
  ]),
  ...cases("backends that do not fit", [
    [
      "kind of others",
      set("cni", { kind: "antrea", podCidr: "10.244.0.0/16" }),
      "cni.kind",
      /not allowed.*flannel, weave, calico/,
    ],
    ["kind unknown", set("cni", { kind: "flanel" }), "cni.kind", /not allowed.*flannel/],
    ["no kind", set("cni", { podCidr: "10.244.0.0/16" }), "cni.kind", /is missing/],
    ["another CNI's backend", set("cni.backend", "bgp"), "cni.backend", /of another CNI/],
    ["misspelt backend", set("cni.backend", "host-gateway"), "cni.backend", /not allowed.*vxlan, host-gw/],
    [
      "VNI without VXLAN",
      all(set("cni.backend", "host-gw"), set("cni.vni", 4096)),
      "cni.vni",
      /a setting of VXLAN/,
    ],
    [
      "port without VXLAN",
      all(set("cni.backend", "host-gw"), set("cni.port", 4789)),
      "cni.port",
      /a setting of VXLAN/,
    ],
  ]),
  ...cases("kube-proxy modes", [
    ["ipvs", set("kubeProxy.mode", "ipvs"), "kubeProxy.mode", /deprecated since Kubernetes 1\.35.*nftables/],
    [
      "ipvs in capitals",
      set("kubeProxy.mode", "IPVS"),
      "kubeProxy.mode",
      /deprecated since Kubernetes 1\.35/,
    ],
    ["userspace", set("kubeProxy.mode", "userspace"), "kubeProxy.mode", /not allowed.*nftables, iptables/],
    ["kernelspace", set("kubeProxy.mode", "kernelspace"), "kubeProxy.mode", /Windows/],
    ["nftable", set("kubeProxy.mode", "nftable"), "kubeProxy.mode", /nftables$/],
    [
      "through the configuration",
      set("kubeProxy.config", { mode: "ipvs" }),
      "kubeProxy.config.mode",
      /instead: kubeProxy\.mode/,
    ],
  ]),
  ...cases("MTU", [
    [
      "no room for VXLAN",
      all(set("network.mtu", 1500), set("cni.mtu", 1500)),
      "cni.mtu",
      /network\.mtu 1500 less 50.*1450/,
    ],
    ["one byte too many", all(set("network.mtu", 9001), set("cni.mtu", 8952)), "cni.mtu", /at most 8951/],
    [
      "host-gw over the network's",
      all(set("cni.backend", "host-gw"), set("network.mtu", 1500), set("cni.mtu", 1501)),
      "cni.mtu",
      /at most 1500/,
    ],
    ["larger than IPv4 has", set("network.mtu", 65536), "network.mtu", /too large/],
    ["smaller than any link", set("network.mtu", 576), "network.mtu", /too small.*1280/],
    ["no room under the largest", set("cni.mtu", 65535), "cni.mtu", /at most 65485/],
    ["text", set("cni.mtu", "1450"), "cni.mtu", /is text.*a number/],
  ]),
  ...cases("versions and skew", [
    ["zero in front", set("kubernetesVersion", "1.36.04"), "kubernetesVersion", /is not a valid version/],
    ["too old", set("kubernetesVersion", "1.33.5"), "kubernetesVersion", /does not support.*1\.36/],
    [
      "too new",
      set("kubernetesVersion", "1.38.0"),
      "kubernetesVersion",
      /does not support.*1\.37, 1\.36, 1\.35, 1\.34/,
    ],
    [
      "the newest minor without checksums",
      set("kubernetesVersion", "1.37.1"),
      "kubernetesVersion",
      /no checksum.*1\.36\.4.*downloads\.checksums\.kubeadm\.amd64/,
    ],
    ["with a v", set("kubernetesVersion", "v1.36.4"), "kubernetesVersion", /starts with a v.*1\.36\.4/],
    ["two numbers in YAML", set("kubernetesVersion", 1.36), "kubernetesVersion", /is a number/],
    ["minor only", set("kubernetesVersion", "1.36"), "kubernetesVersion", /is not a valid version/],
    [
      "patch without checksums",
      set("kubernetesVersion", "1.36.99"),
      "kubernetesVersion",
      /no checksum.*1\.36\.4.*downloads\.checksums\.kubeadm\.amd64/,
    ],
    [
      "checksums of one architecture only",
      all(set("kubernetesVersion", "1.36.99"), set("machines.w1.architecture", "arm64"), checksums("amd64")),
      "kubernetesVersion",
      /checksums\.kubelet\.arm64/,
    ],
    [
      "containerd 1.7",
      set("versions", { containerd: "1.7.30" }),
      "versions.containerd",
      /too old.*version 3 of containerd's configuration/,
    ],
    [
      "containerd without checksum",
      set("versions", { containerd: "2.9.9" }),
      "versions.containerd",
      /no checksum in this library.*checksums\.containerd\.amd64/,
    ],
    ["runc of long ago", set("versions", { runc: "1.1.15" }), "versions.runc", /too old/],
    [
      "crictl two minors off",
      all(set("kubernetesVersion", "1.34.4"), set("versions", { crictl: "1.36.0" })),
      "versions.crictl",
      /2 minor versions from Kubernetes 1\.34\.4/,
    ],
    ["etcd 3.4", set("versions", { etcd: "3.4.13-0" }), "versions.etcd", /too old: kubeadm/],
    [
      "unknown component",
      set("versions", { containrd: "2.3.4" }),
      "versions.containrd",
      /unknown key.*containerd$/,
    ],
  ]),
  ...cases("machines sharing an address", [
    [
      "SSH address that is another's node address",
      set("machines.w1.host", "10.40.0.22"),
      "machines.w1.host",
      /node address of machine w2/,
    ],
    [
      "host and port",
      machine("w3", 23, { host: "192.0.2.21" }),
      "machines.w3.host",
      /also those of machine w1/,
    ],
    [
      "host in other case",
      all(set("machines.w1.host", "w1.example.com"), set("machines.w2.host", "W1.example.com")),
      "machines.w2.host",
      /also those of machine w1/,
    ],
    [
      "node address",
      machine("w3", 23, { nodeAddress: "10.40.0.21" }),
      "machines.w3.nodeAddress",
      /also the node address of machine w1/,
    ],
    [
      "a control-plane node's node address",
      set("machines.w1.nodeAddress", "10.40.0.11"),
      "machines.w1.nodeAddress",
      /also the node address of machine cp1/,
    ],
    [
      "both through the host",
      machine("w3", 23, { host: "192.0.2.99", nodeAddress: undefined }),
      "machines.w4.host",
      /also those of machine w3/,
    ],
    [
      "no node address behind a name",
      all(set("machines.w1.host", "w1.example.com"), set("machines.w1.nodeAddress", undefined)),
      "machines.w1.nodeAddress",
      /is missing: w1\.example\.com is a name/,
    ],
  ]).map(addTwin),
  ...cases("more machines than maxNodes", [
    ["five over four", all(set("network.maxNodes", 4)), "network.maxNodes", /4 is less than the 5 nodes/],
    ["one", set("network.maxNodes", 1), "network.maxNodes", /less than the 5 nodes.*at least 5/],
    [
      "a pool grown over it",
      all(set("network.maxNodes", 6), machine("w3", 23), machine("w4", 24)),
      "network.maxNodes",
      /less than the 7 nodes/,
    ],
  ]),
  ...cases("reserved role labels", [
    [
      "control-plane",
      set("machines.w1.labels", { "node-role.kubernetes.io/control-plane": "" }),
      'machines.w1.labels["node-role.kubernetes.io/control-plane"]',
      /role label/,
    ],
    [
      "worker",
      set("machines.w1.labels", { "node-role.kubernetes.io/worker": "" }),
      'machines.w1.labels["node-role.kubernetes.io/worker"]',
      /role label/,
    ],
    [
      "hostname",
      set("machines.w1.labels", { "kubernetes.io/hostname": "w1" }),
      'machines.w1.labels["kubernetes.io/hostname"]',
      /reserved/,
    ],
    [
      "k8s.io",
      set("machines.w1.labels", { "x.k8s.io/y": "z" }),
      'machines.w1.labels["x.k8s.io/y"]',
      /reserved/,
    ],
    [
      "a pool called control-plane",
      set("machines.w1.pool", "control-plane"),
      "machines.w1.pool",
      /would label workers/,
    ],
    [
      "control-plane nodes' taint on a worker",
      set("machines.w1.taints", ["node-role.kubernetes.io/control-plane:NoSchedule"]),
      "machines.w1.taints[0]",
      /control-plane nodes on a worker/,
    ],
  ]),
  ...cases("labels and taints", [
    [
      "label key",
      set("machines.w1.labels", { "-disk": "ssd" }),
      "machines.w1.labels.-disk",
      /not a valid label name/,
    ],
    [
      "label prefix",
      set("machines.w1.labels", { "Acme_/disk": "ssd" }),
      'machines.w1.labels["Acme_/disk"]',
      /prefix/,
    ],
    [
      "label value",
      set("machines.w1.labels", { disk: "very fast" }),
      "machines.w1.labels.disk",
      /not a valid label value/,
    ],
    [
      "label as a number",
      set("machines.w1.labels", { rack: 7 }),
      "machines.w1.labels.rack",
      /is a number.*text/,
    ],
    [
      "taint without effect",
      set("machines.w1.taints", ["dedicated=gpu"]),
      "machines.w1.taints[0]",
      /is not a valid taint/,
    ],
    [
      "taint effect",
      set("machines.w1.taints", ["dedicated=gpu:Never"]),
      "machines.w1.taints[0]",
      /effect.*NoSchedule/,
    ],
    [
      "taint object's effect",
      set("machines.w1.taints", [{ key: "gpu", effect: "NoShedule" }]),
      "machines.w1.taints[0].effect",
      /NoSchedule$/,
    ],
    [
      "taint twice",
      set("machines.w1.taints", ["a=1:NoExecute", "a=2:NoExecute"]),
      "machines.w1.taints[1]",
      /of an earlier taint/,
    ],
    [
      "taint of controllers",
      set("machines.w1.taints", ["node.kubernetes.io/not-ready:NoExecute"]),
      "machines.w1.taints[0]",
      /managed by Kubernetes' controllers/,
    ],
    [
      "a pool of control-plane nodes",
      set("machines.cp1.pool", "general"),
      "machines.cp1.pool",
      /only workers belong to pools/,
    ],
  ]),
  ...cases("host keys", [
    ["missing", set("machines.cp1.hostKey", undefined), "machines.cp1.hostKey", /is missing.*ssh-keyscan/],
    [
      "missing at the bastion",
      set("bastion", { host: "203.0.113.1", user: "jump", key: "operator" }),
      "bastion.hostKey",
      /is missing/,
    ],
    ["empty", set("machines.cp1.hostKey", ""), "machines.cp1.hostKey", /does not start with a key type/],
    [
      "with the host's name",
      set("machines.cp1.hostKey", `cp1.example.com ${hostKey()}`),
      "machines.cp1.hostKey",
      /starts with a host name/,
    ],
    [
      "a fingerprint",
      set("machines.cp1.hostKey", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"),
      "machines.cp1.hostKey",
      /is a fingerprint/,
    ],
    ["cut off", set("machines.cp1.hostKey", hostKey().slice(0, -20)), "machines.cp1.hostKey", /truncated/],
    [
      "of another type inside",
      set("machines.cp1.hostKey", hostKey().replace("ssh-ed25519", "ssh-rsa")),
      "machines.cp1.hostKey",
      /another type/,
    ],
    ["DSA", set("machines.cp1.hostKey", "ssh-dss AAAAB3NzaC1kc3M="), "machines.cp1.hostKey", /key type/],
    [
      "a private key",
      set("machines.cp1.hostKey", PEM),
      "machines.cp1.hostKey",
      /^\[hidden\] is a private key/,
    ],
  ]),
  ...cases("secrets in the wrong object", [
    [
      "token as the user of a URL",
      set("images.mirrors", { "registry.k8s.io": ["https://hunter2@registry.example.com"] }),
      'images.mirrors["registry.k8s.io"][0]',
      /^\[hidden\] holds a user name/,
    ],
    [
      "password before a host",
      set("machines.w1.host", "ubuntu:hunter2@192.0.2.21"),
      "machines.w1.host",
      /^\[hidden\] has a user/,
    ],
    [
      "password with a slash",
      set("proxy.http", "http://user:hun/ter2@proxy:3128"),
      "proxy.http",
      /^\[hidden\] is not a valid URL/,
    ],
    [
      "password of a proxy without scheme",
      set("proxy.http", "user:hunter2@proxy:3128"),
      "proxy.http",
      /^\[hidden\] has an unsupported scheme|^\[hidden\] is not a valid URL/,
    ],
    [
      "password inside a drop-in",
      set("containerd.dropIn", 'version = 3\nx = "http://me:hunter2@example.com"\n'),
      "containerd.dropIn",
      /^\[hidden\] holds a password.*images\.registries/,
    ],
    [
      "encryption key under a key that does not exist",
      set("encryption.key", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="),
      "encryption.key",
      /^\[hidden\] unknown key.*keys$/,
    ],
    [
      "encryption keys with their values",
      set("encryption.keys", { mine: "hunter2" }),
      "encryption.keys",
      /^\[hidden\] is a mapping a list/,
    ],
    [
      "SSH key in place of its name",
      set("machines.w1.key", PEM),
      "machines.w1.key",
      /^\[hidden\] is a private key.*by name/,
    ],
    [
      "encrypted value",
      set("machines.w1.key", { secure: "v1:abc:def" }),
      "machines.w1.key",
      /^\[hidden\] is an encrypted value/,
    ],
    [
      "encryption key itself",
      set("encryption.keys", ["q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="]),
      "encryption.keys[0]",
      /^\[hidden\] looks like the secret itself/,
    ],
    [
      "password in the proxy",
      set("proxy.http", "http://user:hunter2@proxy.example.com:3128"),
      "proxy.http",
      /^\[hidden\] holds a password/,
    ],
    [
      "password in an argument",
      set("apiServer.extraArgs", { "service-account-jwks-uri": "https://me:hunter2@example.com" }),
      "apiServer.extraArgs.service-account-jwks-uri",
      /^\[hidden\] holds a password/,
    ],
    [
      "a key called password",
      set("machines.w1.password", "hunter2"),
      "machines.w1.password",
      /^\[hidden\] unknown key/,
    ],
    [
      "private key deep in a document",
      set("kubelet.config", { qosReserved: { memory: PEM } }),
      "kubelet.config.qosReserved.memory",
      /^\[hidden\] is a private key/,
    ],
    [
      "name that is not there",
      set("machines.w1.key", "operatr"),
      "machines.w1.key",
      /is not in kubeadm:secrets.*operator$/,
      { operator: PEM },
    ],
    [
      "public key as SSH key",
      set("name", "metal"),
      "kubeadm:secrets.operator",
      /^\[hidden\] is a public key/,
      { operator: hostKey() },
    ],
    [
      "SSH key with a passphrase",
      set("name", "metal"),
      "kubeadm:secrets.operator",
      /^\[hidden\].*passphrase/,
      { operator: PEM.replace("b3Blb", "Proc-Type: 4,ENCRYPTED\n\nb3Blb") },
    ],
    [
      "SSH key as a mapping",
      set("name", "metal"),
      "kubeadm:secrets.operator",
      /^\[hidden\] is not text/,
      { operator: { key: PEM } },
    ],
    [
      "encryption key of 16 bytes for secretbox",
      set("encryption.keys", ["etcd"]),
      "kubeadm:secrets.etcd",
      /^\[hidden\].*16 bytes.*32/,
      { operator: PEM, etcd: Buffer.alloc(16).toString("base64") },
    ],
    [
      "encryption key of 20 bytes for aescbc",
      set("encryption", { provider: "aescbc", keys: ["etcd"] }),
      "kubeadm:secrets.etcd",
      /20 bytes.*16, 24, 32/,
      { operator: PEM, etcd: Buffer.alloc(20).toString("base64") },
    ],
    [
      "OIDC CA that is none",
      all(set("oidc", { issuerUrl: "https://id.example.com", clientId: "k", ca: "oidc" })),
      "kubeadm:secrets.oidc",
      /not a certificate/,
      { operator: PEM, oidc: "x" },
    ],
  ]),
  ...cases("ports", [
    [
      "VXLAN's within node ports",
      set("network.nodePortRange", "8000-9000"),
      "network.nodePortRange",
      /holds 8472, the UDP port of VXLAN/,
    ],
    ["node port given to VXLAN", set("cni.port", 30001), "cni.port", /within network\.nodePortRange.*8472/],
    ["SSH's within node ports", set("network.nodePortRange", "20-30"), "network.nodePortRange", /22 \(SSH\)/],
    [
      "SSH's given to the proxy",
      set("endpoint", { kind: "nodeLocal", port: 22 }),
      "endpoint.port",
      /is the port of SSH/,
    ],
    [
      "NodePorts malformed",
      set("network.nodePortRange", "30000:32767"),
      "network.nodePortRange",
      /two ports separated by a dash/,
    ],
    [
      "NodePorts reversed",
      set("network.nodePortRange", "32767-30000"),
      "network.nodePortRange",
      /ends before it begins/,
    ],
    [
      "NodePorts beyond",
      set("network.nodePortRange", "60000-70000"),
      "network.nodePortRange",
      /exceeds 65535/,
    ],
    [
      "NodePorts over the API and its proxy",
      all(set("network.nodePortRange", "6000-7000")),
      "network.nodePortRange",
      /6443 \(the API server\)/,
    ],
    [
      "NodePorts over the kubelet",
      set("network.nodePortRange", "10000-10250"),
      "network.nodePortRange",
      /10250 \(the kubelet\)/,
    ],
    [
      "NodePorts over the local proxy",
      set("network.nodePortRange", "7000-8000"),
      "network.nodePortRange",
      /7443, the port of the API's proxy/,
    ],
    [
      "local proxy on the API's port",
      set("endpoint.port", 6443),
      "endpoint.port",
      /the API server on every control-plane node/,
    ],
    [
      "local proxy within NodePorts",
      set("endpoint.port", 30443),
      "endpoint.port",
      /within network\.nodePortRange/,
    ],
    ["port beyond", set("machines.w1.port", 70000), "machines.w1.port", /too large/],
  ]),
  ...cases("endpoint, access and firewall", [
    [
      "proxy machine unknown",
      set("endpoint", { kind: "loadBalancer", machine: "lb1" }),
      "endpoint.machine",
      /not a machine of these settings/,
    ],
    [
      "proxy machine is a worker",
      set("endpoint", { kind: "loadBalancer", machine: "w1" }),
      "endpoint.machine",
      /machine of role worker/,
    ],
    [
      "balancer without use",
      machine("lb1", 5, { role: "loadBalancer" }),
      "machines.lb1.role",
      /has role loadBalancer, but endpoint\.kind/,
    ],
    ["kind unknown", set("endpoint", { kind: "vip" }), "endpoint.kind", /not allowed.*nodeLocal/],
    ["firewall that lets nobody in", set("access.ssh", undefined), "access.ssh", /lets nobody in/],
    ["firewall with an empty list", set("access.api", []), "access.api", /lets nobody in/],
    ["firewall unknown", set("firewall", "iptables"), "firewall", /none.*nftables/],
    [
      "firewall's kind unknown",
      set("firewall", { kind: "iptables" }),
      "firewall.kind",
      /not allowed.*nftables/,
    ],
    [
      "firewall's lists under another name",
      set("firewall", { kind: "nftables", allowed: [] }),
      "firewall.allowed",
      /unknown|does not exist|allow/,
    ],
  ]),
  ...cases("rules of people's own in the firewall", [
    ["nobody", allow({ from: [] }), "firewall.allow[0].from", /small/i],
    [
      "a list of ports",
      allow({ port: [9100, 9101] }),
      "firewall.allow[0].port",
      /not allowed a port, or a range of ports such as 8000-8100$/,
    ],
    [
      "host bits",
      allow({ from: ["192.0.2.9/24"] }),
      "firewall.allow[0].from[0]",
      /host bits.*192\.0\.2\.0\/24/,
    ],
    [
      "an address without prefix",
      allow({ from: ["192.0.2.9"] }),
      "firewall.allow[0].from[0]",
      /192\.0\.2\.9\/32/,
    ],
    [
      "host bits of IPv6",
      allow({ from: ["2001:db8::1/64"] }),
      "firewall.allow[0].from[0]",
      /host bits.*2001:db8::\/64/,
    ],
    ["a name", allow({ from: ["monitoring"] }), "firewall.allow[0].from[0]", /CIDR/],
    ["a protocol nobody knows", allow({ protocol: "tpc" }), "firewall.allow[0].protocol", /tcp/],
    ["tcp without a port", allow({ port: undefined }), "firewall.allow[0].port", /every tcp port/],
    [
      "a port where there is none",
      allow({ protocol: "vrrp" }),
      "firewall.allow[0].port",
      /vrrp has no ports/,
    ],
    ["a port beyond", allow({ port: 70000 }), "firewall.allow[0].port", /65535|hyphen/],
    ["ports the wrong way round", allow({ port: "9200-9100" }), "firewall.allow[0].port", /lower one first/],
    ["a range beyond", allow({ port: "9100-99999" }), "firewall.allow[0].port", /1 to 65535/],
    ["no reason", allow({ reason: "" }), "firewall.allow[0].reason", /one line/],
    ["a reason of two lines", allow({ reason: "a\nb" }), "firewall.allow[0].reason", /one line/],
    ["another key", allow({ ports: [1] }), "firewall.allow[0].ports", /port/],
    [
      "the same twice",
      set("firewall", { kind: "nftables", allow: [rule, { ...rule, reason: "again" }] }),
      "firewall.allow[1]",
      /duplicates firewall\.allow/,
    ],
    [
      "rules for hosts that do not filter",
      set("firewall", { kind: "none", allow: [rule] }),
      "firewall.kind",
      /no effect/,
    ],
  ]),
  ...cases("rollout", [
    ["no worker", set("rollout", { maxUnavailable: 0 }), "rollout.maxUnavailable", /too small/],
    [
      "a number in quotes",
      set("rollout", { maxUnavailable: "2" }),
      "rollout.maxUnavailable",
      /a whole number of workers from 1 to 5000, or a share of them.* 2$/,
    ],
    [
      "a pool without its number",
      set("upgrades.pools", { general: {} }),
      "upgrades.pools.general.maxUnavailable",
      /is missing/,
    ],
    [
      "a share without a sign",
      set("rollout", { maxUnavailable: "10" }),
      "rollout.maxUnavailable",
      /a share of them from 1% to 100%/,
    ],
    [
      "more than all",
      set("rollout", { maxUnavailable: "110%" }),
      "rollout.maxUnavailable",
      /a share of them from 1% to 100%/,
    ],
    [
      "nobody",
      set("rollout", { maxUnavailable: "0%" }),
      "rollout.maxUnavailable",
      /a share of them from 1% to 100%/,
    ],
    [
      "half a worker",
      set("rollout", { maxUnavailable: 1.5 }),
      "rollout.maxUnavailable",
      /whole number|integer/,
    ],
    ["a misspelt key", set("rollout", { maxUnavailabe: 1 }), "rollout.maxUnavailabe", /maxUnavailable/],
  ]),
  ...cases("upgrades", [
    ["no worker", set("upgrades", { maxUnavailable: 0 }), "upgrades.maxUnavailable", /too small/],
    [
      "a number in quotes",
      set("upgrades.pools", { general: { maxUnavailable: "2" } }),
      "upgrades.pools.general.maxUnavailable",
      /a whole number of workers from 1 to 5000, or a share of them.* 2$/,
    ],
    [
      "a share without a sign",
      set("upgrades", { pools: { general: { maxUnavailable: "25" } } }),
      "upgrades.pools.general.maxUnavailable",
      /a share of them from 1% to 100%/,
    ],
    [
      "a pool that no machine is in",
      set("upgrades", { pools: { genera: { maxUnavailable: 2 } } }),
      "upgrades.pools.genera",
      /is not a pool of the machines/,
    ],
    ["a misspelt key", set("upgrades", { maxUnavailabe: 1 }), "upgrades.maxUnavailabe", /maxUnavailable/],
    [
      "to go through a minor version only",
      set("upgrades", { through: { "1.35": {} } }),
      'upgrades.through["1.35"]',
      /a version such as 1\.35\.8/,
    ],
    [
      "to go through the version of the settings",
      set("upgrades", { through: { "1.36.1": {} } }),
      'upgrades.through["1.36.1"]',
      /is not of a minor version before kubernetesVersion, 1\.36\.4/,
    ],
    [
      "to go through a minor version that is too old",
      set("upgrades", { through: { "1.33.1": {} } }),
      'upgrades.through["1.33.1"]',
      /a minor version this library does not support.*1\.34/s,
    ],
    [
      "to go through two versions of one minor version",
      set("upgrades", { through: { "1.35.1": {}, "1.35.2": {} } }),
      'upgrades.through["1.35.2"]',
      /is of the same minor version as 1\.35\.1/,
    ],
    [
      "to go through a version whose checksum nobody knows",
      set("upgrades", { through: { "1.35.99": {} } }),
      'upgrades.through["1.35.99"]',
      /has no checksum of kubeadm.*upgrades\.through\["1\.35\.99"\]\.amd64/s,
    ],
    [
      "a checksum that is too short",
      set("upgrades", { through: { "1.35.8": { amd64: "abc" } } }),
      'upgrades.through["1.35.8"].amd64',
      /64/,
    ],
  ]),
  ...cases("said twice", [
    [
      "service range",
      set("apiServer.extraArgs", { "service-cluster-ip-range": "10.97.0.0/16" }),
      "apiServer.extraArgs.service-cluster-ip-range",
      /instead: network\.serviceCidr/,
    ],
    [
      "pod range",
      set("controllerManager.extraArgs", { "cluster-cidr": "10.5.0.0/16" }),
      "controllerManager.extraArgs.cluster-cidr",
      /instead: cni\.podCidr/,
    ],
    ["etcd's folder", set("etcd.extraArgs", { "data-dir": "/data" }), "etcd.extraArgs.data-dir", /kubeadm/],
    [
      "scheduler's kubeconfig",
      set("scheduler.extraArgs", { kubeconfig: "/x" }),
      "scheduler.extraArgs.kubeconfig",
      /kubeadm/,
    ],
    [
      "cluster DNS",
      set("kubelet.config", { clusterDNS: ["10.96.0.10"] }),
      "kubelet.config.clusterDNS",
      /tenth address/,
    ],
    [
      "pods per node",
      set("kubelet.config", { maxPods: 250 }),
      "kubelet.config.maxPods",
      /network\.podsPerNode/,
    ],
    [
      "kube-proxy's pod range",
      set("kubeProxy.config", { clusterCIDR: "10.1.0.0/16" }),
      "kubeProxy.config.clusterCIDR",
      /cni\.podCidr/,
    ],
    [
      "flag with dashes",
      set("apiServer.extraArgs", { "--profiling": "false" }),
      "apiServer.extraArgs.--profiling",
      /not a name of a flag.*profiling$/,
    ],
    [
      "all preflight errors",
      set("ignorePreflightErrors", ["all"]),
      "ignorePreflightErrors[0]",
      /every preflight check/,
    ],
  ]),
  ...cases("downloads, images, login", [
    [
      "no proxy for two in one",
      set("proxy", { noProxy: ["a.example b.example"] }),
      "proxy.noProxy[0]",
      /one host, domain or range/,
    ],
    [
      "no proxy over two lines",
      set("proxy", { noProxy: ["a\nexport X=1"] }),
      "proxy.noProxy[0]",
      /one host, domain or range/,
    ],
    ["registry's port", set("images.repository", "registry:99999/k8s"), "images.repository", /not allowed/],
    [
      "mirror with its CA",
      set("images.mirrors", { "docker.io": [{ url: "https://harbor.example.com", ca: "/etc/ssl/ca.crt" }] }),
      'images.mirrors["docker.io"][0]',
      /is a mapping.*images\.registries\.<host>/,
    ],
    [
      "mirrored registry's name",
      set("images.mirrors", { "a..b": ["http://10.40.0.1"] }),
      'images.mirrors["a..b"]',
      /not the host name of a registry/,
    ],
    ["no resolver at all", set("coredns.upstreamServers", []), "coredns.upstreamServers", /at least 1/],
    [
      "checksum too short",
      set("downloads.checksums", { kubeadm: { amd64: HASH.slice(1) } }),
      "downloads.checksums.kubeadm.amd64",
      /SHA-256/,
    ],
    [
      "checksum with a prefix",
      set("downloads.checksums", { runc: { amd64: `sha256:${HASH}` } }),
      "downloads.checksums.runc.amd64",
      /without a prefix/,
    ],
    [
      "checksum of an unknown file",
      set("downloads.checksums", { kubeadmin: { amd64: HASH } }),
      "downloads.checksums.kubeadmin",
      /kubeadm$/,
    ],
    [
      "mirror without scheme",
      set("downloads.mirror", "mirror.example.com"),
      "downloads.mirror",
      /is not a valid URL/,
    ],
    [
      "mirror over FTP",
      set("downloads.mirror", "ftp://mirror.example.com"),
      "downloads.mirror",
      /unsupported scheme/,
    ],
    [
      "image repository as a URL",
      set("images.repository", "https://registry.example.com"),
      "images.repository",
      /without scheme/,
    ],
    [
      "mirror for a URL",
      set("images.mirrors", { "https://registry.k8s.io": ["http://10.40.0.1:5000"] }),
      'images.mirrors["https://registry.k8s.io"]',
      /not the host name of a registry/,
    ],
    [
      "OIDC over http",
      set("oidc", { issuerUrl: "http://id.example.com", clientId: "k" }),
      "oidc.issuerUrl",
      /unsupported scheme.*https/,
    ],
    [
      "OIDC without client",
      set("oidc", { issuerUrl: "https://id.example.com" }),
      "oidc.clientId",
      /is missing/,
    ],
    [
      "encryption by a provider that is none",
      set("encryption.provider", "identity"),
      "encryption.provider",
      /secretbox, aescbc/,
    ],
    [
      "a rotation of named keys",
      set("encryption", { keys: ["etcd"], rotation: "2026-12" }),
      "encryption.rotation",
      /is for the generated key/,
    ],
    [
      "a rotation with blanks",
      set("encryption.rotation", "December 2026"),
      "encryption.rotation",
      /1 to 32 of a-z/,
    ],
    [
      "the same encryption key twice",
      set("encryption.keys", ["generated", "generated"]),
      "encryption.keys[1]",
      /listed twice/,
    ],
    [
      "certificates renewed all the time",
      set("certificates", { validityDays: 20 }),
      "certificates.validityDays",
      /renewBeforeDays 30/,
    ],
    [
      "a rotation of a name that no resource can have",
      set("certificates", { rotation: "December 2026" }),
      "certificates.rotation",
      /lowercase letters, digits and dashes, such as 2026-12/,
    ],
    [
      "a rotation by its year alone, as YAML reads it",
      set("certificates", { rotation: 2026 }),
      "certificates.rotation",
      /2026/,
    ],
  ]),
  ...cases("misspelt keys and wrong types", [
    ["half a node", set("network.maxNodes", 1.5), "network.maxNodes", /1\.5 is not a whole number/],
    ["not a number", set("network.maxNodes", NaN), "network.maxNodes", /NaN is not a finite number/],
    ["top level", set("kubernetsVersion", "1.36.4"), "kubernetsVersion", /kubernetesVersion$/],
    ["in network", set("network.serviceCIDR", "10.96.0.0/16"), "network.serviceCIDR", /serviceCidr$/],
    ["in cni", set("cni.podCIDR", "10.244.0.0/16"), "cni.podCIDR", /podCidr$/],
    ["in a machine", set("machines.w1.hostkey", hostKey()), "machines.w1.hostkey", /hostKey$/],
    ["role", set("machines.w1.role", "master"), "machines.w1.role", /controlPlane, worker, loadBalancer/],
    ["role missing", set("machines.w1.role", undefined), "machines.w1.role", /is missing/],
    ["platform misspelt", set("platform", "machine"), "platform", /not allowed.*machines$/],
    ["platform unknown", set("platform", "gcp"), "platform", /not allowed/],
    ["machines as a list", set("machines", []), "machines", /is a list.*a mapping/],
    ["revision zero", set("machines.w1.revision", 0), "machines.w1.revision", /at least 1/],
    ["removal by another word", set("machines.w1.removal", "forced"), "machines.w1.removal", /safe.*force/],
    ["removal yes", set("machines.w1.removal", true), "machines.w1.removal", /safe.*force/],
    ["removal of all machines", set("removal", "force"), "removal", /./],
    ["operating system", set("machines.w1.os", "ubuntu-20.04"), "machines.w1.os", /ubuntu-22\.04/],
    ["protect as text", set("protect", "no"), "protect", /true or false/],
  ]),
];

/** "pods moved over a node" would find every node; one machine is enough. */
function keepOneNode(wrong: Wrong): Wrong {
  if (wrong.name !== "pods moved over a node") return wrong;
  const rest = ["cp2", "cp3", "w1", "w2"].map((name) => set(`machines.${name}`, undefined));
  return { ...wrong, change: all(wrong.change, ...rest) };
}

/** A second machine behind the very same address and nothing else. */
function addTwin(wrong: Wrong): Wrong {
  if (wrong.name !== "both through the host") return wrong;
  return {
    ...wrong,
    change: all(wrong.change, machine("w4", 24, { host: "192.0.2.99", nodeAddress: undefined })),
  };
}

function controlPlaneNode(name: string): Record<string, unknown> {
  return {
    role: "controlPlane",
    host: `${name}.example.com`,
    nodeAddress: "10.40.0.77",
    user: "u",
    hostKey: hostKey(),
    key: "operator",
  };
}

/** `set` takes dots for steps, so this one is written out. */
function dotted(settings: Record<string, unknown>): void {
  (settings.machines as Record<string, unknown>)["w3.rack1"] = { ...controlPlaneNode("w3"), role: "worker" };
}

/** A name that would write a line of its own into the report. */
function brokenName(settings: Record<string, unknown>): void {
  (settings.machines as Record<string, unknown>)["w3\nname: fine"] = {
    ...controlPlaneNode("w3"),
    role: "worker",
  };
}
