/** Where the state of a stack comes from. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { UsageError } from "../model/commandLine";

/** The stack's own state, or a file that somebody exported. */
export type StateSource =
  { readonly kind: "stack"; readonly environment: string } | { readonly kind: "file"; readonly file: string };

/**
 * What a command line names: an environment, or the file of `--state`.
 * @throws UsageError
 */
export function sourceOf([environment, ...more]: readonly string[], file: string | undefined): StateSource {
  if (more.length > 0) throw new UsageError(`one environment at a time: remove ${more.join(" ")}`);
  if (environment !== undefined && file !== undefined)
    throw new UsageError("an environment or --state, not both");
  if (file !== undefined) return { kind: "file", file };
  if (environment === undefined) throw new UsageError("which cluster? Name an environment, or --state FILE");
  return { kind: "stack", environment };
}

/** Pulumi has no such stack, or a file cannot be read, or used. */
export class SourceError extends Error {}

/**
 * The state with its secrets, as `pulumi stack export --show-secrets` prints it.
 * @throws SourceError
 */
export async function stateOf(source: StateSource): Promise<string> {
  if (source.kind === "file") return contentOf(source.file);
  const { environment } = source;
  const words = ["stack", "export", "--show-secrets", "--stack", environment];
  return askPulumi(words, {
    failed: `pulumi has no state of ${environment}`,
    instead: "give the state with --state",
  });
}

/**
 * What the command line of Pulumi prints.
 *
 * @param failed what it means when Pulumi fails; what it printed follows
 * @param instead how to go on without Pulumi
 * @throws SourceError
 */
export async function askPulumi(
  words: readonly string[],
  { failed, instead }: { readonly failed: string; readonly instead: string },
): Promise<string> {
  const { stdout } = await promisify(execFile)("pulumi", words, { maxBuffer: 1024 ** 3 }).catch(
    (error: Error & { code?: unknown; stderr?: string }) => {
      if (error.code === "ENOENT")
        throw new SourceError(`the program pulumi is not on the PATH: install it, or ${instead}`);
      throw new SourceError(`${failed}: ${error.stderr?.trim() || error.message}`);
    },
  );
  return stdout;
}

/**
 * A file's text; `-` is standard input.
 * @throws SourceError
 */
export async function contentOf(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new SourceError(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  });
}
