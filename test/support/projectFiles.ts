import type { ProjectFiles } from "../../model/extras/files";

/** A project of the files given, text by path. */
export function filesOf(texts: Readonly<Record<string, string>>): ProjectFiles {
  return {
    read: (path) => texts[path],
    list: (folder) => {
      const inside = Object.keys(texts).filter((path) => path.startsWith(`${folder}/`));
      return inside.length === 0 ? undefined : inside.sort();
    },
  };
}
