/** `@pulumi/aws` is needed by plans of stacks on AWS, and by no other. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { answering } from "./answering";
import { cleanUp, newFolder } from "./folder";

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
afterAll(() => fs.rmSync(path.dirname(hidden), { recursive: true }));
const run = answering("--require", hidden);

async function planWithoutAws(stack: string): Promise<{ status: number; output: string }> {
  const folder = newFolder();
  fs.copyFileSync(path.join(root, `Pulumi.${stack}.yaml`), path.join(folder, `Pulumi.${stack}.yaml`));
  const { status, stdout, stderr } = await run(folder, stack);
  return { status, output: stdout + stderr };
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
