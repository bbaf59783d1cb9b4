/**
 * The project as people run it: the CLI, and its own Node language host, which looks for the program. A build must not change
 * what runs. The language host is pulumi-language-nodejs of Pulumi's repository (`go build` in sdk/nodejs/cmd/pulumi-language-nodejs),
 * part of each release of the CLI.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run, type RunResult } from "../support/run";
import { newKey } from "../support/sshKey";
import { ensureTool } from "../support/toolchain";
import { describeWithLanguageHost } from "./available";
import { providerNames, writeLaunchers } from "./providers/shared/launch";

const root = path.resolve(__dirname, "../..");

/** What of the tree a project needs; no `dist`, which a test makes. */
const parts = [
  ..."aws.ts bin components examples host index.ts model package.json policy smoke stacks testing".split(" "),
  ..."Pulumi.yaml Pulumi.metal.yaml tsconfig.json tsconfig.build.json".split(" "),
];

describeWithLanguageHost("the program that the CLI runs", () => {
  let copy: string;
  let environment: NodeJS.ProcessEnv;
  let cli: string;

  beforeAll(async () => {
    cli = await ensureTool("pulumi");
    copy = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-entry-"));
    for (const part of parts) cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
    const providers = path.join(copy, "providers");
    writeLaunchers(providers, providerNames);
    environment = {
      ...process.env,
      PATH: [providers, path.dirname(cli), process.env["PATH"]].join(path.delimiter),
      PULUMI_BACKEND_URL: `file://${copy}`,
      PULUMI_HOME: path.join(copy, "home"),
      PULUMI_CONFIG_PASSPHRASE: "a passphrase for tests",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    await pulumi(["stack", "init", "metal"]);
    for (const name of ["operator", "backup"])
      await pulumi(["config", "set", "--secret", "--path", `kubeadm:secrets.${name}`], newKey().private);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const pulumi = (words: readonly string[], input = ""): Promise<RunResult> =>
    run([cli, ...words, "--non-interactive"], { cwd: copy, env: environment, input, allowFailure: true });

  const preview = async (): Promise<string> => {
    const { stdout, stderr } = await pulumi(["preview", "--stack", "metal"]);
    return stdout + stderr;
  };

  const build = (): Promise<RunResult> =>
    run([process.execPath, path.join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
      cwd: copy,
    });

  /** The stack's own program ran, without a word about where it was found. */
  function expectCluster(said: string): void {
    expect(said).toMatch(/kubeadm:index:Cluster +metal +create/);
    expect(said).toMatch(/\+ \d{2,} to create/);
    expect(said).not.toMatch(/to delete|entry point|Undefined value|SMOKE_DEFAULTS/);
  }

  it("is the stack's, without a warning, before anything is built", async () => {
    expect(existsSync(path.join(copy, "dist"))).toBe(false);
    expectCluster(await preview());
  });

  it("is the same after a build", async () => {
    await build();
    expect(existsSync(path.join(copy, "dist/index.js"))).toBe(true);
    expectCluster(await preview());
  });

  it("is the same from a folder below, with the project given by --cwd", async () => {
    const { stdout, stderr } = await run(
      [cli, "preview", "--stack", "metal", "--cwd", copy, "--non-interactive"],
      { cwd: path.join(copy, "model"), env: environment, allowFailure: true },
    );
    expectCluster(stdout + stderr);
  });

  it("is never the library: a project that names a folder is refused, and nothing is deleted", async () => {
    if (!existsSync(path.join(copy, "dist/index.js"))) await build();
    const file = path.join(copy, "Pulumi.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/^main: .*$/m, "main: stacks/"));
    const { status, stdout, stderr } = await pulumi(["preview", "--stack", "metal"]);
    writeFileSync(file, text);
    expect(stdout + stderr).toContain("main: stacks/index.ts");
    expect(stdout + stderr).not.toMatch(/to delete|kubeadm:|SMOKE_DEFAULTS/);
    expect(status).not.toBe(0);
  });

  it("refuses secrets that are not encrypted, and a file that is read in two ways, before any resource", async () => {
    const file = path.join(copy, "Pulumi.metal.yaml");
    const text = readFileSync(file, "utf8");
    const said = async (changed: string): Promise<string> => {
      writeFileSync(file, changed);
      const shown = await preview();
      expect(shown).not.toContain("kubeadm:index:Cluster");
      return shown;
    };
    const key = newKey().private;
    const indented = key.trimEnd().replaceAll("\n", "\n      ");
    const plain = `kubeadm:secrets:\n    operator: |\n      ${indented}\n`;
    const none = text.replace(/kubeadm:secrets:\n(?: {4}\w+:\n {6}secure: .*\n)+/, plain);
    expect(none).toContain(plain);
    const command = "pulumi config set --secret --path 'kubeadm:secrets.operator'";
    expect(await said(none)).toContain(command);
    // One secret that is encrypted makes the whole key secret to Pulumi.
    await pulumi(["config", "set", "--secret", "--path", "kubeadm:secrets.weave", "--stack", "metal"], "w");
    const one = readFileSync(file, "utf8");
    expect(one).toContain("weave:");
    const partly = await said(one);
    expect(partly).toContain(command);
    expect(partly).not.toContain(key.split("\n")[1]);
    expect(await said(text.replace("maxNodes: 256", "maxNodes: 0256"))).toContain("number 174");
    expect(await said(`${text}\n---\nconfig: {}\n`)).toContain("a second document");
    writeFileSync(file, text);
  });

  it("of each example is its own", async () => {
    for (const [example, made] of [
      ["own-program", /kubeadm:index:Cluster +shop/],
      ["parts", /kubeadm:index:Pki/],
    ] as const) {
      const cwd = path.join(copy, "examples", example);
      const ask = (words: readonly string[], input = "") =>
        run([cli, ...words, "--non-interactive"], { cwd, env: environment, input, allowFailure: true });
      await ask(["stack", "init", example]);
      await ask(["config", "set", "--secret", "operatorKey"], newKey().private);
      const { stdout, stderr } = await ask(["preview", "--stack", example]);
      expect(stdout + stderr, example).toMatch(made);
      expect(stdout + stderr, example).not.toMatch(/entry point|runs the library/);
    }
  });
});
