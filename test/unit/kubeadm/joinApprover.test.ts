import { spawn } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { poolRule } from "../../../model/aws/node/joins";
import { awsProgram } from "../../../model/aws/node/paths";
import { JOIN_GROUP, JOIN_ACCESS_FILE, joinApproverUnits } from "../../../model/kubeadm";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { have } from "../../support/have";
import { settingsOf } from "../../support/kubeadmSettings";
import { awsSettings } from "../aws/boot/support";
import { dns, inApi, pem, relativeName, Requests, type Parts } from "./requestBytes";
import { ScriptHost } from "./scriptHost";

interface Asked {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly usages?: readonly string[];
  readonly parts?: Partial<Parts>;
  readonly request?: string;
}

const keys = new Requests();
const hosts: ScriptHost[] = [];
afterEach(() => hosts.splice(0).forEach((host) => host.remove()));

/** A control-plane node with the script; its API answers with the files `/requests` and `/node`, EC2 with `/instances`. */
function hostOf(settings: ClusterSettings): ScriptHost {
  const [script] = joinApproverUnits(poolRule(settings));
  if (script === undefined) throw new Error("no script");
  const host = new ScriptHost(script, [
    "/etc/kubernetes",
    "/run/pulumi-kubeadm-join-approver",
    "/usr/local/lib/pulumi-kubeadm",
  ]);
  hosts.push(host);
  host.write("/etc/kubernetes/admin.conf", "");
  host.command(
    "kubectl",
    `case "$*" in
"get certificatesigningrequests --watch"*) cat "$ROOT/events" ;;
"get certificatesigningrequests"*) cat "$ROOT/requests" ;;
"get node "*) cat "$ROOT/node" 2>/dev/null || true ;;
esac`,
  );
  host.write(
    awsProgram,
    `import os, sys
root = os.environ["ROOT"]
open(root + "/asked", "a").write(" ".join(sys.argv[1:]) + "\\n")
answer = root + "/instances"
if not os.path.exists(answer):
    sys.exit("UnauthorizedOperation: no")
print(open(answer).read(), end="")
`,
  );
  return host;
}

function line(name: string, asked: Asked, node = "w1"): string {
  const { user = `system:bootstrap:${node}`, groups = [JOIN_GROUP, "system:authenticated"] } = asked;
  const { usages = ["digital signature", "client auth"] } = asked;
  const request = asked.request ?? keys.request({ node, names: [], ...asked.parts });
  const list = (texts: readonly string[]): string => texts.map((text) => `${JSON.stringify(text)} `).join("");
  return `${JSON.stringify(name)}\t${JSON.stringify(user)}\t${list(groups)}\t${list(usages)}\t${request}\n`;
}

function judge(host: ScriptHost, text: string): { approved: string[]; output: string } {
  host.write("/requests", text);
  const { status, output } = host.run();
  expect(status, output).toBe(0);
  const prefix = "kubectl certificate approve ";
  const calls = host.calls().filter((call) => call.startsWith(prefix));
  return { approved: calls.map((call) => call.slice(prefix.length)), output };
}

describe.skipIf(!have("openssl"))("approver of machines that join", () => {
  it("approves the node that the credential was made for", () => {
    const { approved, output } = judge(hostOf(settingsOf()), line("csr-1", {}));
    expect(approved, output).toEqual(["csr-1"]);
    expect(output).toContain('<5>approved csr-1 for "system:bootstrap:w1"');
  });

  it.each<[string, Asked, string]>([
    ["another worker's name", { parts: { node: "w2" } }, "its subject is not node w1"],
    ["a control-plane node's name", { parts: { node: "cp1" } }, "CN=system:node:cp1"],
    ["a name that begins with its own", { parts: { node: "w10" } }, "its subject is not node w1"],
    [
      "a second name",
      { parts: { moreSubject: [relativeName("commonName", "system:node:cp1")] } },
      "its subject",
    ],
    [
      "another group",
      { parts: { moreSubject: [relativeName("organization", "system:masters")] } },
      "its subject",
    ],
    ["names of a server", { parts: { names: [dns("w1")] } }, "it has names"],
    [
      "kubeadm's group of tokens",
      { groups: ["system:bootstrappers:kubeadm:default-node-token"] },
      "is not in",
    ],
    ["a group that only quotes the right one", { groups: [`a" "${JOIN_GROUP}" "b`] }, "is not in"],
    ["a node that is one already", { user: "system:node:w1" }, "no join credential"],
    ["the name of a credential within another", { user: 'x" "system:bootstrap:w1' }, "no join credential"],
    ["a certificate of servers", { usages: ["digital signature", "server auth"] }, "its usages are"],
    ["one for both", { usages: ["digital signature", "client auth", "server auth"] }, "its usages are"],
    ["something else than a request", { request: inApi("hello") }, "its subject"],
    ["another encoding", { parts: { longAt: "info" } }, "not the request that a kubelet writes"],
    [
      "another request after the honest one",
      {
        request: inApi(pem(keys.der({ node: "w1", names: [] })) + pem(keys.der({ node: "cp1", names: [] }))),
      },
      "not the request that a kubelet writes",
    ],
  ])("leaves %s pending, and says why", (_, asked, reason) => {
    const host = hostOf(settingsOf());
    const { approved, output } = judge(host, line("csr-1", asked));
    expect(approved).toEqual([]);
    expect(output).toContain("<5>left csr-1 of");
    expect(output).toContain(reason);
    expect(host.read("/run/pulumi-kubeadm-join-approver/pending/csr-1")).toContain(reason);
  });

  it("forgets what it left once it is gone", () => {
    const host = hostOf(settingsOf());
    judge(host, line("csr-1", { parts: { node: "w2" } }) + line("csr-2", { parts: { node: "w2" } }));
    judge(host, line("csr-2", { parts: { node: "w2" } }));
    const pending = "/run/pulumi-kubeadm-join-approver/pending";
    expect([host.read(`${pending}/csr-1`), host.read(`${pending}/csr-2`) !== ""]).toEqual(["", true]);
    judge(host, "");
    expect(host.read(`${pending}/csr-2`)).toBe("");
  });

  it("looks as soon as something happens, and ends with the watch", { timeout: 60_000 }, async () => {
    const host = hostOf(settingsOf());
    host.write("/requests", line("csr-1", {}));
    // The second event comes when the first was judged: a pipe, so that no clock is needed.
    spawn("mkfifo", [`${host.root}/events`]);
    host.command(
      "kubectl",
      `case "$*" in
"get certificatesigningrequests --watch"*)
  echo csr-1
  until grep -q "approve csr-1" "$ROOT/calls"; do sleep 0.05; done
  sed 's/csr-1/csr-2/' "$ROOT/requests" >"$ROOT/second" && mv "$ROOT/second" "$ROOT/requests"
  echo csr-2
  until grep -q "approve csr-2" "$ROOT/calls"; do sleep 0.05; done ;;
"get certificatesigningrequests"*) cat "$ROOT/requests" ;;
esac`,
    );
    const ended = await new Promise<number | null>((resolve) => {
      const child = spawn("bash", [`${host.root}/script`, "watch"], {
        env: { ...process.env, PATH: `${host.root}/bin:${process.env["PATH"] ?? ""}`, ROOT: host.root },
        stdio: "ignore",
      });
      child.on("close", resolve);
    });
    expect(ended).toBe(0);
    expect(host.calls()).toContain("kubectl certificate approve csr-2");
  });

  it("gives the group of join credentials roles, and kubeadm's group none", () => {
    expect(JOIN_ACCESS_FILE.content).toContain(JOIN_GROUP);
    expect(JOIN_ACCESS_FILE.content).not.toContain("default-node-token");
    expect(JOIN_ACCESS_FILE.content).not.toContain("certificatesigningrequests:nodeclient");
  });
});

describe.skipIf(!have("openssl") || !have("python3"))("approver of pools on AWS", () => {
  const settings = awsSettings();
  const node = "ip-10-0-1-20.eu-central-1.compute.internal";
  const general = { user: "system:bootstrap:general" };

  function pool(instances: string | undefined, there = "", asked: Asked = general, name = node) {
    const host = hostOf(settings);
    if (instances !== undefined) host.write("/instances", instances);
    host.write("/node", there);
    return { ...judge(host, line("csr-1", asked, name)), asked: host.read("/asked") };
  }

  it("asks EC2 for a running instance of that name with the tags of cluster and pool", () => {
    const { approved, asked, output } = pool("i-0a1 120\n");
    expect(approved, output).toEqual(["csr-1"]);
    expect(asked).toBe(`instance ${node} pulumi-kubeadm/cluster=dev pulumi-kubeadm/pool=general\n`);
  });

  it.each<[string, string | undefined, string, string]>([
    ["nobody's name", "", "", "knows no running instance"],
    ["two instances", "i-0a1 120\ni-0a2 120\n", "", "knows no running instance"],
    ["what EC2 is not asked for", undefined, "", "knows no running instance"],
    ["an instance of two days", "i-0a1 172800\n", "", "was launched 48 hours ago"],
    ["a node of another instance", "i-0a1 120\n", "aws:///eu-central-1a/i-0b2 False", "already, as i-0b2"],
    ["a node without an instance", "i-0a1 120\n", "<no value> Unknown", "is there already"],
    ["a node that lives", "i-0a1 120\n", "aws:///eu-central-1a/i-0a1 True", "already, and Ready"],
    [
      "a node that is down since long",
      "i-0a1 7200\n",
      "aws:///eu-central-1a/i-0a1 Unknown",
      "launched 120 minutes ago",
    ],
  ])("leaves %s pending", (_, instances, there, reason) => {
    const { approved, output } = pool(instances, there);
    expect(approved).toEqual([]);
    expect(output).toContain(reason);
  });

  it("lets an instance ask again whose boot failed after its Node was made", () => {
    expect(pool("i-0a1 900\n", "aws:///eu-central-1a/i-0a1 False").approved).toEqual(["csr-1"]);
  });

  it("does not let a pool's credential name a node like the pool, nor another pool's instance", () => {
    expect(pool("", "", general, "general").approved).toEqual([]);
    expect(pool("i-0a1 120\n", "", { user: "system:bootstrap:unknown" }).approved).toEqual([]);
  });

  it("approves a control-plane node by its own name, without asking EC2", () => {
    const { approved, asked } = pool(undefined, "", {}, "ip-10-0-0-10.eu-central-1.compute.internal");
    expect(approved).toEqual(["csr-1"]);
    expect(asked).toBe("");
  });
});
