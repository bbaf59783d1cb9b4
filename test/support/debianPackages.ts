import * as fs from "node:fs";
import { run } from "./run";

/**
 * Installs those of the named Debian packages that this machine lacks. Needs root and apt; elsewhere the error names
 * what to install by hand.
 */
export async function ensureDebianPackages(names: readonly string[]): Promise<void> {
  // Its status is 1 when one of the names is unknown to dpkg; what it says of the others holds.
  const query = await run(["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\\n", ...names], {
    allowFailure: true,
  });
  const installed = new Set(query.stdout.split("\n"));
  const missing = names.filter((name) => !installed.has(`${name} installed`));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !fs.existsSync("/usr/bin/apt-get")) {
    throw new Error(`these packages are needed and not installed: ${missing.join(", ")}`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "-qq", "update"], { env });
  await run(["apt-get", "-qq", "-y", "--no-install-recommends", "install", ...missing], { env });
}
