import { describe, expect, it } from "vitest";
import { clusterDomainOf, encryptionOf, smokeDeployment } from "../../../model/smoke/objects";
import { SMOKE_DEFAULTS } from "../../../model/smoke/options";
import { UsageError } from "../../../model/commandLine";
import { mergedKubeconfig } from "../../../smoke/client";
import { parseArguments } from "../../../smoke/arguments";

describe("what etcd holds", () => {
  it.each([
    ["k8s:enc:secretbox:v1:generated:\u0001\u0002", "k8s:enc:secretbox:v1:generated:"],
    ["k8s:enc:aescbc:v1:key1:abc", "k8s:enc:aescbc:v1:key1:"],
    ["k8s\u0000\n\u000c\n\u0002v1\u0012\u0006Secret", undefined],
    ["", undefined],
  ])("%j is encrypted by %s", (stored, prefix) => {
    expect(encryptionOf(stored)).toBe(prefix);
  });
});

describe("the cluster's domain", () => {
  it("is what a pod searches first, without its namespace", () => {
    const text =
      "search smoke-1.svc.k8s.example svc.k8s.example k8s.example corp\nnameserver 10.96.0.10\noptions ndots:5\n";
    expect(clusterDomainOf(text, "smoke-1")).toBe("k8s.example");
    expect(clusterDomainOf("nameserver 10.96.0.10\n", "smoke-1")).toBeUndefined();
  });
});

describe("the pods", () => {
  it("are what the restricted level of Pod Security takes", () => {
    const text = JSON.stringify(smokeDeployment("smoke-1", SMOKE_DEFAULTS, 2));
    for (const part of [
      '"runAsNonRoot":true',
      '"allowPrivilegeEscalation":false',
      '"drop":["ALL"]',
      '"type":"RuntimeDefault"',
    ])
      expect(text).toContain(part);
  });
});

describe("the command line", () => {
  const parse = (line: string, environment = {}) =>
    parseArguments(line.split(" ").filter(Boolean), environment);

  it.each([
    ["prod", {}, { kind: "stack", environment: "prod" }],
    ["--kubeconfig admin.conf", { KUBECONFIG: "other" }, { kind: "file", file: "admin.conf" }],
    ["--kubeconfig -", {}, { kind: "stdin" }],
    ["", { KUBECONFIG: "some.conf" }, { kind: "file", file: "some.conf" }],
    ["", { KUBECONFIG: ":a.conf:/b.conf:" }, { kind: "files", files: ["a.conf", "/b.conf"] }],
  ])("%j: a kubeconfig", (line, environment, source) => {
    expect(parse(line, environment)?.source).toEqual(source);
  });

  it.each([
    ["", /which cluster/],
    ["prod dev", /one environment at a time/],
    ["prod --kubeconfig x", /not both/],
    ["prod --replicas none", /--replicas must be a whole number from 1 to 100, not none/],
    ["prod --skip clean-up", /clean-up is not a step you can skip/],
    ["prod --nodeport", /Unknown option/],
  ])("%j is refused", (line, text) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(text);
  });

  it("takes steps to leave out, one by one or in a list", () => {
    expect(parse("prod --skip secret,dns --skip logs")?.options.skip).toEqual(["secret", "dns", "logs"]);
  });
});

describe("several kubeconfigs", () => {
  const kubeconfig = (context: string | undefined, cluster: string, server: string): string =>
    JSON.stringify({
      "current-context": context,
      clusters: [{ name: cluster, cluster: { server, "certificate-authority": "ca.crt" } }],
      users: [{ name: "admin", user: { token: server } }],
      contexts: [{ name: cluster, context: { cluster, user: "admin" } }],
    });

  it("are one, as kubectl reads them: the first word about a name counts", async () => {
    const client = await import("@kubernetes/client-node");
    const config = mergedKubeconfig(client, [
      { text: kubeconfig(undefined, "one", "https://one.example"), folder: "/home/me/a" },
      { text: kubeconfig("two", "two", "https://two.example"), folder: "/home/me/b" },
      { text: kubeconfig("one", "two", "https://other.example") },
    ]);
    expect(config.getCurrentCluster()).toMatchObject({
      server: "https://two.example",
      caFile: "/home/me/b/ca.crt",
    });
    expect(config.getCurrentUser()).toMatchObject({ token: "https://one.example" });
    expect(config.contexts.map(({ name }) => name)).toEqual(["one", "two"]);
  });
});
