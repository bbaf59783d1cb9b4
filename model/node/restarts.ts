import { createHash } from "node:crypto";
import { sh } from "../text";
import type { RenderedFile } from "../renderedFile";
import { containerdFiles, containerdUnit } from "./containerd";
import { linksOf } from "./downloads";
import { kubeletFiles, kubeletUnit } from "./kubelet";
import { proxyEnvironmentFile } from "./setupSecrets";
import { filesList, pendingFolder } from "./paths";
import type { NodeSetupSpec } from "./spec";

/** What the check says where the setup would restart something that a node's pods live on. */
export const RESTARTS = "##restarts";

/**
 * Prints `RESTARTS` with the reason where node setup would restart the container runtime or the kubelet of the host: a file of
 * theirs differs, goes, or is still marked from a run that was cut off; or a binary is another version (a new runc restarts nothing, but starts every container from then on). Changes nothing.
 * @param secret files of setup with secrets, which came by standard input
 */
export function restartCheck(spec: NodeSetupSpec, secret: readonly RenderedFile[] = []): string {
  const files = [
    ...containerdFiles(spec).service,
    ...kubeletFiles(spec),
    ...secret.filter(({ path }) => path === proxyEnvironmentFile),
  ];
  const differs = files.map(({ path, content }) => {
    const digest = createHash("sha256").update(content).digest("hex");
    return `same ${sh(path)} ${digest}\n`;
  });
  const links = linksOf(spec.downloads, ["containerd", "runc"]).map(
    ({ path, target }) =>
      `[ "$(readlink ${sh(path)} 2>/dev/null)" = ${sh(target)} ] || because ${sh(path)}\n`,
  );
  const kept = files.map(({ path }) => sh(path)).join(" | ");
  return `set -u
export LC_ALL=C
because() { echo "${RESTARTS} $1"; }
same() { [ "$(sha256sum <"$1" 2>/dev/null | cut -d ' ' -f 1)" = "$2" ] || because "$1"; }
${differs.join("")}${links.join("")}for unit in ${containerdUnit} ${kubeletUnit}; do
  [ ! -e "${pendingFolder}/$unit" ] || because "$unit"
done
[ ! -e ${filesList} ] || while read -r path units; do
  case "$path" in
    ${kept}) ;;
    *) case " $units " in *" ${containerdUnit} "* | *" ${kubeletUnit} "*) because "$path" ;; esac ;;
  esac
done <${filesList}
true
`;
}
