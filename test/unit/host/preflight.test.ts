import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Connection, InitSpec, NodeRecord } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import type { StepContext } from "../../../host/step";
import { init } from "../../../host/steps/init";
import { preflight, type LookSpec } from "../../../host/steps/preflight";
import { RECORD_FILE, SETUP_FILE } from "../../../model/node/shell";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { newKey } from "../../support/sshKey";
import { Machine, otherHostKey, SshHost } from "./sshHost";
import { nodeIdentity } from "../../support/fromSettings";
import { checkedMachines, initSpec, preflightSpec } from "../../../components/machines/specs";
import { immutableSettings } from "../../../model/settings/specs";

const cluster = "ab".repeat(32);
const settings = settingsOf({ machines: [controlPlaneNode("cp1", 11), machine("w1")] });
const names = ["cp1", "w1"];

let hosts: Map<string, { host: Machine; server: SshHost }>;
let open: Hosts[];
let told: string[];

beforeEach(async () => {
  open = [];
  told = [];
  hosts = new Map();
  for (const name of names) {
    const host = new Machine(["/etc/", "/var/lib/"]);
    host.program("ss", "exit 0");
    host.program("hostname", `echo ${name}`);
    host.write("etc/machine-id", `${name}\n`);
    host.write("etc/kubernetes/kubelet.conf", "");
    host.write(RECORD_FILE, JSON.stringify(record(name)));
    hosts.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
  }
});

afterEach(async () => {
  for (const one of open) one.close();
  for (const { host, server } of hosts.values()) {
    await server.stop();
    host.remove();
  }
});

function record(name: string): NodeRecord {
  const own = settings.machines.find((one) => one.name === name);
  if (!own) throw new Error(name);
  return { ...nodeIdentity(settings, own, cluster), state: "joined" };
}

const host = (name: string): Machine => hosts.get(name)?.host ?? expect.fail(name);

/** What the step is told, with the machines that come by standard input. */
function lookOf(wanted: ClusterSettings): LookSpec {
  return { ...preflightSpec(wanted), machines: checkedMachines(wanted) };
}

function context<T extends LookSpec | InitSpec>(spec: T): StepContext<T> {
  const connections = Object.fromEntries([...hosts].map(([name, { server }]) => [name, server.connection()]));
  const dialled = new Hosts({ connections, files: [] }, 20_000, () => undefined);
  open.push(dialled);
  return {
    operation: "update",
    spec,
    input: { connections, files: [] },
    hosts: dialled,
    cluster,
    previous: undefined,
    values: {},
    say: (line) => void told.push(line),
  };
}

function look(over: Partial<ClusterSettings> = {}): Promise<unknown> {
  const wanted = { ...settings, ...over };
  return preflight(context(lookOf(wanted)));
}

/** Every change is told, and no host was asked to do anything but to show its state. */
async function refused(over: Partial<ClusterSettings>, ...texts: string[]): Promise<void> {
  const before = names.map((name) => host(name).read(RECORD_FILE));
  const said = await look(over).then(
    () => "",
    (error: unknown) => String(error),
  );
  for (const text of texts) expect(said).toContain(text);
  expect(names.map((name) => host(name).read(RECORD_FILE))).toEqual(before);
  for (const { server } of hosts.values())
    expect(server.commands.filter((command) => /systemd-run/.test(command))).toEqual([]);
}

describe("the look at a living cluster", () => {
  it("takes what it was made with", async () => {
    await expect(look()).resolves.toEqual({ cluster });
  });

  it("tells which requests for a node's identity were left pending", async () => {
    const left = 'left csr-1 of "system:bootstrap:w1" pending: its subject is not node w1';
    host("cp1").write("run/pulumi-kubeadm-join-approver/pending/csr-1", `${left}\n`);
    await look();
    expect(told).toContain(`cp1: a join request was not approved: ${left}`);
  });

  it("refuses what only half of a cluster would follow, of every machine at once", async () => {
    await refused(
      {
        machines: [controlPlaneNode("cp1", 11), machine("w1", { nodeAddress: "10.40.0.99" })],
        network: { ...settings.network, clusterDomain: "k8s.example" },
        cni: { kind: "weave", backend: "fastdp", networkPolicy: false, resources: {} },
      },
      "cp1: network.clusterDomain: the living cluster has cluster.local",
      "cni.kind: the living cluster has flannel, but the settings say weave",
      "machines.w1.nodeAddress: the node joined with 10.40.0.21, but the settings say 10.40.0.99",
    );
  });

  it("refuses another name and another role for a living node", async () => {
    host("w1").write(RECORD_FILE, JSON.stringify({ ...record("w1"), machine: "w8" }));
    await refused({}, "w1: is the node w8 of this cluster; a node's name cannot change");
    host("w1").write(RECORD_FILE, JSON.stringify(record("w1")));
    await refused(
      { machines: [controlPlaneNode("cp1", 11), controlPlaneNode("w1", 21)] },
      "w1: is a worker of this cluster and cannot change into a controlPlane",
    );
  });

  describe("over several minor versions", () => {
    const old = { ...record("cp1"), version: "1.34.4" };

    it("refuses a control-plane node that would join before the others go there", async () => {
      host("cp1").write(RECORD_FILE, JSON.stringify(old));
      host("w1").write(RECORD_FILE, JSON.stringify({ ...record("w1"), version: "1.34.4" }));
      const raised = [{ ...controlPlaneNode("cp1", 11), revision: 2 }, machine("w1")];
      await refused(
        { machines: raised },
        "cp1: kubernetesVersion: it would join with 1.36.4 before the control plane, of 1.34.4, goes there. Upgrade the nodes that are there first",
      );
    });

    it("refuses to take an API server back that went ahead of its kubelet", async () => {
      host("cp1").write(RECORD_FILE, JSON.stringify(old));
      host("cp1").write(
        "etc/kubernetes/manifests/kube-apiserver.yaml",
        "    image: registry.k8s.io/kube-apiserver:v1.36.5\n",
      );
      await refused(
        {},
        "cp1: kubernetesVersion: an upgrade has brought the API server to 1.36.5, and it cannot go back to 1.36.4",
      );
    });
  });

  it("refuses another issuer of tokens, told by the API server's own flags", async () => {
    host("cp1").write(
      "etc/kubernetes/manifests/kube-apiserver.yaml",
      "    - --service-account-issuer=https://kubernetes.default.svc.cluster.local\n",
    );
    await refused(
      { apiServer: { extraArgs: { "service-account-issuer": "https://id.example.com" }, certSans: [] } },
      "cp1: the issuer of service-account tokens",
    );
    await expect(look()).resolves.toEqual({ cluster });
  });

  it("goes by the node's own files where the record is an old one", async () => {
    const { nodeAddress: _address, clusterDomain: _domain, ...old } = record("w1");
    host("w1").write(RECORD_FILE, JSON.stringify(old));
    host("w1").write(
      "var/lib/kubelet/kubeadm-flags.env",
      'KUBELET_KUBEADM_ARGS="--node-ip=10.40.0.20 --x=y"\n',
    );
    host("w1").write("var/lib/kubelet/config.yaml", "clusterDomain: old.example\n");
    await refused(
      {},
      "w1: network.clusterDomain: the living cluster has old.example",
      "machines.w1.nodeAddress: the node joined with 10.40.0.20, but the settings say 10.40.0.21",
    );
  });
});

describe("init of a living cluster", () => {
  it("compares with the settings of this run, although its own specification is that of the first", async () => {
    const spec: InitSpec = initSpec(settings);
    const previous = { cluster, ...immutableSettings(settings) };
    const update = (fixed: ReturnType<typeof immutableSettings>) =>
      init({ ...context(spec), previous, fixed });
    await expect(update(immutableSettings(settings))).resolves.toEqual(previous);
    await expect(update({ ...immutableSettings(settings), cni: "calico" })).rejects.toThrow(
      "cni.kind: the living cluster has flannel, but the settings say calico",
    );
  });
});

/** Makes a host show the files of a living node. */
function living(name: string, over: { ca?: string; node?: string; version?: string } = {}): void {
  const one = host(name);
  one.write("etc/kubernetes/pki/ca.crt", over.ca ?? CA);
  one.program(
    "openssl",
    `printf 'subject=\\n    commonName                = system:node:%s\\n' '${over.node ?? name}'`,
  );
  one.write("var/lib/kubelet/pki/kubelet-client-current.pem", "as openssl says");
  const version = over.version ?? settings.kubernetesVersion;
  one.link("usr/local/bin/kubelet", `/opt/pulumi-kubeadm/kubelet/${version}/bin/kubelet`);
  one.write(SETUP_FILE, JSON.stringify({ machine: name, revision: 1, digest: "d" }));
  if (name !== "cp1") return;
  one.write("etc/kubernetes/manifests/kube-apiserver.yaml", "");
  one.write("var/lib/etcd/member/snap/db", "");
}

/** What a control-plane node says of the cluster's nodes. */
function nodesOf(...list: readonly string[]): void {
  const text = list.map((name) => `node/${name}\\n`).join("");
  host("cp1").program("kubectl", `printf '${text}'`);
}

const CA = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const caHash = createHash("sha256").update(CA.trim()).digest("hex");

describe("a record that cannot be read", () => {
  let told: string[];
  const lookAgain = (over: Partial<LookSpec> = {}): Promise<unknown> => {
    told = [];
    const spec: LookSpec = { ...lookOf(settings), ...over };
    return preflight({ ...context(spec), cluster: caHash, say: (line) => void told.push(line) });
  };

  beforeEach(() => {
    for (const name of names) {
      living(name);
      host(name).write(RECORD_FILE, JSON.stringify({ ...record(name), cluster: caHash }));
    }
  });

  it.each([
    ["empty", ""],
    ["cut off", '{"cluster":"ab'],
    ["full of zeros", "\0".repeat(400)],
    ["JSON of something else", "[1]"],
    ["on two lines", '{"cluster":\n"x"'],
  ])("is made again from a living control-plane node that is certain, when it is %s", async (_, text) => {
    host("cp1").write(RECORD_FILE, text);
    await expect(lookAgain()).resolves.toEqual({ cluster: caHash });
    expect(told).toEqual([
      expect.stringMatching(/^cp1: .*node\.json on it cannot be read; using what the node itself shows/),
    ]);
  });

  it.each([
    ["another CA", { ca: CA.replace("AAAA", "BBBB") }, /its CA .* is not this cluster's/],
    ["the certificate of another node", { node: "cp9" }, /its kubelet has the certificate of node cp9/],
  ])("never leads to advice to reset the host: with %s", async (_, over, text) => {
    living("cp1", over);
    host("cp1").write(RECORD_FILE, "");
    const said = String(await lookAgain().catch((error: unknown) => error));
    expect(said).toMatch(text);
    expect(said).toContain("Do not reset the host");
    expect(said).not.toMatch(/kubeadm reset|delete \/var/);
    // What to write is there, and would be read.
    const line =
      said
        .split("\n")
        .find((one) => one.startsWith('  | {"podCidr"'))
        ?.slice(4) ?? "";
    host("cp1").write(RECORD_FILE, line);
    // The record alone makes no node of this cluster out of one with another CA.
    const again = await lookAgain().catch((error: unknown) => String(error));
    if ("ca" in over) expect(again).toMatch(/cluster CA is not the stack's first one/);
    else expect(again).toEqual({ cluster: caHash });
  });

  it("does not tell the revision of the only control-plane node by what is wanted", async () => {
    host("cp1").write(RECORD_FILE, "");
    host("cp1").write(SETUP_FILE, "");
    const said = String(await lookAgain().catch((error: unknown) => error));
    expect(said).toContain("setup.json does not contain its revision");
    expect(said).toContain("Do not reset the host");
    host("cp1").write(SETUP_FILE, JSON.stringify({ machine: "cp1", revision: 1, digest: "" }));
    const raised = settingsOf({ machines: [controlPlaneNode("cp1", 11, { revision: 2 }), machine("w1")] });
    await expect(lookAgain(lookOf(raised))).rejects.toThrow(/it is the only/);
  });

  it("is told from one of a cluster that somebody else made, when it is not there at all", async () => {
    fs.rmSync(path.join(host("w1").root, RECORD_FILE));
    const said = async (): Promise<string> => String(await lookAgain({}).catch((error: unknown) => error));
    nodesOf("cp1");
    expect(await said()).toMatch(/w1: .*is missing, empty or damaged.*Do not reset the host/);
    living("w1", { ca: CA.replace("AAAA", "BBBB") });
    expect(await said()).toMatch(/w1: is a node of a cluster that this library did not create/);
  });

  it("of a setup alone is not a problem", async () => {
    host("w1").write(SETUP_FILE, "");
    await expect(lookAgain()).resolves.toEqual({ cluster: caHash });
  });
});

describe("one odd worker", () => {
  let told: string[];
  const update = (over: Partial<StepContext<LookSpec>> = {}): Promise<unknown> => {
    told = [];
    const spec = lookOf(settings);
    return preflight({ ...context(spec), say: (line) => void told.push(line), ...over });
  };
  const server = (name: string): SshHost => hosts.get(name)?.server ?? expect.fail(name);
  /** Connections of which one is wrong. */
  const wrong = (name: string, over: object): Partial<StepContext<LookSpec>> => {
    const connections = Object.fromEntries(
      names.map((one) => [one, { ...server(one).connection(), ...(one === name ? over : {}) }]),
    );
    const dialled = new Hosts({ connections, files: [] }, 20_000, () => undefined);
    open.push(dialled);
    return { hosts: dialled, input: { connections, files: [] } };
  };

  beforeEach(() => nodesOf("cp1", "w1"));

  it("with another host key does not stop a change of the others", async () => {
    await expect(update(wrong("w1", { hostKey: otherHostKey() }))).resolves.toEqual({ cluster });
    expect(told).toEqual([expect.stringMatching(/^w1: .*host key.*continues without it/s)]);
  });

  it("with a login that is refused does not stop a change of the others", async () => {
    await expect(update(wrong("w1", { privateKey: newKey().private }))).resolves.toEqual({ cluster });
    expect(told).toEqual([expect.stringMatching(/^w1: .*does not accept.*continue(s|ing) without it/s)]);
  });

  it("with a clock that is off does not stop a change of the others", async () => {
    host("w1").program("date", "echo 1000000000");
    await expect(update()).resolves.toEqual({ cluster });
    expect(told).toEqual([
      expect.stringMatching(/^w1: its clock is .* behind .*continue(s|ing) without it/s),
    ]);
  });

  it("with a record that cannot be read does not stop a change of the others", async () => {
    host("w1").write(RECORD_FILE, "");
    await expect(update()).resolves.toEqual({ cluster });
    expect(told).toEqual([
      expect.stringMatching(/^w1: .*Do not reset the host.*continue(s|ing) without it/s),
    ]);
  });

  it.each([
    ["that is not a node yet", ["cp1"]],
    ["where no control-plane node can say so", []],
  ])("stops everything %s", async (_, list) => {
    nodesOf(...list);
    await expect(update(wrong("w1", { hostKey: otherHostKey() }))).rejects.toThrow(/host key/);
    expect(told).toEqual([]);
  });

  it("stops everything at the first look, and so does an odd control-plane node at any", async () => {
    await expect(
      update({ ...wrong("w1", { hostKey: otherHostKey() }), operation: "create" }),
    ).rejects.toThrow(/host key/);
    await expect(update(wrong("cp1", { hostKey: otherHostKey() }))).rejects.toThrow(/cp1: .*host key/);
    host("cp1").program("date", "echo 1000000000");
    await expect(update()).rejects.toThrow(/cp1: its clock/);
  });

  it("does not hide what is wrong with the settings", async () => {
    host("w1").write(RECORD_FILE, JSON.stringify({ ...record("w1"), podCidr: "10.9.0.0/16" }));
    await expect(update()).rejects.toThrow(/w1: .*podCidr/);
  });
});

describe("a bastion", () => {
  async function through(bastion: Connection): Promise<unknown> {
    const { input, ...rest } = context(lookOf(settings));
    const all = { ...input, bastion };
    const dialled = new Hosts(all, 100, () => undefined);
    open.push(dialled);
    return preflight({ ...rest, input: all, hosts: dialled });
  }

  it("is logged in to once for all machines, and left when they have been looked at", async () => {
    const bastion = await SshHost.start();
    await expect(through(bastion.connection())).resolves.toEqual({ cluster });
    await bastion.empty();
    expect([bastion.dials, bastion.forwarded.length]).toEqual([1, names.length]);
    await bastion.stop();
  });

  it("that lets nobody through stops everything: nothing is known of the machines", async () => {
    const bastion = await SshHost.start();
    const connection = bastion.connection();
    await bastion.stop();
    await expect(through(connection)).rejects.toThrow(
      /^cp1: cannot be reached .*: bastion 127\.0\.0\.1: connect ECONNREFUSED.*\. The same problem on w1$/s,
    );
    expect(told).toEqual([]);
  });
});

it("says what is wrong with addresses that came late before it dials anybody", async () => {
  const { input, ...rest } = context(lookOf(settings));
  const late = preflight({ ...rest, input: { ...input, problems: "2 problems in the settings of dev" } });
  await expect(late).rejects.toThrow("2 problems in the settings of dev");
  expect([...hosts.values()].map(({ server }) => server.dials)).toEqual([0, 0]);
});

describe("machines that the same program makes", () => {
  const created = names;
  const place = (name: string) => `${name} 127.0.0.1`;

  /** With these seen by the run before; w1 has gone since when it is `dead`. */
  async function lookAgain(
    reached: readonly string[],
    dead = false,
  ): Promise<{ waited: string[]; result: unknown }> {
    const { input, ...rest } = context(lookOf(settings));
    const all = { ...input, created };
    const dialled = new Hosts(all, 100, () => undefined);
    open.push(dialled);
    const waited: string[] = [];
    vi.spyOn(dialled, "boot").mockImplementation((machine) => {
      waited.push(machine);
      return Promise.resolve();
    });
    if (dead) await hosts.get("w1")?.server.stop();
    const result = await preflight({ ...rest, input: all, hosts: dialled, previous: { reached } });
    return { waited, result };
  }

  it("are waited for until a run has reached them", async () => {
    expect(await lookAgain([])).toEqual({
      waited: names,
      result: { cluster, reached: names.map(place) },
    });
    expect((await lookAgain([place("cp1")])).waited).toEqual(["w1"]);
  });

  it("are waited for again at another address", async () => {
    expect((await lookAgain(["cp1 10.0.0.9", place("w1")])).waited).toEqual(["cp1"]);
  });

  it("are not waited for when they die later", async () => {
    expect(await lookAgain(names.map(place), true)).toEqual({
      waited: [],
      result: { cluster, reached: names.map(place) },
    });
  });
});
