import { describe, expect, it } from "vitest";
import { createHash } from "node:crypto";
import {
  refuseForgottenRotation,
  refuseMismatch,
  refuseOtherAuthority,
  refuseOtherIssuer,
  refuseOtherNode,
} from "../../../host/guard";
import { HostProblem } from "../../../host/problem";
import type { NodeRecord } from "../../../host/protocol";
import type { HostState } from "../../../host/state";
import { CLOCK_SKEW, refuseSkew } from "../../../host/step";
import { ISSUER_TOKEN } from "../../../model/kubeadm/issuer";
import { serviceAccountIssuers } from "../../../model/kubeadm/issuer";
import type { ClusterSettings, Machine, WeaveSettings } from "../../../model/settings/resolved";
import { machine as machineOf, settingsOf } from "../../support/kubeadmSettings";
import { immutableSettings } from "../../../model/settings/specs";
import { knownCluster } from "../../support/fromSettings";

const settings = settingsOf();
const cluster = "ab".repeat(32);
const weave: WeaveSettings = { kind: "weave", backend: "fastdp", networkPolicy: false, resources: {} };
const bare: HostState = {
  node: undefined,
  setup: undefined,
  machineId: "1f",
  kubelet: false,
  apiServer: false,
  etcd: false,
  now: 0,
  living: { facts: {}, managers: {}, issuers: [] },
};

function memberOf(over: Partial<NodeRecord> = {}): HostState {
  const node: NodeRecord = {
    cluster,
    machine: "w1",
    revision: 1,
    owner: "worker/general/w1@1",
    state: "joined",
    version: settings.kubernetesVersion,
    digest: "",
    ...immutableSettings(settings),
    ...over,
  };
  return { ...bare, kubelet: true, node };
}

/** As an older release of the library wrote it. */
function oldNode(living: HostState["living"]): HostState {
  const { podCidr, serviceCidr, endpoint } = immutableSettings(settings);
  const { node } = memberOf();
  if (!node) throw new Error("no member");
  const { cluster: of, machine, revision, owner, state, version, digest } = node;
  const old: NodeRecord = {
    cluster: of,
    machine,
    revision,
    owner,
    state,
    version,
    digest,
    podCidr,
    serviceCidr,
    endpoint,
  };
  return { ...bare, kubelet: true, node: old, living };
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
  problem(() => refuseMismatch("w1", state, cluster, knownCluster(changed)));

describe("refuseMismatch", () => {
  it("takes a bare host, and a node of this cluster with the same facts", () => {
    expect(guard(bare)).toBe("");
    expect(guard(memberOf())).toBe("");
    expect(guard(memberOf({ state: "joining" }))).toBe("");
  });

  describe("an API server that an upgrade over several minor versions has brought ahead of its kubelet", () => {
    const ahead: HostState = {
      ...memberOf({ version: "1.34.4" }),
      living: { ...bare.living, apiServer: "1.35.8" },
    };
    const wants = (kubernetesVersion: string, state = ahead) =>
      guard(state, settingsOf({ kubernetesVersion }));

    it.each(["1.34.4", "1.34.9", "1.35.7"])("does not go back to %s", (version) => {
      expect(wants(version)).toBe(
        `w1: kubernetesVersion: an upgrade has brought the API server to 1.35.8, and it cannot go back to ${version}. Choose 1.35.8, or the version that the upgrade was for`,
      );
    });

    it.each(["1.35.8", "1.36.4"])("goes on to %s", (version) => expect(wants(version)).toBe(""));

    it("does not go back either where a change was cut off: it is put back to that version, and no further", () => {
      expect(wants("1.34.4", { ...ahead, undo: true })).toContain("it cannot go back to 1.34.4");
    });
  });

  it("refuses a node of another cluster and says which, and as what it joined", () => {
    const said = guard(memberOf({ cluster: "cd".repeat(32), machine: "blue" }));
    expect(said).toMatch(/^w1: is a node of another cluster \(it joined as blue, .*cdcdcdcdcdcdcdcd…/);
    expect(said).toContain("kubeadm reset");
  });

  it("refuses a node that this library did not make", () => {
    expect(guard({ ...bare, kubelet: true })).toMatch(
      /^w1: is a node of a cluster that this library did not create/,
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
    expect(said).toContain(`w1: ${setting}: the living cluster has ${living}, but the settings say `);
    expect(guard(bare, changed)).toBe("");
  });

  it.each([
    ["cni.kind", "flannel", { cni: weave }],
    [
      "cni.backend",
      "vxlan",
      { cni: { ...settings.cni, backend: "host-gw" as const } as ClusterSettings["cni"] },
    ],
    [
      "network.clusterDomain",
      "cluster.local",
      { network: { ...settings.network, clusterDomain: "k8s.example" } },
    ],
    ["network.nodeCidrMaskSize", "24", { network: { ...settings.network, nodeCidrMaskSize: 25 } }],
    ["kubelet.config.cgroupDriver", "systemd", { kubelet: { config: { cgroupDriver: "cgroupfs" } } }],
  ])("refuses another %s, says why and what to do", (setting, living, over) => {
    const said = guard(memberOf(), settingsOf(over));
    expect(said).toContain(`w1: ${setting}: the living cluster has ${living}, but the settings say `);
    expect(said).toMatch(
      /It is fixed when the cluster is created \(.+\): set it back, or create a new cluster$/,
    );
    expect(said.match(/the living cluster has/g)).toHaveLength(1);
  });

  it("goes by what a node runs with where an old record has nothing", () => {
    const living = {
      facts: {
        cni: "flannel",
        clusterDomain: "cluster.local",
        nodeCidrMaskSize: 24,
        cgroupDriver: "systemd",
      },
      managers: {},
      issuers: [],
    };
    expect(guard(oldNode(living))).toBe("");
    expect(guard(oldNode({ facts: {}, managers: {}, issuers: [] }))).toBe("");
    const network = { ...settings.network, clusterDomain: "k8s.example" };
    expect(guard(oldNode(living), settingsOf({ network }))).toContain(
      "network.clusterDomain: the living cluster has cluster.local",
    );
    expect(guard(oldNode({ ...living, facts: { cni: "calico" } }))).toContain(
      "cni.kind: the living cluster has calico",
    );
  });

  describe("nodeAddress", () => {
    const moved = (over: Partial<Machine> = {}) =>
      settingsOf({ machines: [machineOf("w1", { nodeAddress: "10.40.0.99", ...over })] });

    it("is refused for a living node, with the way to do it", () => {
      for (const state of [
        memberOf({ nodeAddress: "10.40.0.21" }),
        oldNode({ facts: {}, nodeAddress: "10.40.0.21", managers: {}, issuers: [] }),
      ])
        expect(guard(state, moved())).toMatch(
          /^w1: machines\.w1\.nodeAddress: the node joined with 10\.40\.0\.21, but the settings say 10\.40\.0\.99\. .* raise machines\.w1\.revision to 2/,
        );
    });

    it("changes with a raised revision, and on a host that is not a node yet", () => {
      expect(guard(memberOf({ nodeAddress: "10.40.0.21" }), moved({ revision: 2 }))).toBe("");
      expect(guard(memberOf({ nodeAddress: "10.40.0.21", state: "joining" }), moved())).toBe("");
      expect(guard(bare, moved())).toBe("");
    });
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
    ["1.34.4", "1.36.4", true],
    ["1.32.4", "1.36.4", false],
    ["1.36.4", "1.35.8", false],
    ["1.36.5", "1.36.4", false],
  ])("of a node at %s and settings of %s: goes on is %s", (version, kubernetesVersion, fine) => {
    const said = guard(memberOf({ version }), settingsOf({ kubernetesVersion }));
    if (fine) expect(said).toBe("");
    else expect(said).toMatch(/^w1: kubernetesVersion: /);
  });
});

describe("refuseOtherNode", () => {
  const node = (over: Partial<Machine>, name = "w1") =>
    problem(() => refuseOtherNode(machineOf(name, over), memberOf()));

  it("takes the node itself, in another pool too", () => {
    expect(node({})).toBe("");
    expect(node({ pool: "gpu" })).toBe("");
    expect(problem(() => refuseOtherNode(machineOf("w9"), bare))).toBe("");
  });

  it("refuses another name or another role for a living node", () => {
    expect(node({}, "w9")).toContain("w9: is the node w1 of this cluster; a node's name cannot change");
    expect(node({ role: "controlPlane" })).toContain(
      "w1: is a worker of this cluster and cannot change into a controlPlane",
    );
  });
});

describe("refuseOtherIssuer", () => {
  const issuers = (living: readonly string[], wanted: readonly string[]) =>
    problem(() =>
      refuseOtherIssuer(
        "cp1",
        { ...memberOf(), living: { facts: {}, managers: {}, issuers: living } },
        wanted,
      ),
    );
  const own = "https://kubernetes.default.svc.cluster.local";

  it("takes the same one, one that stays among others, and a host without an API server", () => {
    expect(issuers([own], serviceAccountIssuers(settings))).toBe("");
    expect(issuers([own], ["https://issuer.example.com", own])).toBe("");
    expect(issuers([], ["https://issuer.example.com"])).toBe("");
    expect(issuers(["https://bucket.example.com"], [ISSUER_TOKEN])).toBe("");
  });

  it("refuses another one: tokens of running pods would not be accepted", () => {
    expect(issuers([own], ["https://issuer.example.com"])).toContain(
      `cp1: the issuer of service-account tokens: the living cluster has ${own}, but the settings say https://issuer.example.com`,
    );
    expect(issuers([own], [ISSUER_TOKEN])).toContain("cp1: podIdentity: ");
    expect(issuers(["https://bucket.example.com"], [own])).toContain(
      "the living cluster has https://bucket.example.com",
    );
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

describe("CAs of a living control-plane node", () => {
  const plane = memberOf({ machine: "cp1", owner: "controlPlane//cp1@1" });
  const rotatedTo = (phase: string): HostState => ({
    ...plane,
    living: { ...bare.living, authority: "cd".repeat(32), rotation: { name: "2026-12", phase } },
  });
  const rotated = rotatedTo("finished");

  it.each(["2027-12", undefined])("are not exchanged for others in the middle of a rotation: %s", (other) => {
    expect(() => refuseForgottenRotation("cp1", rotatedTo("signed"), cluster, other)).toThrow(
      /rotation 2026-12 is not finished \(the last phase on this host: signed\)\. Set certificates\.rotation: 2026-12 and run up/,
    );
    const worker = { ...memberOf(), living: rotatedTo("trusted").living };
    expect(() => refuseForgottenRotation("w1", worker, cluster, other)).toThrow(/is not finished/);
    expect(() => refuseForgottenRotation("cp1", rotatedTo("signed"), cluster, "2026-12")).not.toThrow();
  });

  it("are not the first ones again because the setting is gone", () => {
    expect(() => refuseForgottenRotation("cp1", rotated, cluster, undefined)).toThrow(
      /certificates\.rotation is missing.*Set certificates\.rotation: 2026-12/,
    );
    expect(() => refuseForgottenRotation("cp1", rotated, cluster, "2027-12")).not.toThrow();
  });

  it("are not the first ones, either, where the cluster was created with others", () => {
    const born = { ...plane, living: { ...bare.living, authority: "cd".repeat(32) } };
    expect(() => refuseForgottenRotation("cp1", born, cluster, undefined)).toThrow(
      /certificates\.rotation is missing, but this node's cluster CA is not the stack's first one.*openssl x509 -noout -subject/,
    );
    expect(() => refuseForgottenRotation("cp1", born, cluster, "2026-12")).not.toThrow();
  });

  it("are not asked for where nothing was ever rotated, and on a host that has not joined", () => {
    const first = { ...plane, living: { ...bare.living, authority: cluster } };
    expect(() => refuseForgottenRotation("cp1", first, cluster, undefined)).not.toThrow();
    const before = { ...rotated, node: undefined };
    expect(() => refuseForgottenRotation("cp1", before, cluster, undefined)).not.toThrow();
  });

  it("are written over by a rotation alone", () => {
    const pem = "a certificate\n";
    const files = [{ path: "/etc/kubernetes/pki/ca.crt", content: pem }];
    const authority = createHash("sha256").update(pem.trim()).digest("hex");
    expect(() => refuseOtherAuthority("cp1", rotated, files)).toThrow(
      /has another cluster CA than the stack/,
    );
    const same = { ...plane, living: { ...bare.living, authority } };
    expect(() => refuseOtherAuthority("cp1", same, files)).not.toThrow();
    expect(() => refuseOtherAuthority("cp1", plane, files)).not.toThrow();
  });
});
