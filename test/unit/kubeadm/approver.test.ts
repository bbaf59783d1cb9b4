import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { settingsOf } from "../../support/kubeadmSettings";
import { approverHost } from "./approverHost";
import { OpensslKey } from "./opensslKey";
import { have } from "../../support/have";
import type { ScriptHost } from "./scriptHost";

interface Asked {
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly usages?: readonly string[];
  readonly subject?: string;
  /** As openssl writes them; undefined: none. */
  readonly names?: string;
  /** The request as it is in the API, in place of a real one. */
  readonly request?: string;
}

const nodes = [
  ["w1", "Hostname", "w1", "worker"],
  ["w1", "InternalIP", "10.40.0.21", "worker"],
  ["w1", "ExternalIP", "198.51.100.21", "worker"],
  ["w2", "InternalIP", "10.40.0.22", "worker"],
  ["evil", "InternalIP", "10.40.0.66", "worker"],
  ["evil", "InternalIP", "10.40.0.22", "worker"],
  ["evil", "InternalIP", "10.96.0.1", "worker"],
  ["evil", "InternalIP", "127.0.0.1", "worker"],
  ["evil", "ExternalIP", "192.0.2.100", "worker"],
  ["evil", "ExternalDNS", "kubernetes.default.svc", "worker"],
  ["cp1", "InternalIP", "192.0.2.100", "control-plane"],
] as const;

const quote = (text: string) => JSON.stringify(text);

describe.skipIf(!have("openssl"))("approver of serving certificates", () => {
  let key: OpensslKey;
  let host: ScriptHost;

  beforeAll(() => {
    key = new OpensslKey();
  });
  afterAll(() => key.remove());

  beforeEach(() => {
    host = approverHost(settingsOf({ endpoint: { kind: "address", host: "192.0.2.100", port: 6443 } }));
    claim(nodes);
  });
  afterEach(() => host.remove());

  function claim(rows: readonly (readonly [string, string, string, string])[]): void {
    const lines = rows.map(([node, type, address, role]) => `${node}\t${type}\t${quote(address)}\t${role}\n`);
    host.write("/nodes", lines.join(""));
  }

  function ask(name: string, asked: Asked): string {
    const {
      username = "system:node:w1",
      groups = ["system:nodes", "system:authenticated"],
      usages = ["digital signature", "server auth"],
      subject = "/O=system:nodes/CN=system:node:w1",
      names = "DNS:w1,IP:10.40.0.21",
    } = asked;
    const encoded = asked.request ?? key.request(subject, "names" in asked ? asked.names : names);
    const list = (texts: readonly string[]) => texts.map((text) => `${quote(text)} `).join("");
    return `${quote(name)}\t${quote(username)}\t${list(groups)}\t${list(usages)}\t${encoded}\n`;
  }

  function judge(asked: Asked): { approved: boolean; output: string } {
    host.write("/requests", ask("csr-1", asked));
    const { status, output } = host.run();
    expect(status, output).toBe(0);
    return { approved: host.calls().includes("kubectl certificate approve csr-1"), output };
  }

  it.each<[string, Asked]>([
    ["the node's name and address", {}],
    ["an external address of the node", { names: "IP:198.51.100.21" }],
    ["the usages of an RSA key", { usages: ["digital signature", "key encipherment", "server auth"] }],
    [
      "the API's address on a control-plane node that has it",
      // Another node claims the same one in the list above: see below for that.
      { username: "system:node:w2", subject: "/O=system:nodes/CN=system:node:w2", names: "DNS:w2" },
    ],
  ])("approves %s", (_, asked) => {
    const { approved, output } = judge(asked);
    expect(approved, output).toBe(true);
  });

  it("approves the API's address for the control-plane node that alone claims it", () => {
    claim(nodes.filter(([node]) => node !== "evil"));
    const { approved, output } = judge({
      username: "system:node:cp1",
      subject: "/O=system:nodes/CN=system:node:cp1",
      names: "DNS:cp1,IP:192.0.2.100",
    });
    expect(approved, output).toBe(true);
  });

  const evil = { username: "system:node:evil", subject: "/O=system:nodes/CN=system:node:evil" };

  it.each<[string, Asked, string]>([
    ["a person", { username: "alice" }, "the requester is not a node"],
    ["a node's name inside another", { username: 'x" "system:node:w1' }, "the requester is not a node"],
    ["somebody outside the group of nodes", { groups: ["system:authenticated"] }, "not in system:nodes"],
    ["a group that only quotes the right one", { groups: ['a" "system:nodes" "b'] }, "not in system:nodes"],
    ["a certificate for clients", { usages: ["digital signature", "client auth"] }, "its usages are"],
    ["a certificate for both", { usages: ["server auth", "client auth"] }, "its usages are"],
    ["no use at all", { usages: [] }, ""],
    [
      "another node's subject",
      { subject: "/O=system:nodes/CN=system:node:w2" },
      "its subject is not node w1",
    ],
    [
      "a subject of control-plane nodes",
      { subject: "/O=system:masters/CN=system:node:w1" },
      "its subject is not node w1",
    ],
    [
      "a second organization",
      { subject: "/O=system:nodes/O=system:masters/CN=system:node:w1" },
      "its subject",
    ],
    ["no names", { names: undefined }, "it has no names"],
    ["another node's name", { names: "DNS:w2" }, "DNS:w2 is not node w1"],
    [
      "the right name and one more",
      { names: "DNS:kubernetes.default.svc,DNS:w1" },
      "DNS:kubernetes.default.svc",
    ],
    ["the name of all", { names: "DNS:*" }, "not a host name"],
    ["another node's address", { names: "DNS:w1,IP:10.40.0.66" }, "10.40.0.66 belongs to evil"],
    ["nobody's address", { names: "IP:10.40.0.99" }, "10.40.0.99 belongs to no Node"],
    ["an IPv6 address", { names: "IP:2001:db8::1" }, "not an IPv4 address"],
    ["a URI", { names: "URI:spiffe://cluster/w1" }, "not the request that a kubelet writes"],
    ["an e-mail address", { names: "email:w1@example.org" }, "not the request that a kubelet writes"],
    ["an address that it claims beside its owner", { ...evil, names: "IP:10.40.0.22" }, "belongs to evil w2"],
    ["a Service's address that it claims", { ...evil, names: "IP:10.96.0.1" }, "an address of Services"],
    ["a loopback address that it claims", { ...evil, names: "IP:127.0.0.1" }, "not an address of a node"],
    ["a name that it claims", { ...evil, names: "DNS:kubernetes.default.svc" }, "is not node evil"],
    ["something that is not a request", { request: Buffer.from("hello").toString("base64") }, "its subject"],
    ["something that is not valid base64", { request: "%%%" }, ""],
  ])("leaves %s pending", (_, asked, reason) => {
    const { approved, output } = judge(asked);
    expect(approved).toBe(false);
    expect(output).toContain("left csr-1");
    expect(output).toContain(reason);
  });

  it("leaves the API's address pending for a worker, also when no control-plane node claims it yet", () => {
    claim(nodes.filter(([node]) => node !== "cp1"));
    const { approved, output } = judge({ ...evil, names: "IP:192.0.2.100" });
    expect(approved).toBe(false);
    expect(output).toContain("192.0.2.100 is an address of the API");
  });

  it("leaves a request pending whose signature is another key's", () => {
    const pem = Buffer.from(key.request("/O=system:nodes/CN=system:node:w1", "DNS:w1"), "base64").toString();
    const lines = pem.trim().split("\n");
    const der = Buffer.from(lines.slice(1, -1).join(""), "base64");
    der[der.length - 1] ^= 1;
    const forged = `${lines[0]}\n${der.toString("base64")}\n${lines[lines.length - 1]}\n`;
    expect(judge({ request: Buffer.from(forged).toString("base64") }).approved).toBe(false);
  });

  it("judges each request by itself", () => {
    host.write(
      "/requests",
      ask("bad", { username: "alice" }) + ask("good", {}) + ask("worse", { names: "DNS:w2" }),
    );
    host.run();
    expect(host.calls().filter((call) => call.includes("approve"))).toEqual([
      "kubectl certificate approve good",
    ]);
  });

  it("says once why a request is pending, and again when the reason is another", () => {
    expect(judge({ names: "IP:10.40.0.99" }).output).toContain("left csr-1");
    expect(judge({ names: "IP:10.40.0.99" }).output).toBe("");
    expect(judge({ names: "DNS:w2" }).output).toContain("left csr-1");
  });

  it("asks for no Nodes when nobody asks for a certificate", () => {
    host.write("/requests", "");
    expect(host.run()).toEqual({ status: 0, output: "" });
    expect(host.calls().some((call) => call.startsWith("kubectl get nodes"))).toBe(false);
  });

  it("fails, and approves nothing, when the API does not answer", () => {
    host.command("kubectl", "exit 1");
    expect(host.run().status).not.toBe(0);
  });
});
