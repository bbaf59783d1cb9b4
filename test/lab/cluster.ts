import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureTool, type Formers } from "../support/toolchain";
import type { RunResult } from "../support/run";
import { kubeconfigFile, runEngine, type EngineOptions, type EngineReport } from "./engine";
import { labSettings, type Settings, type Shape } from "./environment";
import { createEngineStack } from "../engine/harness";
import { Lab, type HostOptions } from "./lab";

/** What a test has seen, for whoever reads its output. */
export function saw(what: string): void {
  console.log(`      saw: ${what.trim().split("\n").join("\n           ")}`);
}

/** A lab with a cluster in it, for one suite. */
export class LabCluster {
  private constructor(
    readonly lab: Lab,
    public settings: Settings,
    readonly kubectlBinary: string,
  ) {}

  /** Makes a lab and boots the hosts; the cluster comes with `up`. A lab of that id from an earlier run goes first. */
  static async create(
    id: string,
    shape: Shape,
    options: { host?: HostOptions; spare?: readonly string[]; addons?: boolean } & Formers = {},
  ): Promise<LabCluster> {
    if (Lab.exists(id)) await Lab.load(id).down();
    await ensureTool("pulumi");
    const { addons, older, oldest } = options;
    const lab = await Lab.create({ id, addons, older, oldest });
    try {
      const names = [...shape.controlPlaneNodes, ...shape.workers, ...(options.spare ?? [])];
      for (const name of names) await lab.addHost(name, options.host);
      await Promise.all(names.map((name) => lab.startHost(name)));
      return new LabCluster(lab, await labSettings(lab, shape), await ensureTool("kubectl"));
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /** One operation of the engine with the settings as they are now; throws with the engine's words when it fails. */
  async engine(
    operation: "preview" | "up" | "refresh" | "destroy",
    options: EngineOptions = {},
  ): Promise<EngineReport> {
    const report = await this.attempt(operation, options);
    if (!report.ok) throw new Error(report.error);
    return report;
  }

  /** Like `engine`, for operations that are meant to fail. */
  async attempt(
    operation: "preview" | "up" | "refresh" | "destroy",
    options: EngineOptions = {},
  ): Promise<EngineReport> {
    const report = await runEngine(this.lab, operation, this.settings, options);
    if (report === undefined) throw new Error(`${operation} ended without a report`);
    return report;
  }

  async kubectl(...args: string[]): Promise<string> {
    return (await this.tryKubectl(args)).stdout;
  }

  tryKubectl(
    args: readonly string[],
    options: { allowFailure?: boolean; input?: string } = {},
  ): Promise<RunResult> {
    const env = { ...process.env, KUBECONFIG: kubeconfigFile(this.lab) };
    return this.lab.run([this.kubectlBinary, ...args], { env, timeout: 300_000, ...options });
  }

  /** Runs `npm run smoke` with these words, from outside the cluster. */
  smoke(...words: string[]): Promise<RunResult> {
    const program = [process.execPath, "--import", "tsx", path.resolve(__dirname, "../../smoke/main.ts")];
    const env = { ...process.env, KUBECONFIG: kubeconfigFile(this.lab) };
    return this.lab.run([...program, ...words], { env, allowFailure: true });
  }

  /** Writes the stack's state with its secrets, as `pulumi stack export --show-secrets` does; the file's path. */
  async stateFile(): Promise<string> {
    const file = this.lab.folder("stack.json");
    const engine = await createEngineStack({
      projectName: "pulumi-kubeadm",
      stackName: "lab",
      workDir: this.lab.folder("engine"),
      program: () => Promise.resolve({}),
    });
    fs.writeFileSync(file, JSON.stringify(await engine.exportState()), { mode: 0o600 });
    return file;
  }

  /** Runs one of the library's programs with the stack's state, from outside the cluster. */
  program(name: "doctor" | "rehearse", state: string, ...words: string[]): Promise<RunResult> {
    const main = path.resolve(__dirname, `../../${name}/main.ts`);
    const program = [process.execPath, "--import", "tsx", main, "--state", state];
    return this.lab.run([...program, ...words], { allowFailure: true });
  }

  /** Applies manifests given as JSON objects. */
  async apply(...objects: object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    await this.tryKubectl(["apply", "-f", "-"], { input: list });
  }

  /** Runs a shell line on a host as root. */
  async host(name: string, line: string): Promise<string> {
    return (await this.lab.exec(name, ["bash", "-c", line])).stdout;
  }

  async down(): Promise<void> {
    await this.lab.down();
  }

  /** Certificate of the cluster CA in the administrator's kubeconfig. */
  caCertificate(): string {
    const data = /certificate-authority-data: (\S+)/.exec(this.kubeconfig())?.[1] ?? "";
    return Buffer.from(data, "base64").toString("utf8");
  }

  /** The administrator's kubeconfig as the stack exported it. */
  kubeconfig(): string {
    return fs.readFileSync(kubeconfigFile(this.lab), "utf8");
  }
}

/** Asks again until the answer is taken, for events that nothing can be subscribed to; the last answer is in the error. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
  seconds = 120,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (accept(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > until) throw new Error(`${what}: not within ${seconds} s; last: ${String(last)}`);
    await delay(250);
  }
}
