import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initSpec, nodeStepSpec, preflightSpec, setupSpec } from "../../components/machines/specs";
import type { SetupSpec } from "../../host/protocol";
import { filesOfNode } from "../../model/lifecycle/files";
import { convergeScript } from "../../model/lifecycle/converging";
import { adoptScript } from "../../model/lifecycle/nodes";
import { removeNodeScript } from "../../model/lifecycle/removing";
import { renderNode } from "../../model/node/render";
import { readCluster } from "../../model/settings/parse";
import type { ClusterSettings } from "../../model/settings/resolved";
import { immutableSettings } from "../../model/settings/specs";
import { hopsTo } from "../../model/versions";
import { metalInput, type RawSettings } from "../support/settings";
import { factsOf } from "./lifecycle/support";
import { all, hostKey, machine, set, type Change } from "./settings/edit";

type Firewall = "none" | "nftables";

function settingsOf(firewall: Firewall, change: Change = () => undefined): ClusterSettings {
  const raw: RawSettings = { ...metalInput(), firewall };
  change(raw);
  return readCluster(raw, { environment: "metal" });
}

/** What each step is told by its specification, by the step's name: where this changes, the step runs again. */
function specs(settings: ClusterSettings): Map<string, string> {
  const nodes = settings.machines.filter((one) => one.role !== "loadBalancer");
  const of = (told: object) => JSON.stringify(told);
  return new Map([
    ["preflight", of(preflightSpec(settings))],
    // The rest of init's specification is not watched (INIT_IGNORES).
    ["init", of(immutableSettings(settings))],
    ...settings.machines.map((one): [string, string] => [`setup ${one.name}`, of(setupSpec(settings, one))]),
    ...nodes.map((one): [string, string] => [`node ${one.name}`, of(nodeStepSpec(settings, one))]),
  ]);
}

const groups: Record<string, readonly string[]> = {
  everywhere: ["cp1", "cp2", "cp3", "w1", "w2"],
  controlPlane: ["cp1", "cp2", "cp3"],
  workers: ["w1", "w2"],
};

/** `setup controlPlane` in full. */
function expand(steps: readonly string[]): string[] {
  return steps
    .flatMap((step) => {
      const [kind, where = ""] = step.split(" ");
      return groups[where]?.map((name) => `${kind} ${name}`) ?? [step];
    })
    .sort();
}

const bastion = { host: "192.0.2.99", user: "jump", hostKey: hostKey(), key: "operator" };

/** A change of one setting, and the steps that are run again for it; `filtered` where hosts have a firewall. */
const table: readonly {
  readonly name: string;
  readonly change: Change;
  readonly touches: readonly string[];
  readonly filtered?: readonly string[];
}[] = [
  // Add-ons' own.
  { name: "cni.vni", change: set("cni.vni", 42), touches: [] },
  { name: "coredns.replicas", change: set("coredns.replicas", 3), touches: [] },
  {
    name: "coredns.stubDomains",
    change: set("coredns.stubDomains", { "x.example": ["192.168.0.9"] }),
    touches: [],
  },
  { name: "versions.coredns", change: set("versions.coredns", "v1.14.1"), touches: [] },
  { name: "versions.flannel", change: set("versions.flannel", "v0.28.8"), touches: [] },
  { name: "cni.resources", change: set("cni.resources", { requests: { cpu: "50m" } }), touches: [] },
  { name: "cni.mtu", change: set("cni.mtu", 1400), touches: [] },
  {
    name: "cni.port",
    change: set("cni.port", 8473),
    touches: ["preflight", "setup everywhere"],
  },
  {
    name: "coredns.upstreamServers",
    change: set("coredns.upstreamServers", ["192.168.0.53"]),
    touches: ["preflight"],
  },
  {
    name: "kubelet.config that names the host's resolvers",
    change: set("kubelet.config", { resolvConf: "/etc/kubernetes/resolv.conf" }),
    touches: ["preflight", "node everywhere"],
  },
  {
    name: "firewall.allow",
    change: (raw) => {
      if (raw["firewall"] !== "nftables") return;
      const rule = { from: ["192.168.9.0/24"], protocol: "tcp", port: 9100, reason: "node_exporter" };
      raw["firewall"] = { kind: "nftables", allow: [rule] };
    },
    touches: [],
    filtered: ["setup everywhere"],
  },
  // The program's own.
  { name: "protect", change: set("protect", false), touches: [] },
  { name: "network.peers", change: set("network.peers", []), touches: [] },
  { name: "network.maxNodes", change: set("network.maxNodes", 128), touches: [] },
  {
    name: "rollout.maxUnavailable",
    change: set("rollout", { maxUnavailable: 3 }),
    touches: ["setup everywhere", "node everywhere"],
  },
  {
    name: "upgrades.maxUnavailable",
    change: set("upgrades", { maxUnavailable: "25%" }),
    touches: ["preflight", "node workers"],
  },
  {
    name: "upgrades.pools",
    change: set("upgrades", { pools: { general: { maxUnavailable: 2 } } }),
    touches: ["preflight", "node workers"],
  },
  {
    name: "upgrades.through",
    change: set("upgrades", { through: { "1.35.1": {} } }),
    touches: ["preflight", "node controlPlane"],
  },
  { name: "upgrades.ignore", change: set("upgrades", { ignore: ["pod/shop/a"] }), touches: ["preflight"] },
  { name: "drainTimeoutSeconds", change: set("drainTimeoutSeconds", 60), touches: ["node everywhere"] },
  // How a host is logged on to goes by standard input.
  { name: "the SSH port of one machine", change: set("machines.w1.port", 2222), touches: [] },
  { name: "the SSH key of one machine", change: set("machines.w1.key", "another"), touches: [] },
  { name: "the SSH host of one machine", change: set("machines.w1.host", "192.0.2.77"), touches: [] },
  { name: "the bastion", change: set("bastion", bastion), touches: [], filtered: ["setup everywhere"] },
  // The API server's and the other control plane parts': control-plane nodes alone.
  { name: "audit.maxAge", change: set("audit.maxAge", 7), touches: ["node controlPlane"] },
  {
    name: "apiServer.extraArgs",
    change: set("apiServer.extraArgs", { "audit-log-format": "json" }),
    touches: ["node controlPlane"],
  },
  {
    name: "apiServer.files",
    change: set("apiServer", {
      extraArgs: { "audit-webhook-config-file": "hook.yaml" },
      files: { "hook.yaml": "clusters: []" },
    }),
    touches: ["node controlPlane"],
  },
  {
    name: "scheduler.extraVolumes",
    change: set("scheduler.extraVolumes", [{ name: "a", hostPath: "/srv/a", mountPath: "/srv/a" }]),
    touches: ["node controlPlane"],
  },
  {
    name: "apiServer.certSans",
    change: set("apiServer.certSans", ["api.example.com"]),
    touches: ["node controlPlane"],
  },
  {
    name: "controllerManager.extraArgs",
    change: set("controllerManager.extraArgs", { v: "2" }),
    touches: ["node controlPlane"],
  },
  {
    name: "etcd.extraArgs",
    change: set("etcd.extraArgs", { "snapshot-count": "5000" }),
    touches: ["node controlPlane"],
  },
  {
    name: "etcd.backup",
    change: set("etcd.backup", { target: { kind: "folder", path: "/srv/etcd" } }),
    touches: ["setup controlPlane", "node controlPlane"],
  },
  {
    name: "maintenance",
    change: set("maintenance", { now: "1" }),
    touches: ["setup everywhere", "node everywhere"],
  },
  {
    name: "etcd.restore, with backups as before",
    change: all(
      set("etcd.backup", { target: { kind: "folder", path: "/srv/etcd" } }),
      set("etcd.restore", "etcd-0123456789abcdef-20261129T015500Z-r1-e3.6.8-k1.36.4.snapshot"),
    ),
    touches: ["setup controlPlane", "node everywhere"],
  },
  {
    name: "versions.etcd",
    change: set("versions.etcd", "3.6.7-0"),
    touches: ["preflight", "node controlPlane"],
  },
  {
    name: "oidc",
    change: set("oidc", { issuerUrl: "https://id.example.com", clientId: "kubernetes" }),
    touches: ["node controlPlane"],
  },
  {
    name: "podSecurity.enforce",
    change: set("podSecurity.enforce", "restricted"),
    touches: ["node controlPlane"],
  },
  {
    name: "certificates",
    change: set("certificates.validityDays", 90),
    touches: ["node controlPlane"],
  },
  {
    name: "kubeProxy.config",
    change: set("kubeProxy.config", { conntrack: { maxPerCore: 0 } }),
    touches: ["node controlPlane"],
  },
  // A node's own.
  {
    name: "kubelet.config",
    change: set("kubelet.config", { imageGCHighThresholdPercent: 90 }),
    touches: ["node everywhere"],
  },
  {
    name: "kubelet.config that logind has to agree with",
    change: set("kubelet.config", { shutdownGracePeriod: "90s" }),
    touches: ["setup everywhere", "node everywhere"],
  },
  {
    name: "network.podsPerNode",
    change: set("network.podsPerNode", 100),
    touches: ["node everywhere"],
  },
  {
    name: "labels of one worker",
    change: set("machines.w1.labels", { disk: "hdd" }),
    touches: ["node w1"],
  },
  {
    name: "labels of one control-plane node",
    change: set("machines.cp2.labels", { a: "b" }),
    touches: ["node cp2"],
  },
  {
    name: "taints of one worker",
    change: set("machines.w1.taints", [{ key: "dedicated", effect: "NoExecute" }]),
    touches: ["node w1"],
  },
  {
    name: "removal of one worker",
    change: set("machines.w1.removal", "force"),
    touches: ["preflight", "setup w1", "node w1"],
  },
  {
    name: "removal of one control-plane node",
    change: set("machines.cp2.removal", "force"),
    touches: ["preflight", "setup cp2", "node cp2"],
  },
  {
    name: "revision of one worker",
    change: set("machines.w1.revision", 2),
    touches: ["preflight", "setup w1", "node w1"],
  },
  {
    name: "OS of one control-plane node",
    change: set("machines.cp2.os", "debian-12"),
    touches: ["preflight", "setup cp2"],
  },
  {
    name: "node interface of one worker",
    change: set("machines.w1.nodeInterface", "eth1"),
    touches: ["preflight", "setup w1"],
  },
  {
    name: "node address of one worker",
    change: set("machines.w1.nodeAddress", "10.40.0.99"),
    touches: ["preflight", "setup w1", "node w1"],
    filtered: ["preflight", "setup everywhere", "node w1"],
  },
  // What is on the hosts.
  { name: "containerd.dropIn", change: set("containerd.dropIn", "[debug]\n"), touches: ["setup everywhere"] },
  {
    name: "downloads.mirror",
    change: set("downloads.mirror", "http://192.0.2.8"),
    touches: ["setup everywhere"],
  },
  {
    name: "images.mirrors",
    change: set("images.mirrors", { "docker.io": ["http://192.0.2.8:5000"] }),
    touches: ["setup everywhere"],
  },
  {
    name: "images.repository",
    change: set("images.repository", "registry.example.com"),
    touches: ["preflight", "setup everywhere", "node controlPlane"],
  },
  { name: "versions.runc", change: set("versions.runc", "1.4.2"), touches: ["setup everywhere"] },
  {
    name: "network.mtu",
    change: set("network.mtu", 1450),
    touches: ["preflight", "setup everywhere"],
  },
  {
    name: "network.nodePortRange",
    change: set("network.nodePortRange", "31000-32000"),
    touches: ["preflight", "setup everywhere", "node controlPlane"],
  },
  {
    name: "proxy",
    change: set("proxy", { http: "http://proxy:3128", https: "http://proxy:3128" }),
    touches: ["setup everywhere", "node controlPlane"],
  },
  {
    name: "access.ssh",
    change: set("access.ssh", ["10.0.0.0/8"]),
    touches: [],
    filtered: ["setup everywhere"],
  },
  {
    name: "kubernetesVersion",
    change: set("kubernetesVersion", "1.35.8"),
    touches: ["preflight", "setup everywhere", "node everywhere"],
  },
  // Machines that come.
  {
    name: "a new worker",
    change: machine("w3", 23, { pool: "general" }),
    touches: ["preflight"],
    filtered: ["preflight", "setup everywhere"],
  },
  {
    name: "a new worker of a new pool",
    change: machine("w3", 23, { pool: "gpu" }),
    touches: ["preflight"],
    filtered: ["preflight", "setup everywhere"],
  },
  {
    name: "two new control-plane nodes: every node balances over them",
    change: all(machine("cp4", 14, { role: "controlPlane" }), machine("cp5", 15, { role: "controlPlane" })),
    touches: ["preflight", "setup everywhere", "node everywhere"],
  },
  // What a cluster is born with reaches init, which refuses it.
  ...(
    [
      ["cni.podCidr", "10.248.0.0/16"],
      ["network.nodeCidrMaskSize", 25],
      ["network.clusterDomain", "k8s.example"],
      ["kubelet.config", { cgroupDriver: "cgroupfs" }],
    ] as const
  ).map(([name, value]) => ({
    name: `${name}: fixed`,
    change: set(name, value),
    touches: ["preflight", "init", "setup everywhere", "node everywhere"],
  })),
];

describe.each(["none", "nftables"] as const)("what one setting touches, firewall %s", (firewall) => {
  const before = specs(settingsOf(firewall));

  it.each(table)("$name", ({ change, touches, filtered }) => {
    const after = specs(settingsOf(firewall, change));
    const changed = [...before].filter(([step, spec]) => after.get(step) !== spec).map(([step]) => step);
    expect(changed.sort()).toEqual(expand(firewall === "nftables" ? (filtered ?? touches) : touches));
  });
});

it("a newer patch of a version that control planes only go through runs no step", () => {
  const { kubernetesVersion } = settingsOf("none");
  const between = hopsTo("1.99.0").flatMap(({ version }) => (version === kubernetesVersion ? [] : [version]));
  expect(between.length).toBeGreaterThan(0);
  for (const [step, told] of specs(settingsOf("none")))
    for (const version of between) expect(told.includes(version), `${version} in ${step}`).toBe(false);
});

it("a firewall of their own touches the hosts, and the look at them", () => {
  const before = specs(settingsOf("none"));
  const after = specs(settingsOf("nftables"));
  const changed = [...before].filter(([step, spec]) => after.get(step) !== spec).map(([step]) => step);
  expect(changed.sort()).toEqual(expand(["preflight", "setup everywhere"]));
});

describe("a step's specification is enough", () => {
  /** Changes that can stand together in any number, balancers and firewalls among them. */
  const independent: readonly Change[] = [
    ...table
      .filter(({ name }) => !/worker|control-plane node|bastion|kubelet|SSH/.test(name))
      .map(({ change }) => change),
    set("bastion", bastion),
    set("endpoint", { kind: "address", host: "192.0.2.250", port: 6443 }),
    set("kubelet.config", { failSwapOn: false, shutdownGracePeriod: "90s", cgroupDriver: "cgroupfs" }),
    set("machines.w1.labels", { disk: "hdd" }),
    set("machines.cp2.nodeInterface", "eth1"),
    set("machines.w2.architecture", "arm64"),
    all(
      machine("lb1", 5, { role: "loadBalancer" }),
      set("endpoint", { kind: "loadBalancer", machine: "lb1" }),
    ),
    set("encryption", { provider: "aescbc", keys: ["older", "generated"] }),
    set("ignorePreflightErrors", ["Mem"]),
    all(set("cni.backend", "host-gw"), set("cni.port", undefined), set("cni.vni", undefined)),
  ];
  const some = fc
    .tuple(fc.constantFrom<Firewall>("none", "nftables"), fc.subarray([...independent], { maxLength: 12 }))
    .map(([firewall, changes]) => settingsOf(firewall, all(...changes)));

  /** As the step reads it from its environment. */
  const told = <T>(spec: T): T => JSON.parse(JSON.stringify(spec)) as T;

  it("for node setup: the host renders what its digest is of", () => {
    fc.assert(
      fc.property(some, (settings) => {
        for (const own of settings.machines) {
          const spec: SetupSpec = setupSpec(settings, own);
          expect(renderNode(told(spec).node)).toEqual(renderNode(spec.node));
          expect(told(spec)).toEqual(spec);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ["schedule", "2h", []],
    ["keep", 5, []],
    ["target", { kind: "folder", path: "/srv/other" }, []],
    [
      "target",
      { kind: "ssh", host: "192.0.2.50", user: "b", hostKey: hostKey(), key: "operator", path: "etcd" },
      ["setup cp1", "setup cp2", "setup cp3"],
    ],
  ] as const)("another etcd.backup.%s runs the node steps of control-plane nodes", (key, value, more) => {
    const target = { kind: "folder", path: "/srv/etcd" };
    const [before, after] = [{ target }, { target, [key]: value }].map((backup) =>
      specs(settingsOf("none", set("etcd.backup", backup))),
    );
    const changed = [...(before ?? [])]
      .filter(([step, told]) => after?.get(step) !== told)
      .map(([step]) => step);
    expect(changed.sort()).toEqual(["node cp1", "node cp2", "node cp3", ...more].sort());
  });

  it("for a node: the host renders what its digest is of", () => {
    fc.assert(
      fc.property(some, (settings) => {
        for (const own of settings.machines.filter((one) => one.role !== "loadBalancer")) {
          const spec = nodeStepSpec(settings, own);
          const files = filesOfNode(spec.node);
          expect(filesOfNode(told(spec).node)).toEqual(files);
          const facts = factsOf(settings, own);
          const scripts = (node: typeof spec.node) => [
            convergeScript(node, facts, files, []),
            adoptScript(node),
            removeNodeScript(node, { alive: true }),
          ];
          expect(scripts(told(spec).node)).toEqual(scripts(spec.node));
        }
      }),
      { numRuns: 25 },
    );
  });

  it("for a node: every control-plane node is in it, so that one can be asked", () => {
    const settings = settingsOf("none");
    const plane = ["cp1", "cp2", "cp3"];
    for (const own of settings.machines) {
      const { machines } = nodeStepSpec(settings, own);
      const names = machines.filter((one) => one.role === "controlPlane").map((one) => one.name);
      expect(names).toEqual(plane);
    }
    expect(initSpec(settings).machines.map(({ name }) => name)).toEqual(plane);
  });

  it("says only what is so: no value stands for one that was left out", () => {
    const settings = settingsOf("none");
    const worker = settings.machines.find((one) => one.name === "w1") ?? expect.fail();
    const spec = nodeStepSpec(settings, worker);
    expect(spec.node.controlPlane).toBeUndefined();
    expect(JSON.stringify([spec, setupSpec(settings, worker)])).not.toMatch(/privileged|secretbox|"ssh"/);
  });
});
