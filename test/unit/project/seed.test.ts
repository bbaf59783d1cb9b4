/** The unit level says the same of the same tree: what it draws, it draws from the seed. */
import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { utils } from "ssh2";
import { describe, expect, it } from "vitest";
import { have } from "../../support/have";
import { randomFrom, seedOfRun } from "../../support/seed";
import { newKey } from "../../support/sshKey";
import { python } from "../aws/boot/support";

const root = path.resolve(__dirname, "../../..");
const seed = seedOfRun() ?? Number.NaN;

function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true })
    .map((name) => `${folder}/${String(name)}`)
    .filter((name) => name.endsWith(".ts"));
}

const tests = ["test/unit", "test/component", "test/policy", "test/support"].flatMap(filesBelow);

/** Lines of tests that match, but for the files that make the rule. */
function linesWith(pattern: RegExp, except: readonly string[] = []): string[] {
  return tests
    .filter((file) => ![...except, "test/unit/project/seed.test.ts"].includes(file))
    .flatMap((file) =>
      fs
        .readFileSync(path.join(root, file), "utf8")
        .split("\n")
        .flatMap((line) => (pattern.test(line) ? [`${file}: ${line.trim()}`] : [])),
    );
}

describe("the seed of the run", () => {
  it("is fast-check's, Math.random's and Python's", () => {
    expect(fc.readConfigureGlobal()).toMatchObject({ seed });
    const sequence = randomFrom(seed);
    expect([Math.random(), Math.random()]).toEqual([sequence(), sequence()]);
    if (have("python3")) {
      const drawn = (): string => python("print(aws.random.random())");
      expect(drawn()).toBe(drawn());
    }
  });

  it("makes keys that ssh2 reads, each another one", () => {
    for (const type of ["ed25519", "ecdsa"] as const) {
      const keys = Array.from({ length: 300 }, () => newKey(type));
      for (const key of keys) {
        const parsed = utils.parseKey(key.private);
        if (parsed instanceof Error) throw parsed;
        expect(`${parsed.type} ${parsed.getPublicSSH().toString("base64")}`).toBe(key.public);
        const signature = parsed.sign(Buffer.from("text"));
        if (signature instanceof Error) throw signature;
        expect(parsed.verify(Buffer.from("text"), signature)).toBe(true);
      }
      expect(new Set(keys.map((key) => key.public)).size).toBe(300);
    }
  });
});

describe("no test of the unit level", () => {
  it("draws anything past the seed", () => {
    const draws =
      /\brandom(Bytes|UUID|Int|FillSync)\b|getRandomValues|\$RANDOM|\/dev\/u?random|generateKeyPair/;
    // Names of files of the cache, and RSA keys, which Node makes from no seed: any one of them does.
    const apart = ["test/support/seed.ts", "test/support/cache.ts", "test/unit/aws/identity.test.ts"];
    expect(linesWith(draws, apart).filter((line) => !line.includes("head -c"))).toEqual([]);
  });

  it("expects anything of how long something takes", () => {
    expect(linesWith(/expect\((Date\.now\(\)|performance\.now\(\)) *-/)).toEqual([]);
  });

  it("looks at the temporary folder itself, which others use too", () => {
    expect(linesWith(/readdir(Sync)?\((os\.)?tmpdir\(\)/)).toEqual([]);
  });
});
