/** The project's files. Paths are relative to its folder, with `/` between parts. */
export interface ProjectFiles {
  /** Text of a file, in UTF-8. Undefined if there is no such file. */
  read(path: string): string | undefined;
  /** Paths of all files below a folder, sorted. Undefined if there is no such folder. */
  list(folder: string): readonly string[] | undefined;
}

/** `./apps//web.yaml/` as `apps/web.yaml`. */
export function plainPath(path: string): string {
  return path
    .split(/[\\/]+/)
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

/** A path that is written as one within the project. */
export function isInside(path: string): boolean {
  return /^\.\//.test(path) && !path.split("/").includes("..");
}
