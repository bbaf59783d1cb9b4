import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { awsSettings, largeAws, REGION, smallAws } from "../../support/awsInput";
import type { RawSettings } from "../../support/settings";
import { type Change, all, edited, hostKey, newer, set } from "./edit";

function advisoriesOf(change: Change): readonly string[] {
  return readCluster(edited(change), { environment: "metal" }).advisories;
}

const without = (...names: string[]) => all(...names.map((name) => set(`machines.${name}`, undefined)));

const withoutPodCgroups = set("kubelet.config", { cgroupsPerQOS: false, enforceNodeAllocatable: ["none"] });

const CASES: readonly [name: string, change: Change, text: RegExp][] = [
  ["docker0", set("cni.podCidr", "172.17.0.0/16"), /cni\.podCidr 172\.17\.0\.0\/16 overlaps docker0/],
  ["public pods", set("cni.podCidr", "12.0.0.0/16"), /not a private range/],
  [
    "NodePorts among hosts' own ports",
    set("network.nodePortRange", "30000-40000"),
    /overlaps the ephemeral ports of hosts/,
  ],
  ["host-gw", set("cni.backend", "host-gw"), /one layer 2 network/],
  ["no NetworkPolicy", () => undefined, /flannel does not enforce NetworkPolicy/],
  ["jumbo pods", set("cni.mtu", 8951), /needs an MTU of 9001/],
  [
    "one control-plane node",
    all(without("cp2", "cp3"), set("endpoint", undefined)),
    /one control-plane node/,
  ],
  ["nowhere for pods", without("w1", "w2"), /ordinary pods stay pending/],
  [
    "a control-plane node's address as endpoint",
    set("endpoint", { kind: "address", host: "10.40.0.11" }),
    /control-plane node cp1's own/,
  ],
  [
    "the library's name for one of several control-plane nodes",
    set("endpoint", { kind: "address" }),
    /hosts files resolve api\.metal\.example\.internal to cp1 alone: while it is down/,
  ],
  [
    "one control-plane node's address for people",
    () => undefined,
    /access\.host is cp1's address: .* while it is down or being replaced\. Set access\.host to another node then, such as 192\.0\.2\.12/,
  ],
  [
    "an old kube-proxy on Debian 13",
    all(newer("1.36.0"), set("machines.w1.os", "debian-13"), set("kubeProxy.mode", "nftables")),
    /kubernetesVersion 1\.36\.0: its kube-proxy crashes on nftables sets of Debian 13's nft \(w1\)/,
  ],
  [
    "windows of maintenance that are too short for all nodes",
    all(
      set("drainTimeoutSeconds", 3_600),
      set("maintenance", { windows: [{ start: "02:00", duration: "30m" }] }),
    ),
    /maintenance\.windows: one node after the other takes up to \d+ minutes for \d+ nodes, and the longest window is 30/,
  ],
  [
    "backups on the nodes themselves",
    set("etcd.backup", { target: { kind: "folder", path: "/srv/etcd" } }),
    /etcd\.backup\.target\.path \/srv\/etcd is lost with the control-plane node/,
  ],
  [
    "backups on a machine of the cluster",
    set("etcd.backup", {
      target: {
        kind: "ssh",
        host: "10.40.0.12",
        user: "b",
        hostKey: hostKey(),
        key: "operator",
        path: "etcd",
      },
    }),
    /etcd\.backup\.target\.host is cp2, a machine of the cluster/,
  ],
  ["open to the world", set("access.ssh", ["0.0.0.0/0"]), /access\.ssh is open to the whole internet/],
  ["lists without a firewall", set("firewall", "none"), /access\.api has no effect/],
  ["aescbc", set("encryption.provider", "aescbc"), /padding oracles/],
  [
    "a minor without checksums here",
    newer("1.37.1"),
    /kubernetesVersion 1\.37\.1: .*no cluster of this version has been tested/,
  ],
  ["unprotected CAs", set("protect", false), /protect is false/],
  [
    "a kubelet without cgroups of pods, which crashes",
    all(newer("1.36.4"), withoutPodCgroups),
    /kubelet\.config\.cgroupsPerQOS is false: a kubelet of Kubernetes 1\.36 crashes/,
  ],
];

describe("advisories", () => {
  it.each([
    ["a kube-proxy with the fix", all(newer("1.36.1"), set("machines.w1.os", "debian-13")), "Debian 13"],
    [
      "another mode",
      all(newer("1.36.0"), set("machines.w1.os", "debian-13"), set("kubeProxy.mode", "iptables")),
      "Debian 13",
    ],
    ["a kubelet that has no such fault", all(newer("1.35.8"), withoutPodCgroups), "cgroupsPerQOS"],
    ["Debian 12", all(newer("1.36.0"), set("machines.w1.os", "debian-12")), "Debian 13"],
    ["a name for all control-plane nodes", set("access.host", "api.example.com"), "access.host"],
    [
      "the only control-plane node's address",
      all(without("cp2", "cp3"), set("endpoint", undefined)),
      "access.host",
    ],
  ])("not of %s", (_name, change, text) => {
    expect(advisoriesOf(change).filter((advisory) => advisory.includes(text))).toEqual([]);
  });

  it("not of one address for the API where a balancer on AWS has it", () => {
    expect(awsSettings(largeAws).advisories.filter((one) => one.includes("access.host"))).toEqual([]);
  });

  it.each(["hostPorts", "nodePorts"])("an ingress by %s on AWS that nobody is let in to", (by) => {
    const expose = by === "nodePorts" ? { type: by, http: 30080, https: 30443 } : { type: by };
    const settings: RawSettings = { ...smallAws(), ingress: { kind: "traefik", expose } };
    const advisoriesWith = (access: object) =>
      readCluster(
        { ...settings, access: { ...(settings["access"] as object), ...access } },
        { environment: "dev", region: REGION },
      ).advisories.filter((advisory) => advisory.includes("access.nodePorts, which is empty"));
    expect(advisoriesWith({})).toHaveLength(1);
    expect(advisoriesWith({ nodePorts: ["203.0.113.0/24"] })).toEqual([]);
  });

  it.each(CASES)("%s", (_name, change, text) => {
    expect(advisoriesOf(change).filter((advisory) => text.test(advisory))).toHaveLength(1);
  });

  it("say when clones share a host key", () => {
    const shared = (raw: Record<string, unknown>) => {
      const machines = raw.machines as Record<string, { hostKey: string }>;
      if (machines.w1 && machines.w2) machines.w2.hostKey = machines.w1.hostKey;
    };
    expect(advisoriesOf(shared)).toContainEqual(expect.stringMatching(/w1, w2 share a host key/));
  });

  it("are quiet where a control-plane node takes ordinary pods", () => {
    const advisories = advisoriesOf(all(without("w1", "w2"), set("machines.cp1.taints", [])));
    expect(advisories.filter((text) => /pending/.test(text))).toEqual([]);
  });
});

describe("nft of another version on the host", () => {
  const CRASH = /crashes on nftables sets of Debian 13's nft \((.*)\), as fail2ban/;
  const debian = all(set("machines.w1.os", "debian-13"), set("kubeProxy", { mode: "nftables" }));
  const crashes = (...changes: Change[]) =>
    advisoriesOf(all(debian, ...changes)).filter((one) => CRASH.test(one));
  const calico = (version?: string) =>
    all(
      set("cni", { kind: "calico", podCidr: "10.244.0.0/16" }),
      version === undefined
        ? () => undefined
        : set("helm", { versions: { "tigera-operator": version, "crd.projectcalico.org.v1": version } }),
    );

  it("crashes kube-proxy before the patch that mended it, and no later one", () => {
    expect(crashes(set("kubernetesVersion", "1.35.2"))).toEqual([
      "kubernetesVersion 1.35.2: its kube-proxy crashes on nftables sets of Debian 13's nft (w1), as fail2ban writes them; 1.35.3 does not",
    ]);
    expect(crashes(set("kubernetesVersion", "1.35.3"))).toEqual([]);
  });

  it("crashes Calico before 3.32.1, the version that is pinned among them", () => {
    expect(crashes(calico())).toEqual([
      expect.stringMatching(/^cni\.kind calico: Calico 3\.32\.0 .* 3\.32\.1 does not/),
    ]);
    expect(crashes(calico("v3.31.5"))).toEqual([expect.stringMatching(/3\.31\.6 does not/)]);
    expect(crashes(calico("v3.32.1"))).toEqual([]);
  });

  it("is none where rules are iptables' own, nor on hosts of another system", () => {
    expect(crashes(calico(), set("kubeProxy", { mode: "iptables" }))).toEqual([]);
    expect(crashes(calico(), set("machines.w1.os", "ubuntu-24.04"))).toEqual([]);
  });

  it("is looked for in pools too", () => {
    const raw = edited(
      all(set("workers.general.os", "debian-13"), set("cni", { kind: "calico", podCidr: "10.244.0.0/16" })),
      smallAws,
    );
    const { advisories } = readCluster(raw, { environment: "cloud", region: REGION });
    expect(advisories.flatMap((one) => CRASH.exec(one)?.[1] ?? [])).toEqual(["pool general"]);
  });
});

it("a pool whose nodes may all be away at once is told of, and one node alone is not", () => {
  const away = (count: number, maxUnavailable: string) =>
    awsSettings(
      smallAws,
      all(set("workers.general.count", count), set("workers.general.maxUnavailable", maxUnavailable)),
    ).advisories.filter((one) => one.startsWith("workers.general.maxUnavailable"));
  expect(away(3, "100%")).toEqual([expect.stringMatching(/may end all 3 nodes at once/)]);
  expect(away(3, "99%")).toEqual([]);
  expect(away(1, "100%")).toEqual([]);
});
