import * as fs from "node:fs";
import * as path from "node:path";
import type { ProjectFiles } from "../../model/extras/files";

/** Never part of what people bring, and large. */
const LEFT_OUT = new Set(["node_modules", ".git"]);

/** The files of a project. @param root its folder; default: where the program runs, which Pulumi makes the project's */
export function projectFiles(root: string = process.cwd()): ProjectFiles {
  const inside = (relative: string): string => path.join(root, ...relative.split("/"));
  return {
    read: (file) => {
      try {
        return fs.readFileSync(inside(file), "utf8");
      } catch (error) {
        if (["ENOENT", "EISDIR", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
          return undefined;
        throw error;
      }
    },
    list: (folder) => {
      if (!fs.existsSync(inside(folder)) || !fs.statSync(inside(folder)).isDirectory()) return undefined;
      return filesBelow(inside(folder))
        .map((file) => path.relative(root, file).split(path.sep).join("/"))
        .sort();
    },
  };
}

function filesBelow(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (LEFT_OUT.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(file) : [file];
  });
}
