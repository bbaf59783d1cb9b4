import { createHash } from "node:crypto";
import { apiServerFolder, paths } from "../kubeadm";
import type { RenderedFile } from "../renderedFile";
import { word } from "./shell";

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

export function namedByDigest(files: readonly RenderedFile[]): NamedFiles {
  const renamed = files.map((file) => ({ from: file.path, file: { ...file, path: nameOf(file) } }));
  return {
    files: renamed.map(({ file }) => file),
    rename: (text) => renamed.reduce((all, { from, file }) => all.replaceAll(from, file.path), text),
  };
}

function nameOf({ path, content }: RenderedFile): string {
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/")
    ? `${path.slice(0, dot)}-${digest}${path.slice(dot)}`
    : `${path}-${digest}`;
}

/** Files of the API server that a document names and that are not among `files`. */
export function missingFiles(document: string, files: readonly RenderedFile[]): string[] {
  const there = new Set([paths.encryption, ...files.map((file) => file.path)]);
  const named = document.match(new RegExp(`${apiServerFolder}/[^\\s"',]+`, "g")) ?? [];
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

/** Takes away files of the API server that its manifest no longer names; run when the API server is well. */
export function pruneApiServerFiles(files: readonly RenderedFile[]): string {
  const keep = [paths.encryption, ...files.map((file) => file.path)].filter((path) =>
    path.startsWith(`${apiServerFolder}/`),
  );
  return `for old in ${apiServerFolder}/*; do
  case "$old" in ${keep.map(word).join("|")}) ;; *) rm -f "$old" ;; esac
done
`;
}
