/** A living node puts a change back that it does not get well with: the host itself does, whatever becomes of Pulumi. */
import { searchPath } from "../core/searchPath";
import { heredoc, shWords } from "../text";
import type { RenderedFile } from "../renderedFile";
import type { NodeSetupSpec } from "./spec";
import { containerdUnit } from "./containerd";
import { giveBack } from "./firewall";
import { hostsScript } from "./hosts";
import { sysctlFile } from "./kernel";
import { kubeletUnit } from "./kubelet";
import {
  apiProxyUnit,
  components,
  filesList,
  firewallUnit,
  linkFolder,
  pendingFolder,
  stateFolder,
} from "./paths";
import { keptFolder } from "./prelude";
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

const beginning = `set -euo pipefail
umask 077
export LC_ALL=C PATH="${searchPath}"
undo=${undoFolder}
`;

/**
 * Puts the former files back and restarts what reads them. It is a file of its own beside them, so that a later release, and a
 * run after a power cut, takes back just what was done. A path is written down before it is touched: a second run restarts what the
 * first one had put back.
 */
export function putBackScript(restart: string): string {
  return `#!/usr/bin/env bash
# Puts the files of before a change back.
${beginning}note() { echo "##note $1"; }
touch "$undo/changed"
same() {
  if [ -L "$1" ] || [ -L "$2" ]; then [ "$(readlink "$1")" = "$(readlink "$2")" ]; else [ -e "$2" ] && cmp -s "$1" "$2"; fi
}
is_back() { grep -qE "$1" "$undo/changed"; }
differs() {
  echo "$1" >>"$undo/changed"
  sync "$undo/changed"
}
# Which unit reads which file, by the lists of both setups.
cat ${filesList} 2>/dev/null >>"$undo/units" || true
while read -r root; do
  if [ -e "$root" ] || [ -L "$root" ]; then
    while read -r path; do
      if [ -e "$undo/was$path" ] || [ -L "$undo/was$path" ]; then continue; fi
      differs "$path"
      case $path in /etc/systemd/system/*.service | /etc/systemd/system/*.timer) systemctl disable --now --quiet "\${path##*/}" || true ;; esac
      rm -f "$path"
      echo "removed $path"
    done < <(find "$root" \\( -type f -o -type l \\))
  fi
  if [ -e "$undo/was$root" ] || [ -L "$undo/was$root" ]; then
    while read -r was; do
      path=\${was#"$undo/was"}
      if same "$was" "$path"; then continue; fi
      differs "$path"
      mkdir -p "\${path%/*}"
      # A name with a dot before it: the kubelet reads every other file of its folder.
      rm -f "\${path%/*}/.\${path##*/}.undo"
      cp -a "$was" "\${path%/*}/.\${path##*/}.undo"
      mv -fT "\${path%/*}/.\${path##*/}.undo" "$path"
      echo "put back $path"
    done < <(find "$undo/was$root" \\( -type f -o -type l \\))
  fi
done <"$undo/paths"
sync
if is_back '^/etc/systemd/system/'; then systemctl daemon-reload; fi
${restart}mv -T "$undo" "$undo.done"
`;
}

/**
 * Changes a living node, and puts the former files back where that fails, or where the node is not well with it. A change
 * that was cut off before is put back first. On a host that is no node there is nothing to go back to.
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
  const more = pathsFrom === undefined ? "" : `  cut -d ' ' -f 1 ${pathsFrom} 2>/dev/null || true\n`;
  return `#!/usr/bin/env bash
${beginning}phase() { echo "##phase $1"; }
die() { echo "##error $1"; exit 1; }
if [ -e "$undo/put-back" ]; then
  phase "putting back a change that was cut off"
  /bin/bash "$undo/put-back" || die "a change of this node was cut off, and its former files cannot be put back (bash $undo/put-back)"
fi
rm -rf "$undo" "$undo.new" "$undo.done"
mkdir -p "$undo.new/was"
{
  printf '%s\\n' ${shWords(paths)}
${more}} | sort -u >"$undo.new/paths"
while read -r path; do
  if [ -e "$path" ] || [ -L "$path" ]; then
    mkdir -p "$undo.new/was\${path%/*}"
    cp -aT "$path" "$undo.new/was$path"
  fi
done <"$undo.new/paths"
cp ${filesList} "$undo.new/units" 2>/dev/null || true
cat >"$undo.new/put-back" ${heredoc(putBackScript(restart))}undo=$undo.new
${remember}undo=\${undo%.new}
# All of it is on disk before its name is.
sync
mv -T "$undo.new" "$undo"
set +e
(
${change}
)
status=$?
${
  check === undefined
    ? ""
    : `if [ "$status" -eq 0 ]; then
(
${check}
)
status=$?
fi
`
}set -e
if [ "$status" -eq 0 ]; then
  mv -T "$undo" "$undo.done"
  rm -rf "$undo.done"
  exit 0
fi
echo "${FAILED}"
phase "putting the former files back"
/bin/bash "$undo/put-back" || {
  echo "##error the former files cannot be put back; the next run tries it again"
  exit "$status"
}
# It failed before it had changed anything.
changed=""
if [ -s "$undo.done/changed" ]; then changed=yes; fi
rm -rf "$undo.done"
[ -n "$changed" ] || exit "$status"
set +e
(
${well}
)
healed=$?
set -e
if [ "$healed" -eq 0 ]; then
  echo "##error the former files are back, and the node is well with them"
else
  echo "##error the former files are back, and the node is not well with them"
fi
exit "$status"
`;
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

/** Units in their order: a filter before what is behind it, the runtime before the kubelet. */
function restartSetup(): string {
  const order = [firewallUnit, apiProxyUnit, containerdUnit, kubeletUnit];
  return `units=$(
  ls ${pendingFolder} 2>/dev/null || true
  if is_back '^${linkFolder}/(containerd|runc)'; then echo ${containerdUnit}; fi
  while read -r path units; do
    if grep -qxF "$path" "$undo/changed"; then tr ' ' '\\n' <<<"$units"; fi
    case $path in /etc/systemd/system/*.service) if grep -qxF "$path" "$undo/changed"; then echo "\${path##*/}"; fi ;; esac
  done <"$undo/units"
)
touches() { grep -qxF "$1" <<<"$units"; }
if touches firewall-rules; then units+=$'\\n'${firewallUnit}; fi
if touches api-proxy-config; then units+=$'\\n'${apiProxyUnit}; fi
systemctl daemon-reload
if is_back '^${sysctlFile}$'; then sysctl --quiet --load ${sysctlFile} || true; fi
if is_back '^${hostsScript}$' && [ -x ${hostsScript} ]; then ${hostsScript}; fi
for unit in ${order.join(" ")}; do
  if ! touches "$unit" || ! systemctl cat "$unit" >/dev/null 2>&1; then continue; fi
  echo "restarting $unit"
  systemctl enable --quiet "$unit" || true
  systemctl restart "$unit" || note "$unit does not start"
done
if [ ! -e /etc/systemd/system/${firewallUnit} ]; then
${giveBack()}fi
rm -f ${pendingFolder}/*
`;
}
