import { describe, expect, it } from "vitest";
import { corefile, nodeCacheCorefile } from "../../../model/addons/coredns/corefile";
import { corednsManifests } from "../../../model/addons/coredns/manifests";
import type { KubernetesObject } from "../../../model/kubernetes";
import { corefileProblem } from "../../../model/addons/coredns/corefileText";
import { bareMetal } from "../../support/bareMetal";

const textOf = (coredns: object) => corefile(bareMetal({ coredns }));

function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

describe("corefile from the settings", () => {
  it("asks forwarders by TLS under their name, in the order asked for", () => {
    const text = textOf({
      upstreamServers: ["9.9.9.9", "149.112.112.112"],
      policy: "sequential",
      tlsServerName: "dns.quad9.net",
    });
    expect(text).toContain(
      "forward . tls://9.9.9.9 tls://149.112.112.112 {\n        max_concurrent 1000\n        policy sequential\n        tls_servername dns.quad9.net\n    }",
    );
  });

  it("does not ask stub domains' resolvers by TLS", () => {
    const text = textOf({
      upstreamServers: ["9.9.9.9"],
      tlsServerName: "dns.quad9.net",
      stubDomains: { "a.example": ["10.9.0.1"] },
    });
    expect(text).toContain("forward . 10.9.0.1 {");
  });

  it("keeps answers as long as the settings say, of either kind, and fetches asked-for ones again", () => {
    const text = textOf({
      cache: { seconds: 60, capacity: 2048, denialSeconds: 5, prefetch: { amount: 3 }, serveStale: 3600 },
    });
    expect(text).toContain(
      "cache 60 {\n        success 2048 60\n        denial 9984 5\n        prefetch 3 60s 10%\n        serve_stale 3600s\n    }",
    );
  });

  it("takes a plain number for the cache as before", () => {
    expect(textOf({ cache: 5 })).toContain("    cache 5\n");
  });

  it("answers hosts itself and lets other names through", () => {
    const text = textOf({ hosts: { "db.example.com": ["10.40.0.9", "10.40.0.10"] } });
    expect(text).toContain(
      "hosts {\n        10.40.0.9 db.example.com\n        10.40.0.10 db.example.com\n        fallthrough\n    }",
    );
  });

  it("rewrites whole names and endings, and the answers back", () => {
    const text = textOf({
      rewrite: [
        { from: "old.example.com", to: "web.shop.svc.cluster.local" },
        { match: "suffix", from: "intra", to: "svc.cluster.local" },
      ],
    });
    expect(text).toContain("rewrite name exact old.example.com. web.shop.svc.cluster.local. answer auto\n");
    expect(text).toContain("rewrite name suffix .intra. .svc.cluster.local. answer auto\n");
  });

  it("logs what it is asked to, pods' names as asked, and puts custom text where it belongs", () => {
    const text = textOf({
      log: "error",
      pods: "verified",
      custom: { plugins: "acl {\n  block type ANY\n}", zones: { "corp.example": "forward . 10.9.0.53" } },
    });
    expect(text).toContain("log . {\n        class error\n    }");
    expect(text).toContain("pods verified");
    expect(text).toContain("    acl {\n      block type ANY\n    }\n}\n");
    expect(text).toMatch(/^corp\.example:53 \{\n {4}errors\n {4}forward \. 10\.9\.0\.53\n\}$/m);
  });
});

describe("zones in which the cluster has names itself", () => {
  it("are asked for in the cluster's block after the cluster, the longest first", () => {
    const resolvers = ["10.9.0.53"];
    const text = textOf({
      stubDomains: { local: resolvers, "10.in-addr.arpa": resolvers, "corp.example": resolvers },
    });
    expect(text.match(/^\S+ \{$/gm)).toEqual([".:53 {", "corp.example:53 {"]);
    expect(text.match(/forward \S+ \S+/g)).toEqual([
      "forward 10.in-addr.arpa 10.9.0.53",
      "forward local 10.9.0.53",
      "forward . /etc/resolv.conf",
      "forward . 10.9.0.53",
    ]);
  });

  it("have errors once, though somebody writes it", () => {
    const text = textOf({ custom: { zones: { consul: "errors\ncache 30\nforward . 10.150.0.1" } } });
    expect(text).toMatch(/^consul:53 \{\n {4}errors\n {4}cache 30\n {4}forward \. 10\.150\.0\.1\n\}$/m);
  });
});

describe("corefileProblem", () => {
  it.each([
    'template IN A example.com {\n  answer "{{ .Name }} 60 IN A 192.0.2.1"\n}',
    "log # } is a comment\nwhoami",
    "forward . {$UPSTREAM}",
  ])("takes %s", (text) => expect(corefileProblem(text)).toBeUndefined());

  it.each([
    ["}", /closes a brace/],
    ["acl {\n}\n}\nevil {", /closes a brace/],
    ["acl {\n  block\n} }", /next to a closing brace/],
    ['log "\n}', /quote/],
    ["{\n}", /without a plugin/],
    ["bind 0.0.0.0", /bind, which reaches outside/],
  ])("refuses %s", (text, why) => expect(corefileProblem(text)).toMatch(why));
});

describe("the cache on every node", () => {
  const settings = bareMetal({ coredns: { nodeLocal: { enabled: true } } });
  const objects = corednsManifests(settings);

  it("is not there unless asked for", () => {
    const plain = corednsManifests(bareMetal({ coredns: {} }));
    expect(plain.map((one) => one.kind)).not.toContain("DaemonSet");
    expect(find(plain, "Service", "kube-dns").spec).toMatchObject({ internalTrafficPolicy: "Cluster" });
  });

  it("answers by the Service that pods ask already, on the caller's own node alone", () => {
    expect(find(objects, "Service", "kube-dns").spec).toMatchObject({
      clusterIP: settings.network.dnsServiceAddress,
      internalTrafficPolicy: "Local",
      selector: { "app.kubernetes.io/name": "node-dns-cache" },
    });
  });

  it("asks CoreDNS at its own address, which leads to no cache", () => {
    const upstream = find(objects, "Service", "kube-dns-upstream").spec as unknown as {
      clusterIP: string;
      selector: Record<string, string>;
    };
    expect(nodeCacheCorefile(settings)).toContain(`forward . ${upstream.clusterIP} {`);
    const cache = find(objects, "DaemonSet", "node-dns-cache").spec as unknown as {
      template: { metadata: { labels: Record<string, string> } };
    };
    expect(cache.template.metadata.labels).not.toMatchObject(upstream.selector);
    const server = find(objects, "Deployment", "coredns").spec as unknown as typeof cache;
    expect(server.template.metadata.labels).toMatchObject(upstream.selector);
  });

  it("is not a part of CoreDNS' disruption budget, and is let through by policies that let DNS through", () => {
    const budget = find(objects, "PodDisruptionBudget", "coredns").spec as unknown as {
      selector: { matchLabels: Record<string, string> };
    };
    const { template } = find(objects, "DaemonSet", "node-dns-cache").spec as unknown as {
      template: { metadata: { labels: Record<string, string> } };
    };
    expect(template.metadata.labels).not.toMatchObject(budget.selector.matchLabels);
    expect(template.metadata.labels).toMatchObject({ "k8s-app": "kube-dns" });
  });
});
