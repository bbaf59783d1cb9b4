/** `npx pulumi-kubeadm plan` in a project with its own program. */
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { metalInput } from "../../support/settings";
import { cleanUp, newFolder } from "./support";

afterEach(cleanUp);

const root = path.resolve(__dirname, "../../..");

const PROGRAM = `
const pulumi = require(${JSON.stringify(path.join(root, "node_modules/@pulumi/pulumi"))});
const { Cluster } = require(${JSON.stringify(path.join(root, "index.ts"))});
const config = new pulumi.Config();
const given = ${JSON.stringify(metalInput())};
// Another provider makes it: nobody knows its address.
class Server extends pulumi.CustomResource {
  constructor(name) { super("cloud:index:Server", name, { address: undefined }); }
}
if (config.getBoolean("late")) given.machines.w1.nodeAddress = new Server("w1").address;
for (const name of config.requireObject("clusters")) {
  const secrets = config.get("whole") ? config.requireSecretObject("keys") : { operator: config.requireSecret("operatorKey") };
  // No two clusters have a host together.
  const own = name === "two" ? JSON.parse(JSON.stringify(given).replaceAll("192.0.2.", "198.51.100.")) : given;
  new Cluster(name, { settings: { ...own, name }, ...(config.getBoolean("bare") ? {} : { secrets }) });
}
`;

interface Planned {
  readonly folder: string;
  readonly status: number | null;
  readonly output: string;
}

function project(clusters: readonly string[], more: Readonly<Record<string, boolean>> = {}): string {
  const encrypted = { secure: "v1:AAAA" };
  const config = {
    "shop:clusters": clusters,
    "shop:operatorKey": encrypted,
    "shop:keys": encrypted,
    ...more,
  };
  return projectOf(PROGRAM, config);
}

/** @param config of the stack; undefined: it has no file */
function projectOf(program: string, config?: object): string {
  const folder = newFolder();
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\nmain: program.js\n");
  fs.writeFileSync(path.join(folder, "program.js"), program);
  if (config !== undefined) fs.writeFileSync(path.join(folder, "Pulumi.prod.yaml"), stringify({ config }));
  return folder;
}

const env = { PATH: "/nonexistent", HOME: "/nonexistent" };

let answering: ChildProcess | undefined;
afterAll(() => answering?.kill());

function plan(clusters: readonly string[], more: Readonly<Record<string, boolean>> = {}): Promise<Planned> {
  return planOf(project(clusters, more));
}

/** What the command says, from one process for several tests of this file. */
async function planOf(folder: string): Promise<Planned> {
  answering ??= fork(path.join(__dirname, "answering.cjs"), { env, execArgv: [] });
  answering.send({ folder, words: ["prod"] });
  const [ended] = (await once(answering, "message")) as [{ status: number; stdout: string; stderr: string }];
  return { folder, status: ended.status, output: ended.stdout + ended.stderr };
}

it("shows the cluster that the program creates, with the configuration of the stack and no passphrase", () => {
  const folder = project(["shop"]);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, "bin/cli.cjs"), "plan", "prod"],
    { cwd: folder, encoding: "utf8", env },
  );
  const output = stdout + stderr;
  expect(output).toMatch(/^Plan of prod: cluster shop on machines/);
  // Where they come from is the program's business.
  expect(output).not.toMatch(/secret/i);
  expect(status).toBe(0);
  const { resources } = JSON.parse(fs.readFileSync(path.join(folder, "out/prod/plan.json"), "utf8")) as {
    resources: { name: string }[];
  };
  expect(resources.map(({ name }) => name)).toContain("shop-control-plane-init");
});

it("shows the same where all secrets are one encrypted object, which a plan cannot read", async () => {
  const { status, output } = await plan(["shop"], { "shop:whole": true });
  expect(status, output).toBe(0);
  expect(output).toMatch(/^Plan of prod: cluster shop on machines/);
  expect(output).not.toMatch(/secret/i);
});

it("says when the program gives its cluster no secrets", async () => {
  expect((await plan(["shop"], { "shop:bare": true })).output).toContain(
    "! The program gives its Cluster no secrets",
  );
});

it("shows an address that is not known yet by its token, on all hosts whose firewall has it", async () => {
  const { folder, status, output } = await plan(["shop"], { "shop:late": true });
  expect(status, output).toBe(0);
  for (const name of ["cp1", "w1", "w2"])
    expect(fs.readFileSync(path.join(folder, `out/prod/nodes/${name}/setup.sh`), "utf8")).toContain(
      "${machines.w1.nodeAddress}",
    );
});

it.each([
  [[], /program\.js creates no Cluster, and Pulumi\.prod\.yaml has no kubeadm:cluster/],
  [["one", "two"], /program\.js creates 2 clusters \(one, two\); a plan shows one: let/],
])("says what it cannot show: clusters %j", async (clusters, message) => {
  const { status, output } = await plan(clusters);
  expect(output).toMatch(message);
  expect(status).toBe(1);
});

/** A program as people export it, which asks another stack and a provider. */
const ASKING = `
const pulumi = require(${JSON.stringify(path.join(root, "node_modules/@pulumi/pulumi"))});
const { Cluster, WorkerPool } = require(${JSON.stringify(path.join(root, "index.ts"))});
const settings = ${JSON.stringify(metalInput())};
module.exports = async () => {
  settings.machines.w1.nodeAddress = new pulumi.StackReference("acme/network/prod").requireOutput("w1");
  const image = pulumi.runtime.invokeOutput("cloud:index/getImage:getImage", { name: "debian" });
  const cluster = new Cluster("shop", { settings, secrets: { operator: pulumi.secret("key") } });
  return { image: image.apply(({ names }) => names[0]), kubeconfig: cluster.kubeconfig };
};
`;

it("runs what the program exports, whatever it asks for, in a stack without a file", async () => {
  const { folder, status, output } = await planOf(projectOf(ASKING));
  expect(status, output).toBe(0);
  expect(output).toMatch(/^Plan of prod: cluster prod on machines/);
  expect(fs.readFileSync(path.join(folder, "out/prod/plan.json"), "utf8")).toContain(
    "${machines.w1.nodeAddress}",
  );
});

it("shows no lines of the stack's file where the program has the settings", async () => {
  const wrong = `${ASKING.replace("settings.machines.w1.nodeAddress", "settings.podCIDR")}`;
  const { status, output } = await planOf(projectOf(wrong, { "shop:size": "small" }));
  expect(output).toContain("podCIDR: an output must be a plain value");
  expect(output).not.toMatch(/^ *\d+ \|/m);
  expect(status).toBe(1);
});

it("fails where a run of the program would", async () => {
  const forgotten = ASKING.replace(
    "const image",
    `const { role, pool, ...machine } = settings.machines.w1;
     new WorkerPool("gpu", { machines: { gpu: { ...machine, host: "192.0.2.99", nodeAddress: "10.40.0.99" } } });
     const image`,
  );
  const { status, output } = await planOf(projectOf(forgotten));
  expect(output).toContain("pool gpu is in no cluster: pass the WorkerPool to a Cluster in pools");
  expect(output).not.toContain("Plan of prod");
  expect(status).toBe(1);
});

it("names the function whose result the program awaits and a plan does not know", async () => {
  const awaiting = ASKING.replace(
    "const image",
    `settings.name = (await pulumi.runtime.invoke("cloud:index/getName:getName", {})).names[0];
     const image`,
  );
  const { status, output } = await planOf(projectOf(awaiting));
  expect(output).toMatch(
    /^error: program\.js: Cannot read properties of undefined .* cloud:index\/getName:getName:/,
  );
  expect(status).toBe(1);
});
