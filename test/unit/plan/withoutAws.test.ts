/** `@pulumi/aws` is needed by plans of stacks on AWS, and by no other. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";
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

function planWithoutAws(stack: string): { status: number | null; output: string } {
  const folder = newFolder();
  fs.writeFileSync(path.join(folder, "hidden.cjs"), HIDDEN);
  fs.copyFileSync(path.join(root, `Pulumi.${stack}.yaml`), path.join(folder, `Pulumi.${stack}.yaml`));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--require", path.join(folder, "hidden.cjs"), path.join(root, "bin/cli.cjs"), "plan", stack],
    { cwd: folder, encoding: "utf8", env: { PATH: "/nonexistent", HOME: folder } },
  );
  return { status, output: stdout + stderr };
}

it("a stack on one's own machines is planned without it", () => {
  const { status, output } = planWithoutAws("metal");
  expect(output).toMatch(/^Plan of metal: cluster metal on machines/);
  expect(status).toBe(0);
});

it("a stack on AWS says which package to install", () => {
  const { status, output } = planWithoutAws("dev");
  expect(output).toBe("error: dev is on AWS, which needs the package @pulumi/aws: npm install @pulumi/aws\n");
  expect(status).toBe(1);
});
