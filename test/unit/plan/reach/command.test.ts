/** `npx pulumi-kubeadm plan` where a program changes a rule of its cluster. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";
import { largeAws } from "../../../support/awsInput";
import { cleanUp, newFolder } from "../support";

afterEach(cleanUp);

const root = path.resolve(__dirname, "../../../..");

/** The rule that lets workers' VXLAN in has another port, as a transformation of somebody's own makes it. */
const PROGRAM = `
const pulumi = require(${JSON.stringify(path.join(root, "node_modules/@pulumi/pulumi"))});
require(${JSON.stringify(path.join(root, "aws.ts"))});
const { Cluster } = require(${JSON.stringify(path.join(root, "index.ts"))});
const other = ({ type, name, props, opts }) =>
  type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" && name.endsWith("-worker-in-udp-8472-worker")
    ? { props: { ...props, fromPort: 4789, toPort: 4789 }, opts }
    : undefined;
new Cluster(
  "shop",
  { settings: { ...${JSON.stringify(largeAws())}, name: "shop" }, region: "eu-central-1" },
  { transformations: [other] },
);
`;

it("ends with status 2 where a flow is blocked, and shows which rule stops it", { timeout: 120_000 }, () => {
  const folder = newFolder();
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\nmain: program.js\n");
  fs.writeFileSync(path.join(folder, "program.js"), PROGRAM);
  fs.writeFileSync(path.join(folder, "Pulumi.prod.yaml"), "config:\n  aws:region: eu-central-1\n");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, "bin/cli.cjs"), "plan", "prod"],
    { cwd: folder, encoding: "utf8", env: { PATH: "/nonexistent", HOME: folder } },
  );
  expect(status, stdout + stderr).toBe(2);
  expect(stdout).toMatch(/flows +1 of \d+ are blocked/);
  const why = "shop-firewall-worker-in-udp-8472-worker is for udp 4789";
  expect(stdout).toContain(why);
  const read = (file: string): string => fs.readFileSync(path.join(folder, "out/prod", file), "utf8");
  const { reachability } = JSON.parse(read("plan.json")) as {
    reachability: { flows: { reason: string; blocked: { why: string }[] }[] };
  };
  const blocked = reachability.flows.filter((flow) => flow.blocked.length > 0);
  expect(blocked.map(({ reason }) => reason)).toEqual(["flannel VXLAN between nodes"]);
  expect(read("index.html")).toContain(why);
});
