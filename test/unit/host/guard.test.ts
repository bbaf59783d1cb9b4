import { describe, expect, it } from "vitest";
import { refuseOtherFacts } from "../../../host/guard";
import { HostProblem } from "../../../host/problem";
import type { Member } from "../../../host/protocol";
import type { HostState } from "../../../host/state";
import { CLOCK_SKEW, refuseSkew } from "../../../host/step";
import { fixedFacts } from "../../../model/fixedFacts";
import { settingsOf } from "../../support/kubeadmSettings";

const settings = settingsOf();
const cluster = "ab".repeat(32);
const bare: HostState = {
  member: undefined,
  setup: undefined,
  machineId: "1f",
  kubelet: false,
  apiServer: false,
  etcd: false,
  now: 0,
};

function memberOf(over: Partial<Member> = {}): HostState {
  const member: Member = {
    cluster,
    machine: "w1",
    generation: 1,
    owner: "worker/general/w1@1",
    state: "member",
    version: settings.kubernetesVersion,
    digest: "",
    ...fixedFacts(settings),
    ...over,
  };
  return { ...bare, kubelet: true, member };
}

function problem(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (error instanceof HostProblem) return error.report();
    throw error;
  }
  return "";
}

const guard = (state: HostState, changed = settings) =>
  problem(() => refuseOtherFacts("w1", state, cluster, changed));

describe("refuseOtherFacts", () => {
  it("takes a bare host, and a node of this cluster with the same facts", () => {
    expect(guard(bare)).toBe("");
    expect(guard(memberOf())).toBe("");
    expect(guard(memberOf({ state: "joining" }))).toBe("");
  });

  it("refuses a node of another cluster and says which, and as what it joined", () => {
    const said = guard(memberOf({ cluster: "cd".repeat(32), machine: "blue" }));
    expect(said).toMatch(/^w1: is a node of another cluster \(it joined as blue, .*cdcdcdcdcdcdcdcd…/);
    expect(said).toContain("kubeadm reset");
  });

  it("refuses a node that this library did not make", () => {
    expect(guard({ ...bare, kubelet: true })).toMatch(
      /^w1: is a node of a cluster that this library did not make/,
    );
  });

  it.each([
    ["cni.podCidr", "10.244.0.0/16", { network: { ...settings.network, podCidr: "10.245.0.0/16" } }],
    [
      "network.serviceCidr",
      "10.96.0.0/16",
      { network: { ...settings.network, serviceCidr: "10.97.0.0/16" } },
    ],
    [
      "endpoint",
      "api.test.internal:7443",
      { endpoint: { kind: "address" as const, host: "192.0.2.9", port: 6443 } },
    ],
  ])("refuses another %s than a living cluster has, with both values", (setting, living, over) => {
    const changed = settingsOf(over);
    const said = guard(memberOf(), changed);
    expect(said).toContain(`w1: ${setting}: the living cluster has ${living}, the settings say `);
    expect(guard(bare, changed)).toBe("");
  });

  it("tells all that changed at once", () => {
    const network = { ...settings.network, podCidr: "10.245.0.0/16", serviceCidr: "10.97.0.0/16" };
    const said = guard(memberOf(), settingsOf({ network, kubernetesVersion: "1.35.8" }));
    for (const one of ["cni.podCidr", "network.serviceCidr", "kubernetesVersion"])
      expect(said).toContain(`${one}: `);
  });

  it.each([
    ["1.35.8", "1.36.4", true],
    ["1.36.3", "1.36.4", true],
    ["1.36.4", "1.36.4", true],
    ["1.34.4", "1.36.4", false],
    ["1.36.4", "1.35.8", false],
    ["1.36.5", "1.36.4", false],
  ])("of a node at %s and settings of %s: goes on is %s", (version, kubernetesVersion, fine) => {
    const said = guard(memberOf({ version }), settingsOf({ kubernetesVersion }));
    if (fine) expect(said).toBe("");
    else expect(said).toMatch(/^w1: kubernetesVersion: /);
  });
});

describe("refuseSkew", () => {
  const at = (skew: number) => problem(() => refuseSkew("w1", 1_000_000 + skew, 1_000_000));

  it("takes a host whose clock is within the bound, to either side", () => {
    for (const skew of [0, CLOCK_SKEW, -CLOCK_SKEW]) expect(at(skew)).toBe("");
  });

  it.each([
    [CLOCK_SKEW + 1, "61 s ahead of"],
    [3_600, "3600 s ahead of"],
    [-CLOCK_SKEW - 1, "61 s behind"],
    [-3_600, "3600 s behind"],
  ])("refuses one that is off by %i s, and says by how much and to which side", (skew, text) => {
    expect(at(skew)).toContain(`w1: its clock is ${text} the machine that runs Pulumi`);
  });

  it("compares with this machine's clock unless told otherwise", () => {
    expect(problem(() => refuseSkew("w1", Date.now() / 1000))).toBe("");
    expect(problem(() => refuseSkew("w1", Date.now() / 1000 + 3_600))).toContain("ahead of");
  });
});
