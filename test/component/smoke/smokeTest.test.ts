import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { SMOKE_VARIABLE, SmokeTest } from "../../../components/smoke/smokeTest";
import { SMOKE_DEFAULTS } from "../../../model/smoke/options";
import { byName, record, type Recorded } from "../../../testing/recorder";

let run: Recorded;
beforeAll(async () => {
  const resources = await record(
    () =>
      new SmokeTest("smoke", {
        kubeconfig: "an administrator's",
        options: { image: "registry.example.com/web:1" },
        triggers: ["1.36.4"],
      }),
  );
  run = byName(resources, "smoke-run");
});

describe("the smoke test of a stack", () => {
  it("gets the kubeconfig by standard input, as a secret, and by nothing else", () => {
    expect(pulumi.runtime.isRpcSecret(run.inputs.stdin)).toBe(true);
    const others = JSON.stringify({ ...run.inputs, stdin: undefined });
    expect(others).not.toContain("an administrator's");
  });

  it("runs the package's program, with what it is to test with in the environment", () => {
    expect(run.inputs.create).toBe('require("pulumi-kubeadm/smoke").step()');
    const environment = run.inputs.environment as Record<string, string>;
    expect(JSON.parse(environment[SMOKE_VARIABLE] ?? "")).toEqual({
      ...SMOKE_DEFAULTS,
      image: "registry.example.com/web:1",
    });
  });

  it("runs again when a trigger changes", () => {
    expect(run.inputs.triggers).toEqual(["1.36.4"]);
  });
});
