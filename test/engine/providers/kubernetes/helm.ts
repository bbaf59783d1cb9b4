/**
 * The `helm` binary, for what the original does with Helm's Go packages. The kubeconfig and the values of a release are in
 * files of a folder that nobody else may read, and that is gone when the command has ended.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { ensureTool } from "../../../support/toolchain";
import { isObject, type Value, type Values } from "../shared/values";
import { stringAt } from "./objects";
import { chartArguments, type ReleaseInfo } from "./releaseState";

/** What Helm's command says when it fails. */
class HelmError extends Error {}

export interface HelmTarget {
  /** Text of a kubeconfig. */
  readonly kubeconfig: string;
  readonly cancelled: AbortSignal;
}

/** Metadata of the chart that a release of these properties would be made of; no cluster is asked. */
export async function chartMetadata(release: Values, cancelled: AbortSignal): Promise<Values> {
  const text = await helm(["show", "chart", ...chartArguments(release)], { kubeconfig: "", cancelled });
  const document: unknown = parse(text);
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new HelmError("Chart.yaml is no object");
  return document as Values;
}

/** Runs a command that takes the release's values. */
export function withValues(args: readonly string[], release: Values, target: HelmTarget): Promise<string> {
  const values = release["values"];
  return helm(args, target, isObject(values) ? values : {});
}

/** What the cluster has of a release; undefined where it has none of that name. */
export async function findRelease(
  name: string,
  namespace: string,
  target: HelmTarget,
): Promise<ReleaseInfo | undefined> {
  const of = [name, "--namespace", namespace, "--output", "json"];
  try {
    const status = JSON.parse(await helm(["status", ...of], target)) as Values;
    const metadata = JSON.parse(await helm(["get", "metadata", ...of], target)) as Values;
    const info = status["info"];
    const config = status["config"];
    return {
      name,
      namespace,
      status: stringAt(info, "status"),
      revision: Number(status["version"]),
      manifest: stringAt(status, "manifest"),
      values: isObject(config) ? config : {},
      chart: stringAt(metadata, "chart"),
      version: stringAt(metadata, "version"),
      appVersion: stringAt(metadata, "appVersion"),
    };
  } catch (error) {
    if (error instanceof HelmError && error.message.includes("release: not found")) return undefined;
    throw error;
  }
}

/** Runs one command and returns what it printed; rejects with Helm's own words. */
export async function helm(args: readonly string[], target: HelmTarget, values?: Value): Promise<string> {
  const binary = await ensureTool("helm");
  const folder = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-helm-")); // 0700
  try {
    const kubeconfig = path.join(folder, "kubeconfig");
    writeFileSync(kubeconfig, target.kubeconfig, { mode: 0o600 });
    const more: string[] = [];
    if (values !== undefined) {
      const file = path.join(folder, "values.json"); // JSON is YAML
      writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
      more.push("--values", file);
    }
    return await output(binary, [...args, ...more], { ...process.env, KUBECONFIG: kubeconfig }, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function output(
  binary: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { cancelled }: HelmTarget,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    // Helm ends what it does, and with --atomic takes it back.
    const cancel = (): void => void child.kill("SIGTERM");
    cancelled.addEventListener("abort", cancel);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      cancelled.removeEventListener("abort", cancel);
      if (code === 0) return resolve(stdout);
      const said = stderr.trim().replace(/^(.*\n)*?(?=Error: )/, "");
      reject(new HelmError(said.replace(/^Error: /, "") || `helm ended with status ${code}`));
    });
  });
}
