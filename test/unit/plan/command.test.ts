import { execFile, fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { cleanUp, listing, newFolder } from "./support";

afterEach(cleanUp);

const root = path.resolve(__dirname, "../../..");
const metal = fs.readFileSync(path.join(root, "Pulumi.metal.yaml"), "utf8");

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

// No passphrase, no account, no engine; not even a command is to be found.
const env = { PATH: "/nonexistent", HOME: "/nonexistent", NODE_OPTIONS: "" };

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
    execFile(process.execPath, [...program, ...words], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({
        status: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      });
    });
  });
}

let answering: ChildProcess | undefined;
afterAll(() => answering?.kill());

/** What the command says, from one process for all tests of this file. */
async function run(folder: string, ...words: string[]): Promise<Ended> {
  answering ??= fork(path.join(__dirname, "answering.cjs"), { env, execArgv: [] });
  answering.send({ folder, words });
  const [ended] = (await once(answering, "message")) as [Ended];
  return ended;
}

function withSettings(change: (cluster: Record<string, unknown>) => void): string {
  const file = parse(metal) as { config: { "kubeadm:cluster": Record<string, unknown> } };
  change(file.config["kubeadm:cluster"]);
  return stringify(file);
}

describe("npm run plan", () => {
  it("plans metal without passphrase, account or engine", async () => {
    const folder = newFolder();
    fs.writeFileSync(path.join(folder, "Pulumi.metal.yaml"), metal);
    const { status, stdout, stderr } = await start(folder, "metal");
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
