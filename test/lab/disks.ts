import * as fs from "node:fs";
import { run } from "../support/run";
import type { Lab } from "./lab";

/** Disks of hosts and the stack's state as they are at a moment, to have them once more: settings never lead back to a former version. */
export class Disks {
  constructor(
    private readonly lab: Lab,
    private readonly hosts: readonly string[],
  ) {}

  private get kept(): string {
    return this.lab.folder("kept");
  }

  private parts(): string[] {
    const ofHosts = this.hosts.flatMap((host) =>
      ["upper", "var-lib"].map((part) => this.lab.folder("hosts", host, part)),
    );
    return [this.lab.folder("engine"), ...ofHosts];
  }

  /** Stops the hosts, copies their disks and the state, and starts them again. */
  async keep(): Promise<void> {
    await Promise.all(this.hosts.map((host) => this.lab.stopHost(host)));
    fs.rmSync(this.kept, { recursive: true, force: true });
    fs.mkdirSync(this.kept);
    for (const [index, part] of this.parts().entries())
      await run(["cp", "-a", part, `${this.kept}/${index}`]);
    await this.start();
  }

  /** The hosts lose their power, and start with the disks that were kept. */
  async bringBack(): Promise<void> {
    await Promise.all(this.hosts.map((host) => this.lab.stopHost(host, 0)));
    for (const [index, part] of this.parts().entries()) {
      fs.rmSync(part, { recursive: true, force: true });
      await run(["cp", "-a", `${this.kept}/${index}`, part]);
    }
    for (const host of this.hosts)
      fs.rmSync(this.lab.folder("hosts", host, "work"), { recursive: true, force: true });
    await this.start();
  }

  private async start(): Promise<void> {
    await Promise.all(this.hosts.map((host) => this.lab.startHost(host)));
  }
}
