import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corefile, renderCorefile } from "../../../model/addons/coredns/corefile";
import { corednsImage, corednsManifests } from "../../../model/addons/coredns/manifests";
import { configHashAnnotation, type KubernetesObject } from "../../../model/kubernetes";
import type { ClusterSettings } from "../../../model/settings/resolved";
import type { CoreDnsSettings } from "../../../model/addons/settings";
import { settingsOf } from "../../support/kubeadmSettings";

const withDns = (over: Partial<CoreDnsSettings>) =>
  settingsOf({ addons: { ...settingsOf().addons, coredns: { ...settingsOf().addons.coredns, ...over } } });

function object(settings: ClusterSettings, kind: string): KubernetesObject {
  const found = corednsManifests(settings).filter((one) => one.kind === kind);
  expect(found).toHaveLength(1);
  return found[0];
}

interface DeploymentSpec {
  replicas: number;
  selector: { matchLabels: Record<string, string> };
  template: {
    metadata: { labels: Record<string, string>; annotations: Record<string, string> };
    spec: { tolerations: { key: string; effect?: string }[]; containers: { image: string }[] };
  };
}

const deployment = (settings: ClusterSettings) =>
  object(settings, "Deployment").spec as unknown as DeploymentSpec;

/** Server blocks of a Corefile: zones, and each plugin's line with what is in its braces. */
function blocks(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^(\S+) \{\n([\s\S]*?)^\}\n/gm)].map(([, zone, body]) => [zone, body]),
  );
}

describe("corefile", () => {
  it("is, with the defaults, what kubeadm would have written but for the order of its lines", () => {
    expect(corefile(settingsOf())).toBe(`.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`);
  });

  it("answers for the cluster's own domain", () => {
    const network = { ...settingsOf().network, clusterDomain: "k8s.example.org" };
    expect(corefile(settingsOf({ network }))).toContain("kubernetes k8s.example.org in-addr.arpa");
  });

  it("asks the resolvers of the settings, and a stub domain's own for its names", () => {
    const text = corefile(
      withDns({
        upstreamServers: ["192.0.2.53", "198.51.100.53"],
        stubDomains: { "corp.example": ["10.9.0.53", "10.9.1.53"] },
      }),
    );
    const server = blocks(text);
    expect(Object.keys(server)).toEqual([".:53", "corp.example:53"]);
    expect(server[".:53"]).toContain("forward . 192.0.2.53 198.51.100.53 {");
    expect(server["corp.example:53"]).toContain("forward . 10.9.0.53 10.9.1.53 {");
    expect(server["corp.example:53"]).not.toContain("kubernetes");
  });

  it("is the same whatever the order of the stub domains", () => {
    const one = withDns({ stubDomains: { a: ["10.0.0.1"], b: ["10.0.0.2"] } });
    const two = withDns({ stubDomains: { b: ["10.0.0.2"], a: ["10.0.0.1"] } });
    expect(corefile(one)).toBe(corefile(two));
  });

  it("closes every brace it opens", () => {
    const word = fc.stringMatching(/^[a-z]{1,6}$/);
    const plugin = fc.record(
      { name: word, args: fc.array(word), block: fc.array(fc.array(word, { minLength: 1 })) },
      { requiredKeys: ["name"] },
    );
    const block = fc.record({ zones: fc.array(word, { minLength: 1 }), plugins: fc.array(plugin) });
    fc.assert(
      fc.property(fc.array(block), (list) => {
        const text = renderCorefile(list);
        expect(text.match(/\{$/gm)?.length ?? 0).toBe(text.match(/^ *\}$/gm)?.length ?? 0);
        expect(Object.keys(blocks(text)).length).toBeLessThanOrEqual(list.length);
      }),
    );
  });
});

describe("manifests", () => {
  it("roll the pods when the Corefile changes, and only then", () => {
    const hash = (settings: ClusterSettings) =>
      deployment(settings).template.metadata.annotations[configHashAnnotation];
    expect(hash(withDns({ cache: { seconds: 5 } }))).not.toBe(hash(settingsOf()));
    expect(hash(withDns({ replicas: 7 }))).toBe(hash(settingsOf()));
  });

  it("have a Service and a budget that select the Deployment's pods", () => {
    const settings = settingsOf();
    const { labels } = deployment(settings).template.metadata;
    const service = object(settings, "Service").spec as unknown as { selector: Record<string, string> };
    const budget = object(settings, "PodDisruptionBudget").spec as unknown as DeploymentSpec;
    for (const selector of [
      service.selector,
      budget.selector.matchLabels,
      deployment(settings).selector.matchLabels,
    ]) {
      expect(labels).toMatchObject(selector);
    }
  });

  it("let DNS run where there are only control-plane nodes, and leave a dead node soon", () => {
    const { tolerations } = deployment(settingsOf()).template.spec;
    expect(tolerations).toContainEqual(
      expect.objectContaining({ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }),
    );
    for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
      expect(tolerations).toContainEqual(expect.objectContaining({ key, tolerationSeconds: 30 }));
    }
  });

  it("never keep a drain from ending, with one replica either", () => {
    expect(object(withDns({ replicas: 1 }), "PodDisruptionBudget").spec).toMatchObject({ maxUnavailable: 1 });
  });

  it.each([
    ["registry.k8s.io", "registry.k8s.io/coredns/coredns:v1.14.2"],
    ["registry.example.org/k8s", "registry.example.org/k8s/coredns:v1.14.2"],
  ])("look for the image in %s where kubeadm's mirror of it has it", (repository, image) => {
    expect(corednsImage(settingsOf({ images: { repository, mirrors: {} } }))).toBe(image);
  });
});
