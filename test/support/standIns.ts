import * as fs from "node:fs";
import * as path from "node:path";

/**
 * Programs of a host, in bash. Each is a file on the search path, for `timeout`, `env` and what is not bash, and a function that a script
 * finds by `BASH_ENV`: it starts no other bash, which is most of what a stand-in costs.
 *
 * Both run in a process of their own and without the script's options, and have the caller's process in `$CALLER`. A function also sees
 * the script's variables, and `$$` and `$0` are the script's.
 */
export class StandIns {
  private readonly bodies = new Map<string, string>();

  constructor(private readonly host: string) {}

  /** For the environment of a host's shells: its programs come first. */
  get environment(): Record<string, string> {
    return { PATH: `${this.host}/bin:${process.env.PATH ?? ""}`, BASH_ENV: `${this.host}/programs.sh` };
  }

  /** `host_NAME` is for a function of a test that takes the place of NAME and calls it. */
  set(name: string, body: string): void {
    if (/\$\{?PPID\b/.test(body))
      throw new Error(`${name}: $PPID would be this process; $CALLER is the script`);
    this.bodies.set(name, body);
    const file = path.join(this.host, "bin", name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `#!/bin/bash\nCALLER=$PPID\n${body}\n`, { mode: 0o755 });
    const functions = `host_${name}() (\nset +eu +o pipefail\nCALLER=$$\n${body}\n)\n${name}() { host_${name} "$@"; }\n`;
    fs.appendFileSync(path.join(this.host, "programs.sh"), functions);
  }

  /** Other words in a program that is there. */
  change(name: string, from: string, to: string): void {
    const body = this.bodies.get(name);
    if (body?.includes(from) !== true) throw new Error(`${name} has no ${from}`);
    this.set(name, body.replace(from, to));
  }
}
