import { sh, shWords } from "../text";
import { folderOf } from "./downloads";
import { installRoot, linkFolder } from "./paths";
import type { NodeSetupSpec } from "./spec";

/**
 * Removes old versions of what setup downloads, some 300 MB for each patch of Kubernetes. What the settings name stays, what a link or a
 * running program uses, and the newest of the others, to go back to.
 */
export function oldVersionsPhase({ downloads }: Pick<NodeSetupSpec, "downloads">): string {
  const wanted = downloads.map(folderOf);
  return `
phase "old versions"
running=$(for program in /proc/[0-9]*/exe; do readlink "$program" || true; done)
linked=$(for link in ${linkFolder}/*; do readlink "$link" || true; done)
in_use() {
  case $'\\n'"$running"$'\\n'"$linked"$'\\n' in *$'\\n'"$1"/*) return 0 ;; esac
  return 1
}
for component in ${sh(installRoot)}/*/; do
  [ -d "$component" ] || continue
  spare=1
  while read -r folder; do
    case $'\\n'"$(printf '%s\\n' ${shWords(wanted)})"$'\\n' in *$'\\n'"$folder"$'\\n'*) continue ;; esac
    if [ "$spare" -gt 0 ]; then
      spare=$((spare - 1))
    elif ! in_use "$folder"; then
      rm -rf "$folder"
      echo "removed $folder"
    fi
  done < <(find "\${component%/}" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\\n' | sort -rn | cut -d ' ' -f 2-)
done
`;
}
