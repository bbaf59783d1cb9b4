import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { RenderedFile } from "../../../model/renderedFile";
import { HANGS_AFTER } from "../../support/patience";
import { StandIns } from "../../support/standIns";

export interface Result {
  readonly status: number | null;
  readonly output: string;
}

/**
 * A folder that plays a host for one rendered script: absolute paths of the script are moved into it, and commands that
 * would need a cluster are stood in for by shell scripts.
 */
export class ScriptHost {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "script-host-"));
  private readonly programs = new StandIns(this.root);
  private readonly script: string;

  constructor(file: RenderedFile, folders: readonly string[]) {
    const content = folders.reduce(
      (text, folder) => text.replaceAll(folder, this.root + folder),
      file.content,
    );
    this.script = this.write("/script", content, 0o755);
    for (const folder of folders) fs.mkdirSync(this.root + folder, { recursive: true });
  }

  write(file: string, content: string, mode = 0o644): string {
    const target = this.root + file;
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content, { mode });
    return target;
  }

  read(file: string): string {
    return fs.existsSync(this.root + file) ? fs.readFileSync(this.root + file, "utf8") : "";
  }

  /** A stand-in; `$ROOT` is the host's root. Every call is noted in `/calls`. */
  command(name: string, body: string): void {
    this.programs.set(name, `echo "${name} $*" >>"$ROOT/calls"\n${body}`);
  }

  calls(): string[] {
    return this.read("/calls").split("\n").filter(Boolean);
  }

  run(environment: Record<string, string> = {}): Result {
    const env = { ...process.env, ...environment, ...this.programs.environment, ROOT: this.root };
    const done = spawnSync("bash", [this.script], { env, encoding: "utf8", timeout: HANGS_AFTER });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
