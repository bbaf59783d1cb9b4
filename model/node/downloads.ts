import { sh, shWords } from "../text";
import type { Download, InstalledName } from "../settings/resolved";
import { cniBinFolder, components, installRoot, linkFolder, kubeletConfigFile } from "./paths";
import type { NodeSetupSpec } from "./spec";

/**
 * Proxies as programs on the host read them; lower and upper case, because they do not agree on one. None where the proxy asks for a
 * password: those variables come in a file that root alone reads (`setupSecretFiles`).
 */
export function proxyVariables({ proxy }: Pick<NodeSetupSpec, "proxy">): [string, string][] {
  if (proxy === undefined || proxy.credentials !== undefined) return [];
  const variables: [string, string | undefined][] = [
    ["HTTP_PROXY", proxy.http],
    ["HTTPS_PROXY", proxy.https],
    ["NO_PROXY", proxy.noProxy.join(",")],
  ];
  return variables.flatMap(([name, value]): [string, string][] =>
    value === undefined || value === ""
      ? []
      : [
          [name, value],
          [name.toLowerCase(), value],
        ],
  );
}

/** What is linked where; a node's Kubernetes binaries are left to its node step. */
function links(download: Download, names: readonly string[]): string[] {
  const units = components[download.name].units;
  return names.map((name) => shWords(["link", name, folderOf(download), ...units]));
}

/** Links into the versions of some downloads. */
export function linksOf(
  downloads: readonly Download[],
  names: readonly InstalledName[],
): { path: string; target: string }[] {
  return downloads
    .filter(({ name }) => names.includes(name))
    .flatMap((download) =>
      components[download.name].links.map((name) => ({
        path: `${linkFolder}/${name}`,
        target: `${folderOf(download)}/bin/${name}`,
      })),
    );
}

/** Where one version of a download is unpacked. */
export function folderOf(download: Download): string {
  return `${installRoot}/${components[download.name].folder}/${download.version}`;
}

/** Each file by version and SHA-256, unpacked in a folder of its own that appears in one step. */
export function downloadsPhase({
  downloads: files,
  machine,
}: Pick<NodeSetupSpec, "downloads" | "machine">): string {
  if (files.length === 0) return `die "no downloads are known for ${machine.architecture}"\n`;
  const named = (name: InstalledName) => files.find((file) => file.name === name);
  const steps = files.map((file) =>
    shWords([
      "install_download",
      folderOf(file),
      components[file.name].folder,
      components[file.name].kind,
      file.url,
      file.sha256,
    ]),
  );
  const always = files.flatMap((file) => links(file, components[file.name].links));
  const nodeLinks = files.flatMap((file) => links(file, components[file.name].nodeLinks ?? []));
  const cni = named("cniPlugins");
  return `
# fetch URL FILE: what the server answers with an error is not asked for again, a broken connection is.
fetch() {
  local try status=0
  for try in 1 2 3 4 5; do
    status=0
    curl --fail --location --silent --show-error --retry 4 --retry-delay 2 --connect-timeout 20 \\
      --speed-limit 1024 --speed-time 60 --output "$2" "$1" 2>"$2.error" || status=$?
    case $status in
      0) return 0 ;;
      22) break ;;
    esac
    if [ "$try" -lt 5 ]; then
      echo "try $try of $1: $(tail -n 1 "$2.error")"
      sleep "$((try * 2))"
    fi
  done
  die "download of $1 failed: $(tail -n 1 "$2.error")"
}
# install_download FOLDER NAME KIND URL SHA256
install_download() {
  local folder=$1 work=$opt/.incoming/$2 got
  if [ "$(cat "$folder/.sha256" 2>/dev/null || true)" = "$5" ]; then return 0; fi
  echo "downloading $4"
  rm -rf "$work"
  mkdir -p "$work/tree/bin"
  fetch "$4" "$work/file"
  got=$(sha256sum "$work/file")
  got=\${got%% *}
  if [ "$got" != "$5" ]; then
    rm -rf "$work"
    die "checksum of $4: expected $5, got $got"
  fi
  case $3 in
    binary) mv "$work/file" "$work/tree/bin/$2" ;;
    archive) tar -xzf "$work/file" -C "$work/tree/bin" --no-same-owner || die "$4 is no archive" ;;
    archiveWithBin) tar -xzf "$work/file" -C "$work/tree" --no-same-owner || die "$4 is no archive" ;;
  esac
  chmod -R u=rwX,go=rX "$work/tree"
  find "$work/tree/bin" -type f -exec chmod 0755 {} +
  echo "$5" >"$work/tree/.sha256"
  mkdir -p "$(dirname "$folder")"
  rm -rf "$folder"
  mv "$work/tree" "$folder"
  rm -rf "$work"
}
# link NAME FOLDER [UNIT...]
link() {
  local path=${linkFolder}/$1 target=$2/bin/$1 unit
  if [ "$(readlink "$path" || true)" = "$target" ]; then return 0; fi
  if [ ! -e "$target" ]; then die "$target is not there: the download holds something else"; fi
  if [ ! -x "$target" ]; then cannot_run "$target"; fi
  shift 2
  for unit in "$@"; do mark "$unit"; done
  ln -sfn "$target" "$path.pulumi-kubeadm-new"
  mv -fT "$path.pulumi-kubeadm-new" "$path"
}
phase downloads
opt=${installRoot}
mkdir -p "$opt" ${linkFolder}
${steps.join("\n")}
rm -rf "$opt/.incoming"
if command -v restorecon >/dev/null; then restorecon -R "$opt"; fi
phase binaries
${always.join("\n")}
if [ ! -e ${kubeletConfigFile} ]; then
${nodeLinks.map((line) => `  ${line}\n`).join("")}fi
${cni === undefined ? "" : cniPlugins(cni)}`;
}

/** Copies, not links: pods of CNIs mount the folder and would see links that lead nowhere. Others' plugins stay. */
function cniPlugins(download: Download): string {
  return `mkdir -p ${cniBinFolder}
for plugin in ${sh(folderOf(download))}/bin/*; do
  name=\${plugin##*/}
  case $name in LICENSE | README.md) continue ;; esac
  if ! cmp -s "$plugin" "${cniBinFolder}/$name"; then
    cp "$plugin" "${cniBinFolder}/$name.pulumi-kubeadm-new"
    mv -f "${cniBinFolder}/$name.pulumi-kubeadm-new" "${cniBinFolder}/$name"
  fi
done
if command -v restorecon >/dev/null; then restorecon -R ${cniBinFolder}; fi
`;
}
