/** Which packages each entry needs, types included: the SDK of AWS and the client of Kubernetes are large, and optional. */
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(__dirname, "../../..");

/** Every package that a file needs, by the files it imports. */
function packagesOf(entry: string): Map<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const open = [path.join(root, entry)];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = fs.readFileSync(file, "utf8");
    for (const [, name] of text.matchAll(/^(?:import |(?:import|export)\b[^"';]*?\bfrom )"([^"]+)"/gm)) {
      if (name === undefined) continue;
      if (!name.startsWith(".")) {
        found.set(
          name
            .split("/")
            .slice(0, name.startsWith("@") ? 2 : 1)
            .join("/"),
          path.relative(root, file),
        );
        continue;
      }
      const target = path.resolve(path.dirname(file), name);
      const source = [`${target}.ts`, path.join(target, "index.ts"), target].find((one) =>
        fs.statSync(one, { throwIfNoEntry: false })?.isFile(),
      );
      if (source === undefined) throw new Error(`${file} imports ${name}, which is not there`);
      open.push(source);
    }
  }
  return found;
}

describe("an entry of the package needs", () => {
  it("no SDK of AWS and no client of Kubernetes for a cluster on your own machines", () => {
    for (const entry of ["index.ts", "testing/index.ts", "host/main.ts"]) {
      const packages = packagesOf(entry);
      expect(packages.get("@pulumi/aws"), entry).toBeUndefined();
      expect(packages.get("@kubernetes/client-node"), entry).toBeUndefined();
    }
  });

  it("the SDK of AWS for pulumi-kubeadm/aws", () => {
    expect([...packagesOf("aws.ts").keys()]).toContain("@pulumi/aws");
  });

  it("only packages that package.json names", () => {
    const { dependencies, peerDependencies } = JSON.parse(
      fs.readFileSync(path.join(root, "package.json"), "utf8"),
    ) as Record<"dependencies" | "peerDependencies", Record<string, string>>;
    const known = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
    for (const entry of [
      "index.ts",
      "aws.ts",
      "testing/index.ts",
      "host/main.ts",
      "policy/index.ts",
      "smoke/main.ts",
      "plan/run.ts",
    ]) {
      const unknown = [...packagesOf(entry)].filter(
        ([name]) => !name.startsWith("node:") && !known.has(name),
      );
      expect(unknown, entry).toEqual([]);
    }
  });
});
