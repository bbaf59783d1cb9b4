/** `npm run bench` is seldom run: its stacks are held to the schema and the rules of today here. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readCluster } from "../../../model/settings/parse";
import { awsStack, MANY } from "../../bench/aws";
import { machinesStack } from "../../bench/machines";

interface Stack {
  config: { "aws:region"?: string; "kubeadm:cluster": unknown };
}

it.each([
  ["aws", awsStack(MANY)],
  ["machines", machinesStack(MANY, "nftables")],
])("the stack of %s with a thousand workers is accepted", (_name, text) => {
  const { config } = parse(text) as Stack;
  const settings = readCluster(config["kubeadm:cluster"], {
    environment: "bench",
    region: config["aws:region"],
  });
  const workers = settings.machines.filter(({ role }) => role === "worker").length;
  expect(settings.aws?.pools.map(({ min }) => min) ?? [workers]).toEqual([MANY]);
});
