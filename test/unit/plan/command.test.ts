import { execFile, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { largeAws } from "../../support/awsInput";
import { metalInput } from "../../support/settings";
import { answering, NOTHING_AROUND, type Ended } from "./answering";
import { cleanUp, listing, newFolder } from "./folder";

afterEach(cleanUp);

const root = path.resolve(__dirname, "../../..");
const metal = fs.readFileSync(path.join(root, "Pulumi.metal.yaml"), "utf8");

/** The command as `npm run plan` starts it. */
function start(folder: string, ...words: string[]): Promise<Ended> {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: { plan: string };
  };
  const [, ...program] = scripts.plan.split(" ").map((word) => {
    if (word === "tsx") return path.join(root, "node_modules/tsx/dist/loader.mjs");
    return word.includes("/") ? path.join(root, word) : word;
  });
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...program, ...words],
      { cwd: folder, env: NOTHING_AROUND },
      (error, stdout, stderr) => {
        resolve({
          status: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
          stdout,
          stderr,
        });
      },
    );
  });
}

const run = answering();

function withSettings(change: (cluster: Record<string, unknown>) => void): string {
  const file = parse(metal) as { config: { "kubeadm:cluster": Record<string, unknown> } };
  change(file.config["kubeadm:cluster"]);
  return stringify(file);
}

describe("npm run plan", () => {
  it("plans metal without passphrase, account or engine", async () => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, "Pulumi.metal.yaml"), metal);
    const { status, stdout, stderr } = await run(folder, "metal");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
    const written = listing(path.join(folder, "out/metal"));
    expect(written).toEqual(
      expect.arrayContaining(["index.html", "plan.json", "nodes/cp1/setup.sh", "manifests/flannel.yaml"]),
    );
    const { files } = JSON.parse(fs.readFileSync(path.join(folder, "out/metal/plan.json"), "utf8")) as {
      files: string[];
    };
    expect(written).toEqual([...files].sort());
  });

  it("ends wrong settings with status 1 and one report of all problems, and writes nothing", async () => {
    const folder = newFolder();
    const text = withSettings((cluster) => {
      cluster.network = { serviceCidr: "10.244.0.0/24", maxNodes: -1 };
      cluster.kubernetesVersoin = "1.36.4";
    });
    fs.writeFileSync(path.join(folder, "Pulumi.metal.yaml"), text);
    const { status, stdout, stderr } = await start(folder, "metal");
    expect(status).toBe(1);
    expect(stdout).toBe("");
    for (const word of ["network.serviceCidr", "network.maxNodes", "kubernetesVersoin", "kubernetesVersion"])
      expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(fs.readdirSync(folder)).toEqual(["Pulumi.metal.yaml"]);
  });

  it("leaves a former plan as it is when the settings turn wrong", async () => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, "Pulumi.metal.yaml"), metal);
    expect((await run(folder, "metal")).status).toBe(0);
    const before = listing(path.join(folder, "out/metal"));
    const { mtimeMs } = fs.statSync(path.join(folder, "out/metal/plan.json"));
    fs.writeFileSync(
      path.join(folder, "Pulumi.metal.yaml"),
      withSettings((cluster) => (cluster.machines = {})),
    );
    expect((await run(folder, "metal")).status).toBe(1);
    expect(listing(path.join(folder, "out/metal"))).toEqual(before);
    expect(fs.statSync(path.join(folder, "out/metal/plan.json")).mtimeMs).toBe(mtimeMs);
  });

  it("names the environments there are for one that is not, with status 1", async () => {
    const folder = newFolder();
    for (const name of ["metal", "lab"]) fs.writeFileSync(path.join(folder, `Pulumi.${name}.yaml`), metal);
    const { status, stderr } = await run(folder, "mettal");
    expect(status).toBe(1);
    expect(stderr).toContain("mettal");
    expect(stderr).toContain("lab, metal");
  });

  it("reports a key that stands twice with its line", async () => {
    const folder = newFolder();
    const file = path.join(folder, "other.yaml");
    fs.writeFileSync(file, metal.replace("      w2:\n", "      w1:\n"));
    const { status, stderr } = await run(folder, "metal", "--config-file", file);
    expect(status).toBe(1);
    expect(stderr).toMatch(/line \d+/);
    expect(stderr).toContain("w1");
    expect(fs.readdirSync(folder)).toEqual(["other.yaml"]);
  });

  it.each([
    ["a key in plain text", "operator: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n      b3BlbnNzaC1rZXk"],
    ["one that is not text", "operator: 4711"],
    ["one beside an encrypted one", "operator: abcdef\n    other: { secure: AAA }"],
  ])("refuses %s with the command that encrypts it, and shows nothing of it", async (_, secrets) => {
    const folder = newFolder();
    fs.writeFileSync(
      path.join(folder, "Pulumi.metal.yaml"),
      `${metal}\n  kubeadm:secrets:\n    ${secrets}\n`,
    );
    const { status, stdout, stderr } = await run(folder, "metal");
    expect(status).toBe(1);
    expect(stderr).toContain("1 problem in the settings of metal");
    expect(stderr).toContain("kubeadm:secrets.operator: [hidden] is not encrypted in Pulumi.metal.yaml");
    expect(stderr).toContain("pulumi config set --secret --path 'kubeadm:secrets.operator' < FILE");
    expect(stdout + stderr).not.toMatch(/4711|b3BlbnNzaC1rZXk|abcdef/);
    expect(fs.readdirSync(folder)).toEqual(["Pulumi.metal.yaml"]);
  });

  it("reads settings that were set as one text, as the program does", async () => {
    const folder = newFolder();
    const { config } = parse(metal) as { config: Record<string, unknown> };
    const text = JSON.stringify(config["kubeadm:cluster"]);
    fs.writeFileSync(
      path.join(folder, "Pulumi.metal.yaml"),
      stringify({ config: { "kubeadm:cluster": text } }),
    );
    expect(await run(folder, "metal")).toMatchObject({ status: 0, stderr: "" });
  });

  it.each([
    [
      "bytes that are not UTF-8",
      Buffer.from(metal.replace("example.internal", "ex\u00e4mple.internal"), "latin1"),
    ],
    ["a number that the CLI reads in base 8", Buffer.from(metal.replace("maxNodes: 256", "maxNodes: 0256"))],
    ["a second document", Buffer.from(`${metal}\n---\n${metal}`)],
  ])("refuses a file with %s", async (_, bytes) => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, "Pulumi.metal.yaml"), bytes);
    const { status, stderr } = await run(folder, "metal");
    expect(status).toBe(1);
    expect(stderr).toMatch(/UTF-8|number 174 to Pulumi's CLI|a second document/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([[["--output", "x", "metal"]], [[]], [["metal", "prod"]], [["../metal"]]])(
    "ends wrong usage %j with status 2 and how it is used",
    async (words) => {
      const { status, stderr } = await run(newFolder(), ...words);
      expect(status).toBe(2);
      expect(stderr).toContain("Usage: npx pulumi-kubeadm plan");
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );

  it("prints how it is used when asked", async () => {
    const { status, stdout, stderr } = await start(newFolder(), "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("--config-file FILE");
  });
});

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

/** The rule that lets workers' VXLAN in has another port, as a transformation of somebody's own makes it. */
const BLOCKING = `
const pulumi = require(${JSON.stringify(path.join(root, "node_modules/@pulumi/pulumi"))});
require(${JSON.stringify(path.join(root, "aws.ts"))});
const { Cluster } = require(${JSON.stringify(path.join(root, "index.ts"))});
const other = ({ type, name, props, opts }) =>
  type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" && name.endsWith("-worker-in-udp-8472-worker")
    ? { props: { ...props, fromPort: 4789, toPort: 4789 }, opts }
    : undefined;
new Cluster(
  "shop",
  { settings: { ...${JSON.stringify(largeAws())}, name: "shop" }, region: "eu-central-1" },
  { transformations: [other] },
);
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

function plan(clusters: readonly string[], more: Readonly<Record<string, boolean>> = {}): Promise<Planned> {
  return planOf(project(clusters, more));
}

async function planOf(folder: string): Promise<Planned> {
  const { status, stdout, stderr } = await run(folder, "prod");
  return { folder, status, output: stdout + stderr };
}

describe("in a project with its own program", () => {
  it("shows the cluster that the program creates, with the configuration of the stack and no passphrase", () => {
    const folder = project(["shop"]);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, "bin/cli.cjs"), "plan", "prod"],
      { cwd: folder, encoding: "utf8", env: NOTHING_AROUND },
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

  it("ends with status 2 where a flow is blocked, and shows which rule stops it", async () => {
    const folder = projectOf(BLOCKING, { "aws:region": "eu-central-1" });
    const { status, stdout, stderr } = await run(folder, "prod");
    expect(status, stdout + stderr).toBe(2);
    expect(stdout).toMatch(/flows +1 of \d+ are blocked/);
    const why = "shop-firewall-worker-in-udp-8472-worker is for udp 4789";
    expect(stdout).toContain(why);
    const read = (file: string): string => fs.readFileSync(path.join(folder, "out/prod", file), "utf8");
    const { reachability } = JSON.parse(read("plan.json")) as {
      reachability: { flows: { reason: string; blocked: { why: string }[] }[] };
    };
    const blocked = reachability.flows.filter((flow) => flow.blocked.length > 0);
    expect(blocked.map(({ reason }) => reason)).toEqual(["flannel VXLAN between nodes"]);
    expect(read("index.html")).toContain(why);
  });
});
