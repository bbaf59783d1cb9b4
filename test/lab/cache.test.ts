import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cachedFolder, cacheFolder, makeRecords, recipeKey, withLock } from "../support/cache";

let previous: string | undefined;

beforeEach(() => {
  previous = process.env.PULUMI_KUBEADM_CACHE;
  process.env.PULUMI_KUBEADM_CACHE = fs.mkdtempSync(path.join(os.tmpdir(), "cache-test-"));
});

afterEach(() => {
  fs.rmSync(cacheFolder(), { recursive: true });
  if (previous === undefined) delete process.env.PULUMI_KUBEADM_CACHE;
  else process.env.PULUMI_KUBEADM_CACHE = previous;
});

describe("a recipe's key", () => {
  it("does not depend on the order of properties, and does on values", () => {
    expect(recipeKey({ a: 1, b: { c: [1], d: 2 } })).toBe(recipeKey({ b: { d: 2, c: [1] }, a: 1 }));
    expect(recipeKey({ a: [1, 2] })).not.toBe(recipeKey({ a: [2, 1] }));
  });
});

describe("a cached folder", () => {
  it("is made once per recipe, and recorded", async () => {
    let made = 0;
    const make = (folder: string) => fs.promises.writeFile(path.join(folder, "file"), String(++made));
    const folders = await Promise.all(
      [1, 1, 2].map((recipe) => cachedFolder("tools", "x", { recipe }, make)),
    );
    expect(made).toBe(2);
    expect(folders[0]).toBe(folders[1]);
    expect(folders[2]).not.toBe(folders[0]);
    expect(makeRecords().map(({ name }) => name)).toEqual(["x", "x"]);
    expect(makeRecords(new Date(Date.now() + 1000))).toEqual([]);
  });

  it("is not there when making it failed, and the next attempt makes it", async () => {
    const failing = async (folder: string) => {
      await fs.promises.writeFile(path.join(folder, "half"), "");
      throw new Error("compiler broke");
    };
    await expect(cachedFolder("tools", "x", {}, failing)).rejects.toThrow("compiler broke");
    expect(fs.readdirSync(cacheFolder("tools"))).toEqual([]);
    const folder = await cachedFolder("tools", "x", {}, () => Promise.resolve());
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe("a lock", () => {
  it("lets one at a time in", async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withLock("x", work)));
    expect(most).toBe(1);
  });

  it("of a process that is gone is taken over", async () => {
    const gone = spawnSync("true").pid;
    fs.mkdirSync(cacheFolder("locks"));
    fs.writeFileSync(cacheFolder("locks", "x.lock"), String(gone));
    expect(await withLock("x", () => Promise.resolve("in"))).toBe("in");
  });
});
