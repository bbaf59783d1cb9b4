import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InitSpec, Member, PreflightSpec } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import type { StepContext } from "../../../host/step";
import { init } from "../../../host/steps/init";
import { preflight } from "../../../host/steps/preflight";
import { fixedFacts } from "../../../model/fixedFacts";
import { serviceAccountIssuers } from "../../../model/kubeadm/issuer";
import { memberFacts } from "../../../model/membership/member";
import { MEMBER_FILE } from "../../../model/membership/shell";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { preflightView } from "../../../model/views";
import { machine, master, settingsOf } from "../../support/kubeadmSettings";
import { Machine, SshHost } from "./sshHost";

const cluster = "ab".repeat(32);
const settings = settingsOf({ machines: [master("cp1", 11), machine("w1")] });
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
    host.write("bin/ss", "#!/bin/sh\nexit 0\n", 0o755);
    host.write("bin/hostname", `#!/bin/sh\necho ${name}\n`, 0o755);
    host.write("etc/machine-id", `${name}\n`);
    host.write("etc/kubernetes/kubelet.conf", "");
    host.write(MEMBER_FILE, JSON.stringify(record(name)));
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

function record(name: string): Member {
  const own = settings.machines.find((one) => one.name === name);
  if (!own) throw new Error(name);
  return { ...memberFacts(settings, own, cluster), state: "member" };
}

const host = (name: string): Machine => hosts.get(name)?.host ?? expect.fail(name);

function context<T extends PreflightSpec | InitSpec>(spec: T): StepContext<T> {
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
  const machines = wanted.machines.map((one) => one.name);
  return preflight(
    context({
      step: "preflight",
      machines,
      settings: preflightView(wanted),
      issuers: serviceAccountIssuers(wanted),
    }),
  );
}

/** Every change is told, and no host was asked to do anything but to show its state. */
async function refused(over: Partial<ClusterSettings>, ...texts: string[]): Promise<void> {
  const before = names.map((name) => host(name).read(MEMBER_FILE));
  const said = await look(over).then(
    () => "",
    (error: unknown) => String(error),
  );
  for (const text of texts) expect(said).toContain(text);
  expect(names.map((name) => host(name).read(MEMBER_FILE))).toEqual(before);
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
    expect(told).toContain(`cp1: a join was not approved: ${left}`);
  });

  it("refuses what only half of a cluster would follow, of every machine at once", async () => {
    await refused(
      {
        machines: [master("cp1", 11), machine("w1", { nodeAddress: "10.40.0.99" })],
        network: { ...settings.network, clusterDomain: "k8s.example" },
        cni: { kind: "weave", backend: "fastdp", networkPolicy: false, resources: {} },
      },
      "cp1: network.clusterDomain: the living cluster has cluster.local",
      "cni.kind: the living cluster has flannel, the settings say weave",
      "machines.w1.nodeAddress: the node joined with 10.40.0.21, the settings say 10.40.0.99",
    );
  });

  it("refuses another name and another role for a living node", async () => {
    host("w1").write(MEMBER_FILE, JSON.stringify({ ...record("w1"), machine: "w8" }));
    await refused({}, "w1: is the node w8 of this cluster; a node's name cannot change");
    host("w1").write(MEMBER_FILE, JSON.stringify(record("w1")));
    await refused(
      { machines: [master("cp1", 11), master("w1", 21)] },
      "w1: is a worker of this cluster and cannot become a controlPlane",
    );
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
    host("w1").write(MEMBER_FILE, JSON.stringify(old));
    host("w1").write(
      "var/lib/kubelet/kubeadm-flags.env",
      'KUBELET_KUBEADM_ARGS="--node-ip=10.40.0.20 --x=y"\n',
    );
    host("w1").write("var/lib/kubelet/config.yaml", "clusterDomain: old.example\n");
    await refused(
      {},
      "w1: network.clusterDomain: the living cluster has old.example",
      "machines.w1.nodeAddress: the node joined with 10.40.0.20, the settings say 10.40.0.21",
    );
  });
});

describe("init of a living cluster", () => {
  it("compares with the settings of this run, although its own specification is that of the first", async () => {
    const spec: InitSpec = { step: "init", masters: ["cp1"], settings };
    const previous = { cluster, ...fixedFacts(settings) };
    const update = (fixed: ReturnType<typeof fixedFacts>) => init({ ...context(spec), previous, fixed });
    await expect(update(fixedFacts(settings))).resolves.toEqual(previous);
    await expect(update({ ...fixedFacts(settings), cni: "calico" })).rejects.toThrow(
      "cni.kind: the living cluster has flannel, the settings say calico",
    );
  });
});
