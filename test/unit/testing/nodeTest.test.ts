/** `pulumi-kubeadm/testing` under node:test, whose files are processes of their own; under jest it is tried by `.ci/package`. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";
import { metalInput } from "../../support/settings";

const root = path.resolve(__dirname, "../../..");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "node-test-"));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const TEST = `
require(${JSON.stringify(path.join(root, "plan/preload.cjs"))});
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { Cluster, ClusterSettingsError } = require(${JSON.stringify(path.join(root, "index.ts"))});
const { byName, record } = require(${JSON.stringify(path.join(root, "testing/index.ts"))});
const settings = ${JSON.stringify(metalInput())};

test("a cluster", async () => {
  const resources = await record(() => new Cluster("shop", { settings }), { onWarning: () => undefined });
  assert.equal(byName(resources, "shop").type, "kubeadm:index:Cluster");
  assert.equal(byName(resources, "shop-pki-ca-key").protect, true);
});
test("another one in the same process", async () => {
  const resources = await record(() => new Cluster("web", { settings }), { preview: true, onWarning: () => undefined });
  assert.ok(resources.some(({ name }) => name === "web-control-plane-init"));
  assert.ok(!resources.some(({ name }) => name.startsWith("shop")));
});
test("settings that are wrong", async () => {
  await assert.rejects(record(() => new Cluster("bad", { settings: {} })), ClusterSettingsError);
});
`;

it("tests of stacks pass, and end", () => {
  const file = path.join(folder, "shop.test.cjs");
  fs.writeFileSync(file, TEST);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--test", file], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: folder },
  });
  expect(stdout + stderr).toMatch(/pass 3\b/);
  expect(status).toBe(0);
});
