import { describe, expect, it } from "vitest";
import { clusterDomainOf, encryptionOf, smokeDeployment } from "../../../model/smoke/objects";
import { SMOKE_DEFAULTS, type SmokeResult } from "../../../model/smoke/options";
import { UsageError } from "../../../model/commandLine";
import { mergedKubeconfig, type SmokeClient } from "../../../smoke/client";
import { parseArguments } from "../../../smoke/arguments";
import { SmokeRun } from "../../../smoke/steps";

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

describe("the names of Services", () => {
  const options = {
    ...SMOKE_DEFAULTS,
    replicas: 1,
    skip: ["nodes", "secret", "logs", "exec", "port-forward"],
  } as const;

  /** A cluster with one pod, whose requests by name are answered as told. */
  function client(byName: () => string): SmokeClient {
    const pod = {
      metadata: { name: "web-1" },
      spec: { nodeName: "w1" },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    };
    const exec = (namespace: string, _pod: string, _container: string, command: readonly string[]) => {
      const url = command.at(-1) ?? "";
      if (command[0] === "cat")
        return Promise.resolve(`search ${namespace}.svc.cluster.local svc.cluster.local\n`);
      if (command[0] === "nslookup")
        return Promise.resolve(url.startsWith("kubernetes.") ? "10.96.0.1" : "10.96.0.7");
      if (url.startsWith("http://10.96.0.7")) return Promise.resolve("web-1\n");
      return Promise.resolve().then(byName);
    };
    return {
      exec,
      nodes: () => Promise.resolve([{ metadata: { name: "w1" } }]),
      pods: () => Promise.resolve([pod]),
      createService: () => Promise.resolve({ spec: { clusterIP: "10.96.0.7" } }),
      kubernetesAddress: () => Promise.resolve("10.96.0.1"),
      hasServiceAccount: () => Promise.resolve(true),
      hasNamespace: () => Promise.resolve(false),
      warnings: () => Promise.resolve([]),
      createNamespace: () => Promise.resolve(),
      createDeployment: () => Promise.resolve(),
      deleteNamespace: () => Promise.resolve(),
    } as unknown as SmokeClient;
  }
  const run = async (byName: () => string, timeout = 20): Promise<string[]> => {
    const seen: string[] = [];
    const report = ({ step, ok }: SmokeResult): void => void seen.push(`${step} ${ok}`);
    await new SmokeRun(client(byName), { ...options, timeout }, report).run();
    return seen;
  };
  const unknown = (): never => {
    throw new Error("wget: bad address");
  };

  it("are waited for while one replica of CoreDNS does not know them yet", async () => {
    let asked = 0;
    // The second of two replicas is asked every other time, and learns of the Service later.
    const answers = await run(() => (++asked % 2 === 0 && asked < 4 ? unknown() : "web-1\n"));
    expect(answers).toEqual(["deployment true", "service true", "dns true", "clean-up true"]);
    expect(asked).toBeGreaterThan(4);
  });

  it("are not there where one replica never learns of them", async () => {
    let asked = 0;
    expect(await run(() => (++asked % 2 === 0 ? unknown() : "web-1\n"), 1)).toContain("dns false");
  });
});
