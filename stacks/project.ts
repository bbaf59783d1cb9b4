import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { SettingsError } from "../model/settings/problems";

/** What the library reads of a project's `Pulumi.yaml`. */
export interface Project {
  readonly name?: string;
  /** File or folder of the program, relative to the project's folder. */
  readonly main?: string;
  /** Folder of the stacks' files, relative to the project's folder. */
  readonly stackConfigDir?: string;
}

/**
 * The project in a folder; undefined where there is none. Keys that hold no text count as absent.
 *
 * @throws SettingsError when the file is not valid YAML
 */
export function readProject(folder: string): Project | undefined {
  const file = path.join(folder, "Pulumi.yaml");
  if (!fs.existsSync(file)) return undefined;
  let project: unknown;
  try {
    project = parse(fs.readFileSync(file, "utf8"));
  } catch {
    throw new SettingsError(
      [
        {
          path: "",
          value: "Pulumi.yaml",
          message: "is not valid YAML",
          allowed: "the project file of Pulumi",
        },
      ],
      path.basename(file),
    );
  }
  const found = (project ?? {}) as Readonly<Record<string, unknown>>;
  const texts = (["name", "main", "stackConfigDir"] as const).flatMap((key) => {
    const value = found[key];
    return typeof value === "string" ? [[key, value] as const] : [];
  });
  return Object.fromEntries(texts);
}
