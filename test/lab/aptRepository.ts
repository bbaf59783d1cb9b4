import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../support/run";
import { startDaemon, stopDaemon, type Daemon } from "./daemon";
import type { Lab } from "./lab";
import { inNamespace, labAddress, labNamespace } from "./network";

const PORT = 8099;
const SUITE = "lab-security";

/** A package of Debian that does nothing but to be there, and may say that it needs a reboot, as a kernel's does. */
export interface DummyPackage {
  readonly name: string;
  readonly version: string;
  readonly wantsReboot?: boolean;
}

/** An archive of security updates on the lab's own network. */
export class AptRepository {
  private daemon: Daemon | undefined;

  constructor(private readonly lab: Lab) {}

  /** Line for a host's sources.list. */
  readonly source = `deb [trusted=yes] http://${labAddress}:${PORT}/ ${SUITE} main`;

  private get folder(): string {
    return this.lab.folder("apt");
  }

  /** Builds a package; its file. */
  async build({ name, version, wantsReboot = false }: DummyPackage): Promise<string> {
    const tree = this.lab.folder("apt-build", `${name}-${version}`);
    fs.mkdirSync(path.join(tree, "DEBIAN"), { recursive: true });
    const control = [
      ...[
        `Package: ${name}`,
        `Version: ${version}`,
        "Architecture: all",
        "Maintainer: lab <lab@corp.example>",
      ],
      "Description: nothing",
    ];
    fs.writeFileSync(path.join(tree, "DEBIAN/control"), `${control.join("\n")}\n`);
    const flag =
      wantsReboot && version !== "1.0"
        ? `echo ${name} >>/run/reboot-required.pkgs; : >/run/reboot-required`
        : ":";
    fs.writeFileSync(path.join(tree, "DEBIAN/postinst"), `#!/bin/sh\n${flag}\n`, { mode: 0o755 });
    const file = this.lab.folder("apt-build", `${name}_${version}_all.deb`);
    await run(["dpkg-deb", "--root-owner-group", "--build", tree, file]);
    return file;
  }

  /** Puts packages into the archive, in place of those that were there. */
  async publish(...packages: readonly DummyPackage[]): Promise<void> {
    fs.rmSync(this.folder, { recursive: true, force: true });
    const pool = path.join(this.folder, "pool");
    const index = path.join(this.folder, "dists", SUITE, "main/binary-amd64");
    for (const folder of [pool, index]) fs.mkdirSync(folder, { recursive: true });
    for (const one of packages)
      fs.copyFileSync(await this.build(one), path.join(pool, `${one.name}_${one.version}_all.deb`));
    const { stdout } = await run(["dpkg-scanpackages", "--multiversion", "pool"], { cwd: this.folder });
    fs.writeFileSync(path.join(index, "Packages"), stdout);
    const digest = crypto.createHash("sha256").update(stdout).digest("hex");
    const release = [
      ...[
        "Origin: Lab",
        `Suite: ${SUITE}`,
        `Codename: ${SUITE}`,
        "Architectures: amd64 all",
        "Components: main",
      ],
      ...[`Date: ${new Date().toUTCString()}`, "SHA256:"],
      ` ${digest} ${Buffer.byteLength(stdout)} main/binary-amd64/Packages`,
    ];
    fs.writeFileSync(path.join(this.folder, "dists", SUITE, "Release"), `${release.join("\n")}\n`);
  }

  async serve(): Promise<void> {
    fs.mkdirSync(this.folder, { recursive: true });
    const server = [
      "python3",
      "-m",
      "http.server",
      String(PORT),
      "--bind",
      labAddress,
      "--directory",
      this.folder,
    ];
    this.daemon = startDaemon(inNamespace(labNamespace(this.lab.id), server), this.lab.folder("apt.log"));
    const url = `http://${labAddress}:${PORT}/`;
    for (;;) {
      const { status } = await this.lab.run(["curl", "--silent", "--fail", "--output", "/dev/null", url], {
        allowFailure: true,
      });
      if (status === 0) return;
      await delay(100);
    }
  }

  async end(): Promise<void> {
    if (this.daemon !== undefined) await stopDaemon(this.daemon);
  }
}
