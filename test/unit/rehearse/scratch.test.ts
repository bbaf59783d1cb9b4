import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { Scratch } from "../../../rehearse/scratch";
import { HANGS_AFTER } from "../../support/patience";

const MODULE = path.resolve(__dirname, "../../../rehearse/scratch.ts");

async function eventually(holds: () => boolean): Promise<void> {
  for (const until = Date.now() + HANGS_AFTER; Date.now() < until; await delay(20)) if (holds()) return;
  throw new Error("it never came about");
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("is a folder of its owner alone, and is gone with its processes when it is closed", async () => {
  const scratch = new Scratch((line) => line);
  expect(fs.statSync(scratch.folder).mode & 0o777).toBe(0o700);
  expect(fs.statSync(scratch.write("keys/one", "secret")).mode & 0o777).toBe(0o600);
  const file = scratch.path("pid");
  await scratch.start(
    "sleep",
    "/bin/sh",
    ["-c", `echo $$ >${file}; exec sleep 600`],
    () => Promise.resolve(fs.existsSync(file)),
    20,
  );
  const pid = Number(fs.readFileSync(file, "utf8"));
  scratch.close();
  expect(fs.existsSync(scratch.folder)).toBe(false);
  await eventually(() => !runs(pid));
});

it("says what a program that ends said last, without secrets", async () => {
  const scratch = new Scratch((line) => line.replace("hunter2", "[secret]"));
  try {
    const ended = scratch.start(
      "etcd",
      "/bin/sh",
      ["-c", "echo key hunter2 is wrong; exit 1"],
      () => Promise.resolve(false),
      20,
    );
    await expect(ended).rejects.toThrow("etcd ended: key [secret] is wrong");
    const run = scratch.run("fetching", "/bin/sh", ["-c", "echo no hunter2 >&2; exit 1"]);
    await expect(run).rejects.toThrow("fetching: no [secret]");
  } finally {
    scratch.close();
  }
});

it("leaves nothing when the program that holds it is killed", async () => {
  const text = `
    const { Scratch } = require(${JSON.stringify(MODULE)});
    const fs = require("node:fs");
    const scratch = new Scratch((line) => line);
    const file = scratch.path("pid");
    scratch
      .start("sleep", "/bin/sh", ["-c", "echo $$ >" + file + "; exec sleep 600"], async () => fs.existsSync(file) && fs.readFileSync(file, "utf8") !== "", 250)
      .then(() => console.log(scratch.folder + " " + fs.readFileSync(file, "utf8").trim()));
    setInterval(() => undefined, 1000);
  `;
  const holder = spawn(process.execPath, ["--require", "tsx/cjs", "-e", text], {
    cwd: path.resolve(__dirname, "../../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await new Promise<string>((resolve) =>
    holder.stdout.once("data", (data: Buffer) => resolve(data.toString())),
  );
  const [folder = "", pid = ""] = said.trim().split(" ");
  expect(runs(Number(pid))).toBe(true);
  holder.kill("SIGKILL");
  await eventually(() => !fs.existsSync(folder) && !runs(Number(pid)));
});
