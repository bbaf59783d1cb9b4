import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
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

/** The command as `npm run plan` starts it, in a folder of its own. */
function run(folder: string, ...words: string[]): Promise<Ended> {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: { plan: string };
  };
  const [, ...start] = scripts.plan.split(" ").map((word) => {
    if (word === "tsx") return path.join(root, "node_modules/tsx/dist/loader.mjs");
    return word.includes("/") ? path.join(root, word) : word;
  });
  // No passphrase, no account, no engine; not even a command is to be found.
  const env = { PATH: "/nonexistent", HOME: folder, NODE_OPTIONS: "" };
  return new Promise((resolve) => {
    execFile(process.execPath, [...start, ...words], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({
        status: typeof error?.code === "number" ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      });
    });
  });
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
    const { status, stdout, stderr } = await run(folder, "metal");
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

  it("refuses secrets that are no text, and does not take them for encrypted ones", async () => {
    const folder = newFolder();
    fs.writeFileSync(
      path.join(folder, "Pulumi.metal.yaml"),
      `${metal}\n  kubeadm:secrets: { operator: 4711, other: { secure: AAA } }\n`,
    );
    const { status, stderr } = await run(folder, "metal");
    expect(status).toBe(1);
    expect(stderr).toContain("1 problem in the settings of metal");
    expect(stderr).toContain("kubeadm:secrets.operator: [hidden] is no text");
    expect(fs.readdirSync(folder)).toEqual(["Pulumi.metal.yaml"]);
  });

  it.each([[["--output", "x", "metal"]], [[]], [["metal", "prod"]], [["../metal"]]])(
    "ends wrong usage %j with status 2 and how it is used",
    async (words) => {
      const { status, stderr } = await run(newFolder(), ...words);
      expect(status).toBe(2);
      expect(stderr).toContain("Usage: npm run plan");
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );

  it("prints how it is used when asked", async () => {
    const { status, stdout, stderr } = await run(newFolder(), "--help");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("--config-file FILE");
  });
});
