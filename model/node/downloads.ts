import type { RenderedFile } from "../renderedFile";
import { sh, shWords } from "../text";
import type { Download, InstalledName } from "../settings/resolved";
import { components, installRoot, linkFolder, nodeScript } from "./paths";
import { putFile } from "./prelude";
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
function links(command: "link" | "link_new", download: Download, names: readonly string[]): string[] {
  const units = components[download.name].units;
  return names.map((name) => shWords([command, name, folderOf(download), ...units]));
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

/** Where a control-plane node's downloads come from, for kubeadm of a version that it goes through. */
export const downloadsFile = "/etc/pulumi-kubeadm/downloads-from";

/** No file where nothing is downloaded later. */
export function downloadsFiles({ downloadsFrom }: Pick<NodeSetupSpec, "downloadsFrom">): RenderedFile[] {
  return downloadsFrom === undefined
    ? []
    : [{ path: downloadsFile, mode: "0600", content: `${downloadsFrom}\n` }];
}

/** Where one version of a download is unpacked. */
export function folderOf(download: Download): string {
  return `${installRoot}/${components[download.name].folder}/${download.version}`;
}

/** Each file by version and SHA-256, unpacked in its own folder that appears in one step. */
export function downloadsPhase(spec: Pick<NodeSetupSpec, "downloads" | "downloadsFrom" | "machine">): string {
  const { downloads: files, machine } = spec;
  if (files.length === 0) return `die ${sh(`no downloads are known for ${machine.architecture}`)}\n`;
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
  const always = files.flatMap((file) => links("link", file, components[file.name].links));
  const nodeLinks = files.flatMap((file) => links("link_new", file, components[file.name].nodeLinks ?? []));
  const cni = named("cniPlugins");
  return [
    nodeScript("downloads"),
    ...downloadsFiles(spec).map((file) => putFile(file)),
    ...steps,
    nodeScript("downloaded"),
    ...always,
    ...nodeLinks,
    cni === undefined ? "" : nodeScript("cni-plugins", { plugins_folder: folderOf(cni) }),
  ]
    .map((part) => (part === "" || part.endsWith("\n") ? part : `${part}\n`))
    .join("");
}
