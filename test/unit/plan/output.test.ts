import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { GENERATOR } from "../../../plan/document";
import type { PlanFile } from "../../../plan/planFile";
import { PlanError } from "../../../plan/error";
import { writePlan } from "../../../plan/output";
import { cleanUp, listing, newFolder } from "./folder";

afterEach(cleanUp);

function planOf(...names: string[]): PlanFile[] {
  const files = ["plan.json", ...names];
  const marker = JSON.stringify({ generator: GENERATOR, files });
  return [{ path: "plan.json", content: marker }, ...names.map((name) => ({ path: name, content: name }))];
}

describe("writePlan", () => {
  it("makes the folder and those above it", () => {
    const out = path.join(newFolder(), "out", "metal");
    writePlan(out, planOf("nodes/cp1/setup.sh"));
    expect(listing(out)).toEqual(["nodes/cp1/setup.sh", "plan.json"]);
    expect(listing(path.dirname(out))).toHaveLength(2);
  });

  it("takes away what only the former plan had", () => {
    const out = path.join(newFolder(), "metal");
    writePlan(out, planOf("nodes/w1/setup.sh", "nodes/w9/setup.sh"));
    writePlan(out, planOf("nodes/w1/setup.sh"));
    expect(listing(out)).toEqual(["nodes/w1/setup.sh", "plan.json"]);
    expect(fs.existsSync(path.join(out, "nodes/w9"))).toBe(false);
  });

  it("keeps files that no plan wrote, in the plan's folders too", () => {
    const out = path.join(newFolder(), "metal");
    writePlan(out, planOf("nodes/w1/setup.sh"));
    fs.writeFileSync(path.join(out, "notes.txt"), "mine");
    fs.writeFileSync(path.join(out, "nodes/w1/notes.txt"), "mine as well");
    writePlan(out, planOf("index.html"));
    expect(listing(out)).toEqual(["index.html", "nodes/w1/notes.txt", "notes.txt", "plan.json"]);
    expect(fs.readFileSync(path.join(out, "nodes/w1/notes.txt"), "utf8")).toBe("mine as well");
  });

  it("says why where a folder cannot be made: below a file, and on a file system that makes none", () => {
    const file = path.join(newFolder(), "file");
    fs.writeFileSync(file, "mine");
    for (const out of [path.join(file, "metal"), "/proc/pulumi-kubeadm/metal"]) {
      expect(() => writePlan(out, planOf("index.html")), out).toThrow(PlanError);
      expect(() => writePlan(out, planOf("index.html")), out).toThrow(/the plan cannot be written to/);
    }
    expect(fs.readFileSync(file, "utf8")).toBe("mine");
  });

  it("leaves a folder alone that is not empty and holds no plan", () => {
    const out = path.join(newFolder(), "metal");
    fs.mkdirSync(out);
    fs.writeFileSync(path.join(out, "plan.json"), '{"something": "else"}');
    expect(() => writePlan(out, planOf("index.html"))).toThrow(/contains no plan/);
    expect(fs.readFileSync(path.join(out, "plan.json"), "utf8")).toBe('{"something": "else"}');
    expect(listing(path.dirname(out))).toEqual(["metal/plan.json"]);
  });

  it("fills a folder that is there and empty", () => {
    const out = newFolder();
    writePlan(out, planOf("index.html"));
    expect(listing(out)).toEqual(["index.html", "plan.json"]);
  });

  it("refuses to overwrite somebody's file of the same name", () => {
    const out = path.join(newFolder(), "metal");
    writePlan(out, planOf());
    fs.writeFileSync(path.join(out, "index.html"), "mine");
    expect(() => writePlan(out, planOf("index.html"))).toThrow(/index\.html/);
    expect(fs.readFileSync(path.join(out, "index.html"), "utf8")).toBe("mine");
  });

  it("refuses a path that is a file", () => {
    const out = path.join(newFolder(), "metal");
    fs.writeFileSync(out, "mine");
    expect(() => writePlan(out, planOf())).toThrow(/is a file/);
    expect(fs.readFileSync(out, "utf8")).toBe("mine");
  });

  it("leaves nothing half-written behind when it fails", () => {
    const folder = newFolder();
    const out = path.join(folder, "metal");
    writePlan(out, planOf("index.html"));
    const broken = [...planOf("index.html"), { path: "index.html/below", content: "" }];
    expect(() => writePlan(out, broken)).toThrow(/cannot be written/);
    expect(fs.readdirSync(folder)).toEqual(["metal"]);
    expect(listing(out)).toEqual(["index.html", "plan.json"]);
  });

  it("makes scripts executable", () => {
    const out = path.join(newFolder(), "metal");
    writePlan(out, [...planOf(), { path: "setup.sh", content: "", executable: true }]);
    expect(fs.statSync(path.join(out, "setup.sh")).mode & 0o111).not.toBe(0);
    expect(fs.statSync(path.join(out, "plan.json")).mode & 0o111).toBe(0);
  });
});
