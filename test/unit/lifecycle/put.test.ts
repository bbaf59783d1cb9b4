import * as fs from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prelude, putFiles } from "../../../model/node/shell";
import type { RenderedFile } from "../../../model/renderedFile";
import { NodeHost } from "./support";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
});
afterEach(() => host.files.remove());

/** Writes files and gives back which ones the script says it has written. */
function put(files: readonly RenderedFile[]): string[] {
  const { status, output } = host.run(`${prelude()}\n${putFiles(files)}`);
  expect(status, output).toBe(0);
  return [...output.matchAll(/^wrote (.*)$/gm)].map(([, one = ""]) => one.slice(host.files.root.length));
}

const mode = (path: string) =>
  (fs.statSync(host.files.root + path).mode & 0o7777).toString(8).padStart(4, "0");

describe("putFiles", () => {
  const files: RenderedFile[] = [
    { path: "/etc/kubernetes/secret.yaml", mode: "0600", content: "secret: value\n" },
    { path: "/usr/local/sbin/tool", mode: "0755", content: "#!/bin/sh\n" },
    { path: "/etc/deep/er/plain", mode: "0644", content: "without an end of line" },
    { path: "/etc/empty", mode: "0644", content: "" },
  ];

  it("writes content, modes and folders, and says so of each", () => {
    expect(put(files)).toEqual(files.map((file) => file.path));
    for (const file of files) {
      expect(host.files.read(file.path)).toBe(file.content);
      expect(mode(file.path)).toBe(file.mode);
    }
  });

  it("lets nobody but root into folders it had to make", () => {
    put(files);
    expect(mode("/etc/deep")).toBe("0700");
  });

  it("touches nothing when it is run again, and says nothing", () => {
    put(files);
    const inodes = () => files.map((file) => fs.statSync(host.files.root + file.path).ino);
    const before = inodes();
    expect(put(files)).toEqual([]);
    expect(inodes()).toEqual(before);
  });

  it("writes what differs and only that", () => {
    put(files);
    fs.writeFileSync(`${host.files.root}/etc/empty`, "no longer");
    const changed = [{ ...files[0], content: "secret: other\n" }, ...files.slice(1)];
    expect(put(changed)).toEqual(["/etc/kubernetes/secret.yaml", "/etc/empty"]);
    expect(host.files.read("/etc/kubernetes/secret.yaml")).toBe("secret: other\n");
  });

  it("sets a mode right that was changed, without writing the file", () => {
    put(files);
    fs.chmodSync(`${host.files.root}/etc/kubernetes/secret.yaml`, 0o644);
    expect(put(files)).toEqual([]);
    expect(mode("/etc/kubernetes/secret.yaml")).toBe("0600");
  });

  it("leaves no half-written file beside one", () => {
    put(files);
    put([{ ...files[0], content: "other\n" }]);
    expect(fs.readdirSync(`${host.files.root}/etc/kubernetes`)).toEqual(["secret.yaml"]);
  });

  it("replaces a file in one step: who has it open reads the old one to its end", () => {
    put(files);
    const open = fs.openSync(`${host.files.root}/etc/kubernetes/secret.yaml`, "r");
    put([{ ...files[0], content: "secret: other\n" }]);
    expect(fs.readFileSync(open, "utf8")).toBe("secret: value\n");
    fs.closeSync(open);
  });

  it("carries any content and any name as they are", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom("END_OF_FILE\n", "\nEND_OF_FILE", "$(id)\n`id`\n'\"\\", "a".repeat(75), "b".repeat(76)),
    );
    const name = fc.stringMatching(/^[a-z $'"`\\;&*()-]{1,20}$/);
    const samples = fc.sample(fc.tuple(name, text), { numRuns: 60, seed: 7 });
    const odd = samples.map(([end, content], index) => ({
      path: `/etc/odd/${index}${end}x`,
      mode: "0644",
      content,
    }));
    put(odd);
    for (const file of odd) {
      const written = fs.readFileSync(host.files.root + file.path);
      expect(written.equals(Buffer.from(file.content, "utf8")), JSON.stringify(file)).toBe(true);
    }
  });
});
