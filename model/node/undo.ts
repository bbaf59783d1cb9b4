/** A living node puts a change back that it does not get well with: the host itself does, whatever becomes of Pulumi. */
import { heredoc } from "../text";
import type { RenderedFile } from "../renderedFile";
import type { NodeSetupSpec } from "./spec";
import { giveBack } from "./firewall";
import { sysctlFile } from "./kernel";
import { components, filesList, keptFolder, linkFolder, nodeScript, stateFolder } from "./paths";
import { renderNode } from "./render";
import { setupSecretFiles } from "./setupSecrets";

/** The former files, and the script that puts them back; there only while a change is not over. */
export const undoFolder = `${stateFolder}/undo`;
export const putBackFile = `${undoFolder}/put-back`;
/** Printed by a job when its change has failed, before it puts the former files back. */
export const FAILED = "##failed";

/** What has to be known to take a change back. */
export interface Undo {
  /** Files, links and folders that the change may write. What it adds to them is removed. */
  readonly paths: readonly string[];
  /** A file on the host with more paths, one a line, each followed by words of no interest. */
  readonly pathsFrom?: string;
  /** Bash, run before the change. Keeps what is not a file in `$undo`. */
  readonly remember?: string;
  /** Bash, run when the files are back. `is_back PATTERN` says whether one that matches (ERE) differed. */
  readonly restart: string;
}

export interface GuardedChange extends Undo {
  /** Whole scripts: the change, and what has to hold after it. Default of `check`: nothing more. */
  readonly change: string;
  readonly check?: string;
  /** A whole script that says whether the node is well, run when the former files are back. */
  readonly well: string;
}

/**
 * Puts the former files back and restarts what reads them. It is its own file beside them, so that a later release, and a
 * run after a power cut, takes back just what was done. A path is written down before it is touched: a second run restarts what the
 * first one had put back.
 */
export function putBackScript(restart: string): string {
  return `${nodeScript("put-back", { undo: undoFolder })}${restart}mv -T "$undo" "$undo.done"\n`;
}

/**
 * Changes a living node, and puts the former files back where that fails, or where the node is not well with it. A change
 * that was cut off before is put back first. On a host that is not a node there is nothing to go back to.
 */
export function guarded({
  paths,
  pathsFrom,
  remember = "",
  restart,
  change,
  check,
  well,
}: GuardedChange): string {
  return [
    nodeScript("guard-begin", { undo: undoFolder }),
    `put_back_script() {\ncat ${heredoc(putBackScript(restart))}}\n`,
    `remember() {\n:\n${remember}}\n`,
    // In subshells: whole scripts, which end where they fail.
    `change() (\n${change}\n)\n`,
    `check() (\n${check ?? ":"}\n)\n`,
    `well() (\n${well}\n)\n`,
    nodeScript("guard", {
      paths,
      paths_from: pathsFrom ?? "",
      failed_mark: FAILED,
    }),
  ].join("");
}

/** What node setup writes. Packages, downloads and plugins of CNIs stay as they are: nothing is restarted by them alone. */
export function setupUndo(spec: NodeSetupSpec): Undo {
  const links = Object.values(components).flatMap(({ links }) =>
    links.map((name) => `${linkFolder}/${name}`),
  );
  const files: readonly Pick<RenderedFile, "path">[] = [
    ...renderNode(spec).files,
    ...setupSecretFiles(spec, spec.machine.role),
  ];
  return {
    paths: [...files.map(({ path }) => path), ...links, filesList, keptFolder],
    pathsFrom: filesList,
    restart: restartSetup(),
  };
}

function restartSetup(): string {
  return `${giveBack()}${nodeScript("restart-setup", { sysctl_file: sysctlFile })}`;
}
