import * as fs from "node:fs";
import { run } from "./run";

/**
 * Installs those of the named Debian packages that this machine lacks. Needs root and apt; elsewhere the error names
 * what to install by hand.
 */
export async function ensureDebianPackages(names: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of names) {
    const query = await run(["dpkg-query", "-W", "-f=${Status}", name], { allowFailure: true });
    if (!query.stdout.includes("install ok installed")) missing.push(name);
  }
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !fs.existsSync("/usr/bin/apt-get")) {
    throw new Error(`these packages are needed and not installed: ${missing.join(", ")}`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "-qq", "update"], { env });
  await run(["apt-get", "-qq", "-y", "--no-install-recommends", "install", ...missing], { env });
}
