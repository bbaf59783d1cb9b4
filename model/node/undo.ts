/** A living node puts a change back that it does not get well with: the host itself does, whatever becomes of Pulumi. */
import { systemdText } from "../core/systemd";
import { heredoc } from "../text";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import type { NodeSetupSpec } from "./spec";
import { giveBack } from "./firewall";
import { sysctlFile } from "./kernel";
import { hostLog } from "./log";
import {
  apiProxyUnit,
  components,
  containerdUnit,
  filesList,
  jobUnit,
  keptFolder,
  kubeletConfigFile,
  kubeletUnit,
  linkFolder,
  nodeScript,
  stateFolder,
  unitFolder,
} from "./paths";
import { renderNode } from "./render";
import { setupSecretFiles } from "./setupSecrets";

/** The former files, and the script that puts them back; there only while a change is not over. */
export const undoFolder = `${stateFolder}/undo`;
/** Puts the change back by hand; no step runs at the same time. */
export const putBackNow = `bash ${undoFolder}/at-boot boot`;
/** The pods that were ready when the change began. */
export const readyBefore = `${undoFolder}/ready`;
/** Printed by a job when its change has failed, before it puts the former files back. */
export const FAILED = "##failed";

/** What has to be known to take a change back. */
export interface Undo {
  /** Files, links and folders that the change may write. What it adds to them is removed. */
  readonly paths: readonly string[];
  /** A file on the host with more paths, one a line, each followed by words of no interest. */
  readonly pathsFrom?: string;
  /** Files among them that have a life apart from the change: they stay as they are. */
  readonly except?: readonly string[];
  /** Bash, run before the change. Keeps what is not a file in `$undo`. */
  readonly remember?: string;
  /** Bash, run when the files are back, before what reads them is restarted or, at boot, started. */
  readonly beforeStart?: string;
  /**
   * Bash, run after that. `is_back PATTERN` says whether a file that matches (ERE) differed; `$when` is `boot` where the host has
   * just booted with the files.
   */
  readonly restart: string;
}

export interface GuardedChange extends Undo {
  /** Whole scripts: the change, and what has to hold after it. Default of `check`: nothing more. */
  readonly change: string;
  readonly check?: string;
  /** A whole script that says whether the node is well, run when the former files are back. */
  readonly well: string;
  /** The former files stay until `forgetFormer`, for `takeBackScript`: what follows on other hosts may fail yet. Default false. */
  readonly keep?: boolean;
}

/**
 * Puts the former files back and restarts what reads them. It is its own file beside them, so that a later release, and a
 * run after a power cut, takes back just what was done. A path is written down before it is touched: a second run restarts what the
 * first one had put back.
 */
export function putBackScript({ beforeStart = "", restart }: Pick<Undo, "beforeStart" | "restart">): string {
  return (
    `${nodeScript("put-back", { undo: undoFolder })}${beforeStart}[ "$when" != files ] || exit 0\n` +
    `${restart}mv -T "$undo" "$undo.done"\nsync "\${undo%/*}"\n`
  );
}

/** Puts a change back, at boot, that a power cut ended. */
export function atBootScript(): string {
  return nodeScript("put-back-at-boot", { undo: undoFolder, job_unit: jobUnit, host_log: hostLog });
}

/** Units that run it. Systemd starts them only on a node that has a record, and a boot does not wait for the second. */
const record = {
  ConditionPathExists: [undoFolder, kubeletConfigFile],
  RequiresMountsFor: `${undoFolder} /etc/kubernetes /var/lib/kubelet`,
};
const bootUnits: Readonly<Record<string, string>> = {
  "pulumi-kubeadm-undo-files.service": systemdText({
    Unit: {
      Description: "Puts the former files of a change of this node back that was cut off",
      ...record,
      Before: `${apiProxyUnit} ${containerdUnit} ${kubeletUnit}`,
    },
    Service: {
      Type: "oneshot",
      RemainAfterExit: "yes",
      TimeoutStartSec: "300",
      ExecStart: `/bin/bash ${undoFolder}/at-boot files`,
    },
  }),
  "pulumi-kubeadm-undo.service": systemdText({
    Unit: {
      Description: "Puts a change of this node back that was cut off",
      ...record,
      Wants: "network-online.target",
      After: `network-online.target pulumi-kubeadm-undo-files.service ${containerdUnit} ${kubeletUnit}`,
    },
    Service: { ExecStart: `/bin/bash ${undoFolder}/at-boot boot` },
  }),
};

/** The record of a change and the units that read it: deleted from a host that is not a node, or that becomes one. */
export const undoPaths: readonly string[] = [
  ...["", ".new", ".done", ".ended"].map((end) => `${undoFolder}${end}`),
  ...Object.keys(bootUnits).flatMap((unit) => [
    `${unitFolder}/${unit}`,
    `${unitFolder}/multi-user.target.wants/${unit}`,
  ]),
];

/** A whole script that runs after a change that was cut off before is put back. */
export function afterPutBack(script: string): string {
  return `${nodeScript("guard-begin", { undo: undoFolder })}${nodeScript("put-back-first")}${script}`;
}

/**
 * Changes a living node, and puts the former files back where that fails, or where the node is not well with it. A change
 * that was cut off before is put back first. On a host that is not a node there is nothing to go back to.
 */
export function guarded({
  paths,
  pathsFrom,
  except = [],
  remember = "",
  beforeStart,
  restart,
  change,
  check,
  well,
  keep = false,
}: GuardedChange): string {
  return afterPutBack(
    [
      `put_back_script() {\ncat ${heredoc(putBackScript({ beforeStart, restart }))}}\n`,
      `at_boot_script() {\ncat ${heredoc(atBootScript())}}\n`,
      `remember() {\n:\n${remember}}\n`,
      // In subshells: whole scripts, which end where they fail.
      `change() (\n${change}\n)\n`,
      `check() (\n${check ?? ":"}\n)\n`,
      `well() (\n${well}\n)\n`,
      nodeScript("guard", {
        paths,
        paths_from: pathsFrom ?? "",
        except,
        keep,
        failed_mark: FAILED,
        unit_folder: unitFolder,
        boot_units: bootUnits,
      }),
      nodeScript("put-back-now", { report: "##error" }),
    ].join(""),
  );
}

/** Takes a change back that ended well on this host, and was to be kept until the rest of its step did. */
export function takeBackScript(well: string): string {
  return [
    nodeScript("guard-begin", { undo: undoFolder }),
    `well() (\n${well}\n)\n`,
    nodeScript("take-back"),
    nodeScript("put-back-now", { report: "##note" }),
  ].join("");
}

/** The end of a change that `keep` was set for. */
export const forgetFormer = `rm -rf ${undoFolder}.ended`;

/** For `Undo.remember`: which pods of the node are ready, in `readyBefore`. */
export function rememberReady({ nodeName }: Pick<ClusterMachine, "nodeName">): string {
  return nodeScript("remember-ready", { node: nodeName });
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
    remember: rememberReady(spec.machine),
    restart: restartSetup(),
  };
}

function restartSetup(): string {
  return `${giveBack()}${nodeScript("restart-setup", { sysctl_file: sysctlFile })}`;
}
