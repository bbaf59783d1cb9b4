/**
 * The real Pulumi engine for tests: the Automation API with a program in this process, the real CLI, a file backend
 * and providers from `providers/` (or the official ones, see `providers/shared/launch.ts`), all in one folder. What
 * the engine says is kept word by word, so that a test can search it for secrets.
 *
 * One operation takes seconds, most of it start-up: a suite makes one stack and walks through its steps with it.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import {
  LocalWorkspace,
  PulumiCommand,
  type Deployment,
  type EngineEvent,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";
import { ensureTool } from "../support/toolchain";
import { EngineError, isDebug, toResult, type EngineResult } from "./result";
import { accountFileVariable } from "./providers/aws/account";
import { clockFileVariable } from "./providers/shared/clock";
import { keepClientsApart } from "./clients";
import { chooseProvider, providerNames, writeLaunchers, type ProviderName } from "./providers/shared/launch";
import { textFiles, type Written } from "./secrets";

export interface EngineStackOptions {
  readonly projectName: string;
  readonly stackName: string;
  readonly program: PulumiFn;
  /** By full key, such as `kubeadm:cluster`; objects are written as objects, as people write them. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** As `config`, encrypted with the passphrase. */
  readonly secrets?: Readonly<Record<string, unknown>>;
  /** Folder of the project, its state and its providers; one that is given outlives `close`. Default: a new one. */
  readonly workDir?: string;
  /** Added to the environment of the engine and, through it, of providers and commands. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hours by which the stand-ins' clock is ahead at first. Default: 0. */
  readonly clockOffsetHours?: number;
  /** Default: a fixed one, so that a folder that is given can be opened again. */
  readonly passphrase?: string;
  /** Called with each piece of text the engine prints, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface OperationOptions {
  /** URNs to limit the operation to. */
  readonly target?: string[];
  /** URNs to replace in any case. */
  readonly replace?: string[];
  /** Reload the state of what is there before; `preview` and `up` only. */
  readonly refresh?: boolean;
  /** With `target`: what depends on these too; `destroy` only. */
  readonly targetDependents?: boolean;
  /** Go on with what does not depend on a resource that failed; `up` and `destroy` only. */
  readonly continueOnError?: boolean;
  /** Stops the engine as Ctrl-C does when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface EngineStack {
  readonly stack: Stack;
  readonly workDir: string;
  /** File of the account that the stand-in for `aws` plays, see `awsAccount.ts`; there once something was made in it. */
  readonly awsAccount: string;
  preview(options?: OperationOptions): Promise<EngineResult>;
  /** Each operation rejects with an `EngineError`, which has the result up to then. */
  up(options?: OperationOptions): Promise<EngineResult>;
  refresh(options?: OperationOptions): Promise<EngineResult>;
  destroy(options?: OperationOptions): Promise<EngineResult>;
  /** The deployment with its secrets marked, but in plain text; `written` has what the backend stores. */
  exportState(): Promise<Deployment>;
  /** The program to run from now on; it sees the settings of the stack like the first. */
  setProgram(program: PulumiFn): void;
  /** Moves the clock of stand-ins; true time with the official providers, see `isStandIn`. */
  setClockOffset(hours: number): void;
  /** Everything the engine has said (but for debug messages) and written so far: logs, events, state, settings. */
  written(): Written[];
  /** Removes the folder, unless it was given. Resources that still exist are left as they are. */
  close(): Promise<void>;
}

const repository = path.resolve(__dirname, "..", "..");

keepClientsApart();

/** Which provider is used for each name; one line each. */
export function providersInUse(): string[] {
  return providerNames.map((name) => chooseProvider(name).reason);
}

/** Whether a stand-in is used; only its clock can be moved, the official plugins go by the machine's. */
export function isStandIn(name: ProviderName): boolean {
  return chooseProvider(name).kind === "stand-in";
}

/** Makes a stack, or opens the one that a given `workDir` has. */
export async function createEngineStack(options: EngineStackOptions): Promise<EngineStack> {
  const workDir = options.workDir ?? mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-engine-"));
  const layout = layOut(workDir, await ensureTool("pulumi"));
  let program = options.program;
  const kept: Written[] = [];

  const setClockOffset = (hours: number): void => writeFileSync(layout.clockFile, String(hours));
  setClockOffset(options.clockOffsetHours ?? 0);

  const stack = await LocalWorkspace.createOrSelectStack(
    {
      projectName: options.projectName,
      stackName: options.stackName,
      program: () => program(),
    },
    {
      workDir,
      pulumiCommand: await PulumiCommand.get({ root: layout.cliRoot }),
      projectSettings: { name: options.projectName, runtime: "nodejs" },
      stackSettings: settingsOf(workDir, options),
      envVars: { ...environment(layout), ...secretsEnvironment(options), ...options.env },
    },
  );
  for (const [key, value] of Object.entries(options.secrets ?? {})) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    await stack.setConfig(key, { value: text, secret: true });
  }

  const operate = async (
    name: string,
    run: (handlers: Handlers) => Promise<unknown>,
    settledAt: "start" | "end",
  ): Promise<EngineResult> => {
    const events: EngineEvent[] = [];
    const output: string[] = [];
    const take = (text: string): void => {
      output.push(text);
      options.onOutput?.(text);
    };
    let failure: unknown;
    await run({ onEvent: (event) => events.push(event), onOutput: take, onError: take }).catch(
      (error: unknown) => {
        failure = error ?? new Error(`${name} failed`);
      },
    );
    const result = toResult(output.join(""), events, settledAt);
    kept.push({ where: `${name}: output`, text: result.log });
    const shown = events.filter((event) => !isDebug(event));
    kept.push({ where: `${name}: events`, text: JSON.stringify(shown) });
    if (failure === undefined) return result;
    const error = new EngineError(name, result, failure);
    kept.push({ where: `${name}: error`, text: `${error.message}\n${describe(failure)}` });
    throw error;
  };

  return {
    stack,
    workDir,
    awsAccount: layout.awsAccount,
    preview: (given) => operate("preview", (handlers) => stack.preview({ ...given, ...handlers }), "start"),
    up: (given) => operate("up", (handlers) => stack.up({ ...given, ...handlers }), "start"),
    refresh: (given) => operate("refresh", (handlers) => stack.refresh({ ...given, ...handlers }), "end"),
    destroy: (given) => operate("destroy", (handlers) => stack.destroy({ ...given, ...handlers }), "start"),
    exportState: () => stack.exportStack(),
    setProgram: (next) => {
      program = next;
    },
    setClockOffset,
    written: () => [
      ...kept,
      ...textFiles(layout.stateFolder),
      ...textFiles(workDir, (file) => /^Pulumi\..*yaml$|^Pulumi\.yaml$/.test(path.basename(file)), false),
    ],
    close: () => {
      if (options.workDir === undefined) rmSync(workDir, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

function describe(failure: unknown): string {
  return failure instanceof Error ? `${failure.message}\n${failure.stack}` : JSON.stringify(failure);
}

interface Handlers {
  readonly onEvent: (event: EngineEvent) => void;
  readonly onOutput: (text: string) => void;
  readonly onError: (text: string) => void;
}

interface Layout {
  readonly cliRoot: string;
  readonly stateFolder: string;
  readonly home: string;
  readonly providers: string;
  readonly clockFile: string;
  readonly awsAccount: string;
  /** Whether a provider comes from the engine's own plugin folder, which then has to be the user's. */
  readonly ownPlugins: boolean;
}

/**
 * Fills the folder. The engine starts provider plugins, and they their commands, in the folder of `Pulumi.yaml`
 * (pkg/engine/project.go, getPwdMain): from there `require("pulumi-kubeadm/host")` has to find this repository.
 */
function layOut(workDir: string, cli: string): Layout {
  const inside = (...names: string[]): string => path.join(workDir, ...names);
  const folders = [inside("cli", "bin"), inside("state"), inside("home"), inside("node_modules")];
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  link(cli, inside("cli", "bin", "pulumi"));
  link(repository, inside("node_modules", "pulumi-kubeadm"));
  const standIns = providerNames.filter((name) => chooseProvider(name).kind === "stand-in");
  writeLaunchers(inside("providers"), standIns);
  return {
    cliRoot: inside("cli"),
    stateFolder: inside("state"),
    home: inside("home"),
    providers: inside("providers"),
    clockFile: inside("clock-offset-hours"),
    awsAccount: inside("aws-account.json"),
    ownPlugins: standIns.length < providerNames.length,
  };
}

function link(target: string, file: string): void {
  rmSync(file, { force: true });
  symlinkSync(target, file);
}

function environment(layout: Layout): Record<string, string> {
  return {
    PATH: `${layout.providers}${path.delimiter}${process.env["PATH"] ?? ""}`,
    PULUMI_BACKEND_URL: `file://${layout.stateFolder}`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    [clockFileVariable]: layout.clockFile,
    [accountFileVariable]: layout.awsAccount,
    ...(layout.ownPlugins
      ? {}
      : { PULUMI_HOME: layout.home, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" }),
  };
}

function secretsEnvironment(options: EngineStackOptions): Record<string, string> {
  return { PULUMI_CONFIG_PASSPHRASE: options.passphrase ?? "a passphrase for tests" };
}

/** Settings of a stack that is new to the folder; those of one that is not keep their encryption. */
function settingsOf(
  workDir: string,
  options: EngineStackOptions,
): Record<string, { config: Record<string, unknown> }> {
  const exists = existsSync(path.join(workDir, `Pulumi.${options.stackName}.yaml`));
  return exists ? {} : { [options.stackName]: { config: { ...options.config } } };
}
