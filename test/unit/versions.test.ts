import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CHECKSUMS } from "../../model/checksums";
import {
  DEFAULT_KUBERNETES_VERSION,
  DOWNLOAD_NAMES,
  MINORS,
  checksumOf,
  compareVersions,
  componentVersions,
  downloads,
  isSupportedMinor,
  knownVersions,
  minorOf,
  hopsBetween,
  hopsTo,
  type Hop,
  upgradeProblem,
} from "../../model/versions";

describe("checksums", () => {
  it.each(DOWNLOAD_NAMES)("of %s are 64 hexadecimal digits and no two alike", (name) => {
    const sums = Object.values(CHECKSUMS[name]).flatMap((row) => [row.amd64, row.arm64]);
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(sums).size).toBe(sums.length);
  });

  it("are there for every file of every known version, for both architectures", () => {
    for (const version of knownVersions()) {
      for (const architecture of ["amd64", "arm64"] as const) {
        expect(downloads(componentVersions(version), architecture).map((file) => file.name)).toEqual([
          ...DOWNLOAD_NAMES,
        ]);
      }
    }
  });

  // Printed by upstream at https://dl.k8s.io/v1.36.4/bin/linux/amd64/kubeadm.sha256, as kubespray recorded it.
  it("hold the value upstream publishes for the default kubeadm", () => {
    expect(CHECKSUMS.kubeadm[DEFAULT_KUBERNETES_VERSION]?.amd64).toBe(
      "10d054585907f2c8bb823c84f6a66b3bd2a474c3d795475f04e9a44f78650fe6",
    );
  });

  it("given ones go before the table's, and what has none is left out", () => {
    const sum = "ab".repeat(32);
    const versions = componentVersions("1.36.4", { runc: "1.9.9" });
    expect(downloads(versions, "amd64").map(({ name }) => name)).not.toContain("runc");
    const files = downloads(versions, "amd64", {
      checksums: { runc: { amd64: sum }, kubectl: { amd64: sum } },
    });
    expect(files.filter((file) => file.sha256 === sum).map((file) => file.name)).toEqual(["kubectl", "runc"]);
  });
});

describe("addresses of files", () => {
  const paths = [
    "dl.k8s.io/v1.36.4/bin/linux/arm64/kubeadm",
    "dl.k8s.io/v1.36.4/bin/linux/arm64/kubelet",
    "dl.k8s.io/v1.36.4/bin/linux/arm64/kubectl",
    "github.com/containerd/containerd/releases/download/v2.3.4/containerd-2.3.4-linux-arm64.tar.gz",
    "github.com/opencontainers/runc/releases/download/v1.4.3/runc.arm64",
    "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz",
    "github.com/kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-linux-arm64.tar.gz",
  ];

  it("are upstream's", () => {
    const urls = downloads(componentVersions("1.36.4"), "arm64").map((file) => file.url);
    expect(urls).toEqual(paths.map((path) => `https://${path}`));
  });

  it("are upstream's host and path below a mirror", () => {
    const mirror = "http://10.40.0.1:8080/files/";
    const urls = downloads(componentVersions("1.36.4"), "arm64", { mirror }).map((file) => file.url);
    expect(urls).toEqual(paths.map((path) => `http://10.40.0.1:8080/files/${path}`));
  });
});

describe("versions that go together", () => {
  it("follow the Kubernetes minor", () => {
    expect(componentVersions("1.34.4")).toMatchObject({ pause: "3.10.1", etcd: "3.6.5-0", crictl: "1.34.0" });
    expect(componentVersions("1.36.4")).toMatchObject({ pause: "3.10.2", etcd: "3.6.8-0", crictl: "1.36.0" });
  });

  it("can be set one by one", () => {
    expect(componentVersions("1.36.4", { etcd: "3.6.14-0" })).toMatchObject({
      etcd: "3.6.14-0",
      pause: "3.10.2",
    });
  });

  it("have a row for every minor with checksums, and one for the next", () => {
    const minors = new Set(knownVersions().map((version) => minorOf(version)));
    expect([...minors, "1.37"].sort()).toEqual(Object.keys(MINORS).sort());
    expect([...minors].every((minor) => minor !== undefined && isSupportedMinor(minor))).toBe(true);
    expect(() => componentVersions("1.33.0")).toThrow(RangeError);
  });

  it("are ordered by number, not by letter", () => {
    expect(["v1.10.0", "1.9.0", "3.10", "3.6.8-0", "3.6.14-0"].sort(compareVersions)).toEqual([
      "1.9.0",
      "v1.10.0",
      "3.6.8-0",
      "3.6.14-0",
      "3.10",
    ]);
    const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((numbers) => numbers.join("."));
    fc.assert(fc.property(version, version, (a, b) => compareVersions(a, b) + compareVersions(b, a) === 0));
  });
});

describe("an upgrade over several minor versions", () => {
  const versions = (hops: readonly Hop[] | string) =>
    typeof hops === "string" ? hops : hops.map(({ version }) => version);

  it("goes through the newest patch that is known of each minor version between, one after the other", () => {
    const hops = hopsTo("1.37.1");
    const newest = (minor: string) => knownVersions().find((version) => minorOf(version) === minor);
    expect(versions(hopsBetween("1.34.4", "1.37.1", hops))).toEqual([newest("1.35"), newest("1.36")]);
    expect(versions(hopsBetween("1.35.0", "1.36.4", hopsTo("1.36.4")))).toEqual([]);
    expect(versions(hopsBetween("1.36.0", "1.36.4", hopsTo("1.36.4")))).toEqual([]);
  });

  it("gets kubeadm of it from upstream's path, with its checksum, for each architecture", () => {
    const [hop] = hopsBetween("1.34.4", "1.36.4", hopsTo("1.36.4")) as readonly Hop[];
    const version = hop?.version ?? "";
    const file = (architecture: "amd64" | "arm64") => ({
      path: `dl.k8s.io/v${version}/bin/linux/${architecture}/kubeadm`,
      sha256: checksumOf("kubeadm", version, architecture),
    });
    expect(hop?.kubeadm).toEqual({ amd64: file("amd64"), arm64: file("arm64") });
  });

  it("names the minor version of which nothing is known", () => {
    const given = hopsTo("1.36.4", { "1.35.1": { amd64: "0".repeat(64) }, "1.34.2": {} });
    expect(given.map(({ version }) => version)).toEqual(["1.34.2", "1.35.1"]);
    expect(given[1]?.kubeadm.amd64).toEqual({
      path: "dl.k8s.io/v1.35.1/bin/linux/amd64/kubeadm",
      sha256: "0".repeat(64),
    });
    // The library knows that of the other architecture.
    expect(given[1]?.kubeadm.arm64?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(hopsBetween("1.34.4", "1.36.4", [])).toMatch(
      /^a cluster of 1\.34\.4 goes through 1\.35 to 1\.36\.4, and this library knows no version of 1\.35\. Name one with its checksums in upgrades\.through/,
    );
  });
});

describe("a living cluster", () => {
  it.each([
    ["1.35.8", "1.36.4"],
    ["1.36.0", "1.36.4"],
    ["1.36.4", "1.36.4"],
    ["1.34.4", "1.37.1"],
  ])("goes from %s to %s", (from, to) => expect(upgradeProblem(from, to)).toBeUndefined());

  it.each([
    ["1.33.4", "1.37.1", /goes to 1\.36 before 1\.37\.1: a kubelet may be 3 minor versions older/],
    ["1.36.4", "1.36.3", /cannot go back/],
    ["1.36.4", "1.35.8", /cannot go back/],
    ["1.36.4", "latest", /cannot compare/],
  ])("does not go from %s to %s", (from, to, why) => expect(upgradeProblem(from, to)).toMatch(why));
});
