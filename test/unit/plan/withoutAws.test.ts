/** `@pulumi/aws` is needed by plans of stacks on AWS, and by no other. */
import { fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { cleanUp, newFolder } from "./support";

afterEach(cleanUp);

const root = path.resolve(__dirname, "../../..");

/** As Node says it of a package that is not installed. */
const HIDDEN = `
const Module = require("node:module");
const load = Module._load;
Module._load = function (name, ...rest) {
  if (name !== "@pulumi/aws") return load.call(this, name, ...rest);
  throw Object.assign(new Error("Cannot find module '@pulumi/aws'"), { code: "MODULE_NOT_FOUND" });
};
`;

const hidden = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "hidden-")), "hidden.cjs");
fs.writeFileSync(hidden, HIDDEN);
const answering = fork(path.join(__dirname, "answering.cjs"), {
  env: { PATH: "/nonexistent", HOME: "/nonexistent" },
  execArgv: ["--require", hidden],
});
afterAll(() => {
  answering.kill();
  fs.rmSync(path.dirname(hidden), { recursive: true });
});

async function planWithoutAws(stack: string): Promise<{ status: number; output: string }> {
  const folder = newFolder();
  fs.copyFileSync(path.join(root, `Pulumi.${stack}.yaml`), path.join(folder, `Pulumi.${stack}.yaml`));
  answering.send({ folder, words: [stack] });
  const [ended] = (await once(answering, "message")) as [{ status: number; stdout: string; stderr: string }];
  return { status: ended.status, output: ended.stdout + ended.stderr };
}

it("a stack on one's own machines is planned without it", async () => {
  const { status, output } = await planWithoutAws("metal");
  expect(output).toMatch(/^Plan of metal: cluster metal on machines/);
  expect(status).toBe(0);
});

it("a stack on AWS says which package to install", async () => {
  const { status, output } = await planWithoutAws("dev");
  expect(output).toBe("error: dev is on AWS, which needs the package @pulumi/aws: npm install @pulumi/aws\n");
  expect(status).toBe(1);
});
