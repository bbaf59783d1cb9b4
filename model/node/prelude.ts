import { heredoc, shWords } from "../text";
import type { RenderedFile } from "../renderedFile";
import { nodeScript } from "./paths";

/** What every script of setup starts with: strict bash as root, phases, and an end that always says what failed. */
export function prelude(): string {
  return nodeScript("root");
}

/** Functions that put files in place and remember which units have to be restarted for it. */
export function fileFunctions(): string {
  return nodeScript("files");
}

/** The call that puts a file in place; `units` are restarted when it changes. */
export function putFile(file: RenderedFile, ...units: readonly string[]): string {
  const words = [file.path, file.mode, ...units];
  return `put ${shWords(words)} ${heredoc(file.content)}`;
}

/** Removes files of an earlier setup that are not among `paths`. */
export function dropUnwanted(paths: readonly string[]): string {
  return `drop_unwanted ${shWords(paths)}\n`;
}
