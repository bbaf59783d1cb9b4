/** A step of a large cluster starts: Linux takes at most 128 KiB for one variable (MAX_ARG_STRLEN, include/uapi/linux/binfmts.h). */
import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { initSpec, nodeStepSpec, preflightSpec, setupSpec } from "../../../components/machines/specs";
import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { metalInput } from "../../support/settings";
import { machineOf } from "../node/support";

const WORKERS = 4_900;
const MOST = 64 * 1024;

function large(): ClusterSettings {
  const input = metalInput();
  const machines: Record<string, unknown> = { ...(input.machines as Record<string, object>) };
  const { nodeAddress: _, ...like } = machines["w1"] as Record<string, unknown>;
  for (let index = 0; index < WORKERS; index++) {
    const host = `172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) * 16 + 1}`;
    machines[`worker-${index}`] = { ...like, host };
  }
  return readCluster(
    {
      ...input,
      machines,
      firewall: "nftables",
      network: { ...(input.network as object), maxNodes: 5_000 },
      cni: { ...(input.cni as object), podCidr: "10.192.0.0/11" },
    },
    { environment: "metal" },
  );
}

describe("a step of 5,000 machines", () => {
  let settings: ClusterSettings;
  beforeAll(() => {
    settings = large();
  });

  it.each([
    ["preflight", () => preflightSpec(settings)],
    ["init", () => initSpec(settings)],
    ["setup of a control-plane node", () => setupSpec(settings, machineOf(settings, "cp1"))],
    ["setup of a worker", () => setupSpec(settings, machineOf(settings, "worker-4899"))],
    ["a control-plane node", () => nodeStepSpec(settings, machineOf(settings, "cp1"))],
    ["a worker", () => nodeStepSpec(settings, machineOf(settings, "worker-4899"))],
  ])("%s starts in a shell with its specification", (_, specification) => {
    const text = JSON.stringify(specification());
    expect(text.length).toBeLessThan(MOST);
    const { error, stdout } = spawnSync("/bin/sh", ["-c", 'printf %s "$KUBEADM_SPEC" | wc -c'], {
      env: { PATH: process.env["PATH"], KUBEADM_SPEC: text },
      encoding: "utf8",
    });
    expect(error).toBeUndefined();
    expect(Number(stdout)).toBe(Buffer.byteLength(text));
  });

  it("would not start with what Linux refuses", () => {
    const env = { PATH: process.env["PATH"], KUBEADM_SPEC: "x".repeat(128 * 1024) };
    expect(spawnSync("/bin/sh", ["-c", "true"], { env }).error).toMatchObject({ code: "E2BIG" });
  });
});
