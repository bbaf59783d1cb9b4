/** The resource `command:local:Command`: what a change of inputs means, and what is known and secret when. */
import { randomBytes } from "node:crypto";
import { detailedDiff, withReplaces } from "../shared/diff";
import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  Engine,
  StandIn,
  UpdateRequest,
} from "../shared/provider";
import {
  containsUnknown,
  isUnknown,
  plainObject,
  sameValue,
  textOf,
  unknown,
  type Values,
} from "../shared/values";
import { checkInputs } from "./inputs";
import { Runner, type Output } from "./run";

export class CommandStandIn implements StandIn {
  readonly version = "1.2.1";
  private readonly runner: Runner;

  constructor(engine: Engine) {
    this.runner = new Runner(engine);
  }

  check({ type, news }: CheckRequest): CheckResult {
    if (type !== "command:local:Command") {
      throw new Error(
        `the stand-in for the provider "command" knows command:local:Command only, not ${type}`,
      );
    }
    return { inputs: news, failures: checkInputs(news) };
  }

  /**
   * pulumi-go-provider v1.3.0, infer/resource.go, diff: old inputs against new inputs; the field tag
   * `replaceOnChanges` of `triggers` (common/inputs.go) is looked up by whole path, so it holds only when all of
   * `triggers` is added or removed. One changed trigger replaces because the SDK says `replaceOnChanges: triggers[*]`.
   */
  diff({ olds, oldInputs, news, ignoreChanges }: DiffRequest): DiffResult {
    const wanted = withIgnored(olds, news, ignoreChanges);
    for (const key of Object.keys(wanted)) {
      if (key === "version" || key.startsWith("__")) delete wanted[key];
    }
    const found = detailedDiff(oldInputs, wanted);
    const whole = "triggers" in found ? ["triggers"] : [];
    return { detailed: withReplaces(found, whole), inputDiff: false };
  }

  /** local/commandController.go, Create. A failed create leaves nothing in the state. */
  async create({
    name,
    urn,
    properties,
    preview,
    timeout,
  }: CreateRequest): Promise<{ id: string; properties: Values }> {
    const id = `${name}${randomBytes(4).toString("hex")}`;
    if (preview) return { id, properties: { ...properties, stdout: unknown, stderr: unknown } };
    const inputs = plainObject(properties);
    const output = await this.runner.run(inputs["create"], { urn, inputs, previous: nothing, timeout });
    return { id, properties: { ...properties, ...output } };
  }

  /** local/commandController.go, Update: `create` runs again where there is no `update`. */
  async update(request: UpdateRequest): Promise<Values> {
    const { urn, olds, news, ignoreChanges, preview, timeout } = request;
    const wanted = withIgnored(olds, news, ignoreChanges);
    const previous = outputOf(olds);
    if (preview) return { ...wanted, ...(outputMayChange(olds, wanted) ? unknownOutput : previous) };
    const inputs = plainObject(wanted);
    const output = await this.runner.run(inputs["update"] ?? inputs["create"], {
      urn,
      inputs,
      previous,
      timeout,
    });
    return { ...wanted, ...output };
  }

  /** local/commandController.go, Delete: from the stored state, inputs included. */
  async delete({ urn, properties, timeout }: DeleteRequest): Promise<void> {
    const inputs = plainObject(properties);
    await this.runner.run(inputs["delete"], { urn, inputs, previous: outputOf(inputs), timeout });
  }

  /** pulumi-go-provider v1.3.0, middleware/cancel: every context is cancelled, which kills the commands. */
  cancel(): void {
    this.runner.cancel();
  }
}

const nothing: Output = { stdout: "", stderr: "" };
const unknownOutput: Output = { stdout: unknown, stderr: unknown };

function outputOf(state: Values): Output {
  const { stdout = "", stderr = "" } = plainObject({
    stdout: state["stdout"] ?? "",
    stderr: state["stderr"] ?? "",
  });
  return { stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** pulumi-go-provider v1.3.0, infer/resource.go, Diff and Update. */
function withIgnored(olds: Values, news: Values, ignoreChanges: readonly string[]): Values {
  const stored = ignoreChanges.filter((key) => key in olds).map((key) => [key, olds[key]!] as const);
  return { ...news, ...Object.fromEntries(stored) };
}

const inputNames = [
  ["triggers", "create", "update", "delete", "stdin", "logging", "interpreter", "dir", "environment"],
  ["assetPaths", "archivePaths", "addPreviousOutputInEnv"],
].flat();

/**
 * pulumi-go-provider v1.3.0, infer/resource.go, markComputed: each output hangs on each input. An input that the
 * state does not have yet is no change there, so adding one leaves the previewed output known.
 */
function outputMayChange(olds: Values, news: Values): boolean {
  return inputNames.some((key) => {
    const value = news[key];
    if (isUnknown(value) || containsUnknown(value)) return true;
    return key in olds && !sameValue(olds[key], value);
  });
}
