import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { reporting } from "../components/settingsError";
import { readStackFile, type StackConfig } from "../model/settings/yaml";
import { readProject } from "./project";

/** The stack's file, and what is under `config` there. */
export interface StackFile extends StackConfig {
  readonly name: string;
}

/**
 * Reads `Pulumi.<stack>.yaml` of a project, as `npm run plan` does. The values that a program gets were read by the CLI; this finds
 * what the CLI reads differently, and which secrets are not encrypted. Undefined where there is no such file: the configuration
 * may come from elsewhere (`--config-file`, Pulumi ESC).
 *
 * @throws ClusterSettingsError when the file is not YAML that all readers read alike
 */
export function stackFile(folder: string, stack: string): StackFile | undefined {
  const settings = reporting(() => readProject(folder))?.stackConfigDir ?? "";
  for (const end of ["yaml", "yml"]) {
    const name = `Pulumi.${stack}.${end}`;
    const bytes = read(path.join(folder, settings, name));
    if (bytes !== undefined) return { name, ...reporting(() => readStackFile(bytes, stack)) };
  }
  return undefined;
}

function read(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new pulumi.RunError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
