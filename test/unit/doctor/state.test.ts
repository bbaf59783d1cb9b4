import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as net from "node:net";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readState, StateError, type StackState } from "../../../doctor/state";
import { page } from "../../../doctor/page";
import { readFacts } from "../../../model/doctor/facts";
import { peersOf } from "../../../model/doctor/expected";
import { probeScript } from "../../../model/doctor/probe";
import { createCluster } from "../../../stacks/program";
import { record, type Recorded } from "../../../testing/recorder";
import { metalInput } from "../../support/settings";
import { someSecrets } from "../plan/support";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** As `pulumi stack export --show-secrets` writes a secret, in place of the SDK's envelope. */
function exported(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(exported);
  if (value === null || typeof value !== "object") return value;
  const entries = value as Record<string, unknown>;
  if (SIGNATURE in entries)
    return { [SIGNATURE]: entries[SIGNATURE], plaintext: JSON.stringify(exported(entries["value"])) };
  return Object.fromEntries(Object.entries(entries).map(([key, one]) => [key, exported(one)]));
}

function stateOf(resources: readonly Recorded[]): string {
  const rows = resources.map(({ urn, type, sent }) => ({ urn, type, inputs: exported(sent), outputs: {} }));
  return JSON.stringify({ version: 3, deployment: { resources: rows } });
}

let text: string;
let state: StackState;
const secrets = someSecrets();

beforeAll(async () => {
  const resources = await record(
    () => createCluster({ settings: metalInput() as never, secrets, environment: "metal" }),
    { onWarning: () => undefined },
  );
  text = stateOf(resources);
  state = readState(text);
}, 60_000);

describe("the state of a stack", () => {
  it("has every machine with its connection, its files and its node", () => {
    const { expected, connections } = state;
    const names = Object.keys((metalInput() as { machines: object }).machines);
    expect(expected.hosts.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(Object.keys(connections).sort()).toEqual([...names].sort());
    expect(connections[names[0]].privateKey).toBe(secrets["operator"]);
    for (const { files, units, links, node } of expected.hosts) {
      expect(files.map((file) => file.path)).toContain("/etc/crictl.yaml");
      expect(units).toContain("kubelet.service");
      expect(links.map((link) => link.path)).toContain("/usr/local/bin/kubelet");
      expect(node?.version).toBe(expected.kubernetesVersion);
    }
    expect(expected.fixed).toMatchObject({ podCidr: "10.244.0.0/16", cni: "flannel" });
    expect(expected.dnsAddress).toBe("10.96.0.10");
    expect(expected.renewBeforeDays).toBeGreaterThan(0);
  });

  it("has flannel's ConfigMap with its data, and what runs pods", () => {
    const { objects } = state.expected;
    const flannel = objects.find(({ name }) => name === "kube-flannel-cfg");
    expect(flannel?.data?.["net-conf.json"]).toContain("10.244.0.0/16");
    expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toContain("Deployment coredns");
  });

  it("has what an upgrade is judged by, unless an older library made it", () => {
    const names = Object.keys((metalInput() as { machines: object }).machines);
    expect(state.upgrade?.machines.map(({ name }) => name)).toEqual(names);
    expect(state.upgrade?.spec).toMatchObject({ images: { repository: "registry.k8s.io" }, ignore: [] });
    expect(readState(text.replaceAll('\\"upgrade\\"', '\\"other\\"')).upgrade).toBeUndefined();
  });

  it("is refused where it is none, has no cluster, or keeps its secrets", () => {
    expect(() => readState("{")).toThrow(StateError);
    expect(() => readState('{"deployment":{"resources":[]}}')).toThrow("the stack has no cluster");
    expect(() => readState(text.replaceAll('"plaintext"', '"ciphertext"'))).toThrow("--show-secrets");
  });
});

describe("the look at a host", () => {
  it("asks the control plane of every other node's kubelet, and everybody of every API server", () => {
    const { hosts } = state.expected;
    const [controlPlane] = hosts.filter(({ role }) => role === "controlPlane");
    const [worker] = hosts.filter(({ role }) => role === "worker");
    const ports = (own: typeof worker) => peersOf(hosts, own, {}).map(({ name, port }) => `${name} ${port}`);
    for (const { name } of hosts.filter((one) => one !== controlPlane))
      expect(ports(controlPlane)).toContain(`${name} 10250`);
    expect(ports(worker)).toContain(`${controlPlane.name} 6443`);
    expect(ports(worker)).not.toContain(`${controlPlane.name} 2379`);
    const overlay = { [controlPlane.nodeName]: "10.244.0.0" };
    expect(peersOf(hosts, worker, overlay)).toContainEqual({
      name: controlPlane.name,
      address: "10.244.0.0",
      port: 10250,
    });
  });

  it("does not grow with the square of the machines", () => {
    const [worker] = state.expected.hosts.filter(({ role }) => role === "worker");
    const many = Array.from({ length: 500 }, (_, index) => ({
      ...worker,
      name: `w${index}`,
      nodeName: `w${index}`,
    }));
    const overlay = Object.fromEntries(many.map(({ nodeName }) => [nodeName, "10.244.0.0"]));
    expect(peersOf(many, many[7], overlay).length).toBeLessThan(10);
  });

  it("tells a port where nobody listens from one that takes connections and whose large packets do not arrive", async () => {
    const [host] = state.expected.hosts;
    // The kernel takes connections for it, and nothing answers: this process waits for the script.
    const servers = [net.createServer(), net.createServer()];
    for (const server of servers) await once(server.listen(0, "127.0.0.1"), "listening");
    const [stalls = 0, closed = 0] = servers.map((server) => (server.address() as net.AddressInfo).port);
    await new Promise((resolve) => servers[1]?.close(resolve));
    const peers = [stalls, closed].map((port) => ({ name: "w1", address: "127.0.0.1", port }));
    const bare = { ...host, files: [], links: [], units: [], sysctls: [] };
    const { stdout } = spawnSync("bash", ["-c", probeScript(bare, peers)], { encoding: "utf8" });
    servers[0]?.close();
    const answers = readFacts(stdout, { clock: 0, from: 0, to: 0 }).probes.map(({ answer }) => answer);
    expect(answers).toEqual(["stalls", "refused"]);
  });

  it("is a script whose one line of JSON can be read, whatever the host has", () => {
    const [host] = state.expected.hosts;
    const here = path.join(__dirname, "healthy.ts");
    const files = [
      { path: here, mode: "644", sha256: "" },
      { path: "/nowhere/at all", mode: "644", sha256: "" },
    ];
    const script = probeScript({ ...host, files, sysctls: [{ key: "kernel.ostype", value: "Linux" }] }, []);
    const { stdout } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    const facts = readFacts(stdout, { clock: 10, from: 20, to: 30 });
    expect(facts.clockAhead).toBe(-10);
    expect(facts.files).toEqual([
      {
        path: here,
        state: "there",
        mode: expect.any(String) as string,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      { path: "/nowhere/at all", state: "noFolder" },
    ]);
    expect(facts.sysctls[0]).toMatchObject({ key: "kernel.ostype", value: "Linux" });
    expect(facts.disks.find((one) => one.path === "/")?.kib).toBeGreaterThan(0);
    expect(() => readFacts("nothing", { clock: 0, from: 0, to: 0 })).toThrow(RangeError);
  });
});

it("the page has notes of an upgrade, escaped", () => {
  const text = page({ findings: [], notes: ["pod/a <b>"], looked: { hosts: [], api: true } }, "api:6443");
  expect(text).toContain("<p>pod/a &lt;b&gt;</p>");
});

it("the page escapes what hosts say", () => {
  const finding = { check: "files", where: "w1", what: "<script>", cure: "&" };
  const text = page({ findings: [finding], looked: { hosts: ["w1"], api: true } }, "api:6443");
  expect(text).toContain("&lt;script&gt;");
  expect(text).not.toContain("<script>");
});
