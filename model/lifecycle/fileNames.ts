import { sha256 } from "../core/hash";
import { componentFolders, isComponentFile, paths, secretComponentFiles } from "../kubeadm";
import type { RenderedFile } from "../renderedFile";
import { lifecycleScript } from "./scripts";

/**
 * Files of the API server under names that hold a digest of their content. A changed file never overwrites the one that the
 * running API server was started with: when the new one does not come up, kubeadm puts the old manifest back, and that one
 * still finds its files. And a changed file is a changed flag, so kubeadm restarts the API server for it.
 * (The encryption keys keep their name: the API server reloads them while it runs.)
 */
export interface NamedFiles {
  readonly files: readonly RenderedFile[];
  /** A text that names the files, with the names that they have now. */
  readonly rename: (text: string) => string;
}

/** @param brought files of the settings; one that `files` name is renamed in them first */
export function namedByDigest(
  files: readonly RenderedFile[],
  brought: readonly RenderedFile[] = [],
): NamedFiles {
  const first = renamed(brought);
  const second = renamed(files.map((file) => ({ ...file, content: renameIn(file.content, first) })));
  return {
    files: [...second, ...first].map(({ file }) => file),
    rename: (text) => renameIn(text, [...first, ...second]),
  };
}

interface Renamed {
  readonly from: string;
  readonly file: RenderedFile;
}

function renamed(files: readonly RenderedFile[]): Renamed[] {
  return files.map((file) => ({ from: file.path, file: { ...file, path: nameOf(file) } }));
}

/** Longer paths first, or the beginning of one would be taken for another. */
function renameIn(text: string, names: readonly Renamed[]): string {
  return [...names]
    .sort((a, b) => b.from.length - a.from.length)
    .reduce((all, { from, file }) => all.replaceAll(from, file.path), text);
}

function nameOf({ path, content }: RenderedFile): string {
  const digest = sha256(content).slice(0, 12);
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/")
    ? `${path.slice(0, dot)}-${digest}${path.slice(dot)}`
    : `${path}-${digest}`;
}

/**
 * Files of the control plane that a document names and that are not among `files`.
 * @param secret paths of files that come another way
 */
export function missingFiles(
  document: string,
  files: readonly RenderedFile[],
  secret: readonly string[] = [],
): string[] {
  const there = new Set([paths.encryption, ...secret, ...files.map((file) => file.path)]);
  const named = Object.values(componentFolders).flatMap(
    (folder) => document.match(new RegExp(`${folder}/[^\\s"',:]+`, "g")) ?? [],
  );
  return [...new Set(named)].filter((path) => !there.has(path)).sort();
}

/** The ClusterConfiguration in the documents of a control-plane node: the same on all of them. */
export function clusterDocumentOf(documents: string): string {
  return (
    documents
      .split(/^---$/m)
      .find((one) => /^kind: ClusterConfiguration$/m.test(one))
      ?.trim() ?? ""
  );
}

/** Takes away files of the control plane that its manifests no longer name; run when the API server is well. */
export function pruneComponentFiles(
  spec: Parameters<typeof secretComponentFiles>[0],
  files: readonly RenderedFile[],
): string {
  const keep = [
    paths.encryption,
    ...secretComponentFiles(spec).map((file) => file.path),
    ...files.map((file) => file.path),
  ].filter(isComponentFile);
  return lifecycleScript("prune-files", {
    component_folders: Object.values(componentFolders),
    kept_files: keep,
  });
}
