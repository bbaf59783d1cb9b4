/** A node that joins a cluster whose other nodes are Ready: its step ends when it is Ready too, or says why it is not. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { nodeStepSpec } from "../../../components/machines/specs";
import type { NodeRecord } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { nodeLifecycle } from "../../../host/steps/node";
import { filesOfNode } from "../../../model/lifecycle/files";
import { CLUSTER_DOCUMENT } from "../../../model/lifecycle/parts";
import { RECORD_FILE, SETUP_FILE } from "../../../model/node/shell";
import { knownCluster, nodeIdentity } from "../../support/fromSettings";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";
import { Machine, SshHost } from "./sshHost";

const cluster = "ab".repeat(32);
const settings = settingsOf({
  machines: [controlPlaneNode("cp1", 11), controlPlaneNode("cp2", 12), machine("w1")],
});
const own = (name: string) => settings.machines.find((one) => one.name === name) ?? expect.fail(name);

let folder: string;
let machines: Map<string, { host: Machine; server: SshHost }>;
let said: string[];

/** What a job's script is for, where it would change this machine; and the wait in a hurry. */
function instead(name: string, script: string): string {
  const jobs: readonly [mark: string, does: string][] = [
    ['phase "kubeadm join"', `${name} joins`],
    ["labels and taints of", `${name} adopts`],
    ['phase "forget $machine"', `${name} forgets`],
    ["kubeadm kubeconfig user", `${name} gives a credential`],
  ];
  const found = jobs.find(([mark]) => script.includes(mark));
  if (found !== undefined)
    return [
      `echo "${found[1]}" >>"${folder}/log"`,
      found[1].endsWith("joins")
        ? `mkdir -p /etc/kubernetes; touch /etc/kubernetes/kubelet.conf; sed -i 's/"state":"joining"/"state":"joined"/' ${RECORD_FILE}`
        : ":",
      "",
    ].join("\n");
  const patience = fs.existsSync(`${folder}/patience`) ? fs.readFileSync(`${folder}/patience`, "utf8") : "0";
  const late = fs.existsSync(`${folder}/late`) ? "SECONDS=40; " : "";
  return script.replace(/^ready_within=.*$/m, `${late}ready_within=${patience}`);
}

/** `get nodes` are the names in `ready`; a Node's condition is what `condition` says, each look one line of it, the last for ever. */
const KUBECTL = `case "$*" in
*"get configmap kubeadm-config"*) cat "$C/document" ;;
*"get nodes "*) cat "$C/ready" ;;
*"get node "*) head -n 1 "$C/condition"; [ "$(wc -l <"$C/condition")" -lt 2 ] || sed -i 1d "$C/condition"; echo look >>"$C/looks" ;;
*"get pods "*) cat "$C/pods" 2>/dev/null ;;
esac`;

/** The only member of etcd is cp1's, and well. */
const ETCD = `case "$*" in
"ps "*) echo 0123abcd ;;
*"member list"*) echo "1, started, cp1, https://10.40.0.11:2380, https://10.40.0.11:2379, false" ;;
*"endpoint health"*) echo "https://10.40.0.11:2379 is healthy: successfully committed proposal: took = 9ms" ;;
esac`;

const put = (file: string, text: string): void => fs.writeFileSync(path.join(folder, file), text);
const read = (file: string): string[] =>
  fs.existsSync(path.join(folder, file))
    ? fs.readFileSync(path.join(folder, file), "utf8").split("\n").filter(Boolean)
    : [];

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ready-"));
  machines = new Map();
  said = [];
  for (const { name } of settings.machines) {
    const host = new Machine(["/etc/", "/var/lib/"], (script) => instead(name, script));
    for (const program of ["ss", "curl", "journalctl"]) host.program(program, "exit 0");
    host.program("sleep", "exec /bin/sleep 0.01");
    host.program("crictl", ETCD);
    host.program("kubectl", `C=${folder}\n${KUBECTL}`);
    host.write(SETUP_FILE, JSON.stringify({ machine: name, revision: 1, digest: "" }));
    machines.set(name, { host, server: await SshHost.start({ exec: host.exec() }) });
    record(name, name === "cp1" ? "joined" : "joining");
  }
  // The cluster has the configuration of the settings.
  const files = filesOfNode(nodeStepSpec(settings, own("cp1")).node, undefined);
  const document = files.find((file) => file.path === CLUSTER_DOCUMENT)?.content ?? expect.fail();
  machines.get("cp1")?.host.write(CLUSTER_DOCUMENT, document);
  put("document", document);
  put("ready", "cp1\n");
  put("condition", "True KubeletReady: kubelet is posting ready status\n");
});
afterEach(async () => {
  for (const { host, server } of machines.values()) {
    await server.stop();
    host.remove();
  }
  fs.rmSync(folder, { recursive: true });
});

function record(name: string, state: NodeRecord["state"]): void {
  const host = machines.get(name)?.host ?? expect.fail(name);
  host.write(RECORD_FILE, JSON.stringify({ ...nodeIdentity(settings, own(name), cluster), state }));
  if (state === "joined") host.write("etc/kubernetes/kubelet.conf", "");
}

async function create(name: string): Promise<void> {
  const connections = Object.fromEntries(
    [...machines].map(([one, { server }]) => [one, server.connection()]),
  );
  const input = { connections, files: [] };
  const say = (line: string): void => void said.push(line);
  const hosts = new Hosts(input, 20_000, say);
  const spec = { ...nodeStepSpec(settings, own(name)), machines: knownCluster(settings).machines };
  const context = { input, hosts, cluster, previous: undefined, values: {}, say };
  await nodeLifecycle({ ...context, operation: "create", spec }).finally(() => hosts.close());
}

const NETWORK =
  "False KubeletNotReady: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized\n";

it.each(["cp2", "w1"])("%s is waited for until it is Ready", async (name) => {
  put("patience", "600");
  put("condition", `\n${NETWORK}${NETWORK}True KubeletReady: kubelet is posting ready status\n`);
  await create(name);
  expect(read("log")).toContain(`${name} joins`);
  expect(read("looks")).toHaveLength(4);
});

it.each(["cp2", "w1"])(
  "%s of which its kubelet says that it is not Ready fails, with reason and cure",
  async (name) => {
    put("condition", NETWORK);
    put(
      "pods",
      "kube-system/kube-proxy-7 True\nkube-flannel/kube-flannel-ds-4 False PodInitializing ImagePullBackOff\n",
    );
    await expect(create(name)).rejects.toThrow(
      new RegExp(
        `^waiting for the node to be Ready failed in phase "node ${name} Ready" .*` +
          `node ${name} has joined, and after 0 s is not Ready, while others are \\(cp1\\): KubeletNotReady: container runtime network not ready: .*cni plugin not initialized\\. ` +
          "Not ready on it: kube-flannel/kube-flannel-ds-4 PodInitializing ImagePullBackOff\\. .*run up again.*" +
          `PULUMI_KUBEADM_FORCE_REMOVAL=${name}`,
      ),
    );
  },
);

it("a CNI that has no pod on the node shows by the pods that there are", async () => {
  put("condition", NETWORK);
  put("pods", "kube-system/etcd-cp2 True\nkube-system/kube-proxy-7 True\n");
  await expect(create("cp2")).rejects.toThrow(
    /The only pods on its host network, all ready: kube-system\/etcd-cp2, kube-system\/kube-proxy-7\. /,
  );
});

it("the next run does not join again, and waits again", async () => {
  put("condition", NETWORK);
  await expect(create("cp2")).rejects.toThrow("cni plugin not initialized");
  fs.rmSync(path.join(folder, "log"));
  await expect(create("cp2")).rejects.toThrow("cni plugin not initialized");
  put("condition", "True KubeletReady: kubelet is posting ready status\n");
  await create("cp2");
  expect(read("log")).toEqual(["cp2 adopts", "cp2 adopts"]);
});

it.each([
  ["cp1", "the first control-plane node, which nobody could let in"],
  ["cp2", "a control-plane node"],
  ["w1", "a worker"],
])("%s of a cluster without a Ready node is not waited for: %s", async (name) => {
  put("ready", `${name}\n`);
  put("condition", NETWORK);
  await create(name);
  expect(read("looks")).toEqual([]);
});

it("a machine that is to be removed by force is not waited for, and that is said", async () => {
  vi.stubEnv("PULUMI_KUBEADM_FORCE_REMOVAL", "cp2");
  put("condition", NETWORK);
  await create("cp2");
  expect(read("looks")).toEqual([]);
  expect(said).toContainEqual(
    "cp2: whether its node is Ready is not asked, because PULUMI_KUBEADM_FORCE_REMOVAL=cp2",
  );
});

it("what stands in the way is said when it takes longer than half a minute, once for each reason", async () => {
  put("patience", "600");
  put("condition", `${NETWORK}${NETWORK}False KubeletNotReady: PLEG\nTrue KubeletReady: well\n`);
  put("late", "");
  await create("w1");
  expect(said.filter((line) => line.includes("is not Ready yet"))).toEqual([
    `w1: node w1 is not Ready yet: ${NETWORK.slice("False ".length).trim()}`,
    "w1: node w1 is not Ready yet: KubeletNotReady: PLEG",
  ]);
});
