import { expect, it } from "vitest";
import "../../../aws";
import { Cluster } from "../../../components/cluster";
import { record } from "../../../testing/recorder";
import { largeAws } from "../../support/awsInput";

it("an AWS cluster is recorded with what a provider would know of its keys, and without", async () => {
  const program = () =>
    new Cluster("prod", { settings: largeAws() as never, environment: "prod", region: "eu-central-1" });
  const known = await record(program);
  const first = await record(program, { preview: true });
  expect(known.map((one) => one.name).sort()).toEqual(first.map((one) => one.name).sort());
  const keys = known.find((one) => one.name === "prod-identity-keys");
  expect(JSON.stringify(keys?.inputs)).toMatch(/kty/);
  // Key pairs reach control-plane nodes by standard input, and nobody else.
  for (const one of known.filter(({ type }) => type === "command:local:Command")) {
    const gets = /-control-plane-(init|cp-\d-node)$/.test(one.name);
    expect(JSON.stringify(one.inputs.stdin).includes("/etc/kubernetes/pki/ca.key"), one.name).toBe(gets);
  }
});
