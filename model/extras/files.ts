/** The project's files as settings refer to them; paths are relative to its folder, with `/` between the parts. */
export interface ProjectFiles {
  /** Text of a file, in UTF-8; undefined where there is none. */
  read(path: string): string | undefined;
  /** All files below a folder, sorted; undefined where there is no such folder. */
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
