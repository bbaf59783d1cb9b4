/** What parts of one cluster can get wrong of one another. */
import { bareMetalInput } from "../../support/bareMetal";
import { all, type Change, set } from "./edit";
import type { Wrong } from "./wrong";

type Row = readonly [name: string, change: Change, path: string, text: RegExp, more?: Partial<Wrong>];

function cases(name: string, rows: readonly Row[]): Wrong[] {
  return rows.map(([title, change, path, text, more]) => ({
    class: name,
    name: title,
    change,
    path,
    text,
    base: bareMetalInput,
    ...more,
  }));
}

const metallb = set("metallb", { pools: { lan: { addresses: ["10.40.0.240-10.40.0.250"] } } });
const router = { name: "rack1", address: "10.40.0.1", asNumber: 64512, myAsNumber: 64601 };
const bgp = set("metallb", { pools: { wan: { addresses: ["10.60.0.0/24"] } }, bgp: { peers: [router] } });
const calico = set("cni", { kind: "calico", backend: "vxlan", podCidr: "10.244.0.0/16" });
const weave = set("cni", { kind: "weave", podCidr: "10.244.0.0/16" });
const hostPorts = (over: object = {}) =>
  set("ingress", { kind: "traefik", arrive: { by: "hostPorts", ...over } });
const proxyOn = (port: number) => set("endpoint", { kind: "localProxy", port });
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

const PORTS: readonly Row[] = [
  [
    "the API's proxy on MetalLB's",
    all(metallb, proxyOn(7946)),
    "endpoint.port",
    /the port of MetalLB's speakers on the nodes/,
  ],
  ["the API's proxy on Typha's", all(calico, proxyOn(5473)), "endpoint.port", /Calico's Typha/],
  [
    "NodePorts over MetalLB's metrics",
    all(metallb, set("network.nodePorts", "9000-9200")),
    "network.nodePorts",
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
    "ingress.arrive.http",
    /Calico's health/,
  ],
  [
    "ingress on Weave's metrics",
    all(weave, hostPorts({ http: 6782 })),
    "ingress.arrive.http",
    /Weave's metrics/,
  ],
  [
    "ingress on the webhook of MetalLB's BGP",
    all(bgp, hostPorts({ https: 19443 })),
    "ingress.arrive.https",
    /MetalLB's frr-k8s/,
  ],
  ["a static pod on ingress'", all(hostPorts(), podOn("web", 80)), "staticPods.web.pod", /port of ingress/],
  ["a static pod on the API's proxy's", podOn("web", 7443), "staticPods.web.pod", /port of the API's proxy/],
  ["a static pod among NodePorts", podOn("web", 30080), "staticPods.web.pod", /port of NodePorts/],
  ["a static pod on VXLAN's", podOn("web", 8472, "UDP"), "staticPods.web.pod", /port of VXLAN/],
];

const custom = (key: string, text: string) => set("coredns", { custom: { [key]: text } });
const zone = (name: string, text: string) => set("coredns", { custom: { zones: { [name]: text } } });

const COREFILE: readonly Row[] = [
  [
    "a plugin that there is not",
    custom("plugins", "acl {\n  block type ANY\n}\nreweite name a b"),
    "coredns.custom.plugins",
    /"reweite" is no plugin of CoreDNS.*rewrite$/,
  ],
  [
    "a plugin that the block has",
    custom("plugins", "cache 60"),
    "coredns.custom.plugins",
    /"cache 60" stands in the cluster's server block already.*coredns\.cache/,
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
    /instead: coredns\.forwarders/,
  ],
  [
    "one twice",
    zone("corp.example.com", "cache 30\nforward . 10.9.0.53\ncache 60"),
    'coredns.custom.zones["corp.example.com"]',
    /"cache" stands twice/,
  ],
  [
    "a zone that the cluster's domain lies in",
    zone("local", "forward . 10.9.0.53"),
    "coredns.custom.zones.local",
    /holds the cluster's own domain cluster\.local.*stubDomains/,
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
    /is rewritten by rewrite\[0\] already/,
  ],
];

export const WRONG_INSIDE: readonly Wrong[] = [
  ...cases("plugins in the Corefile", COREFILE),
  ...cases("parts that want one port of a host", PORTS),
];
