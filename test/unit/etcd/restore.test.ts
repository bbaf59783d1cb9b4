import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  lostSince,
  unreadableVersion,
  unsuitable,
  type SnapshotHeader,
} from "../../../model/etcd/restore/header";
import { dataScript, restoreFolder } from "../../../model/etcd/restore/scripts";
import { controlPlaneNode } from "../../support/kubeadmSettings";
import { ScriptHost } from "../kubeadm/scriptHost";
import { Etcd, etcdTools } from "./backupHost";

const HEADER: SnapshotHeader = {
  ...{ cluster: "ab".repeat(32), clusterName: "metal", time: "2026-11-29T01:55:00Z" },
  ...{ etcd: "3.6.8", kubernetes: "1.36.4", revision: 7, keys: 3 },
};

describe("which snapshots are restored", () => {
  it.each([
    ["1.36.4", "1.36.0", undefined],
    ["1.35.8", "1.36.4", undefined],
    ["1.37.0", "1.36.4", /newer than 1\.36\.4/],
    ["1.34.9", "1.36.4", /more than one minor version older/],
  ])("%s by %s", (taken, now, text) => {
    const said = unreadableVersion(taken, now);
    if (text === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(text);
  });

  it("of this cluster alone", () => {
    expect(unsuitable(HEADER, "ab".repeat(32), "1.36.4")).toBeUndefined();
    expect(unsuitable(HEADER, "cd".repeat(32), "1.36.4")).toMatch(
      /another cluster \(metal, abababababababab; this one is cdcd/,
    );
  });

  it.each([
    [-1, "0 s"],
    [0.7, "42 s"],
    [1, "1 min"],
    [61, "1 h 1 min"],
    [3_000, "2 d 2 h 0 min"],
  ])("with what is lost: %d minutes are %s", (minutes, text) => {
    expect(lostSince(HEADER.time, Date.parse(HEADER.time) + minutes * 60_000)).toBe(text);
  });
});

describe.skipIf(etcdTools === undefined)("etcd's data of a snapshot", () => {
  const name = "etcd-abababababababab-20261129T015500Z-r7-e3.6.8-k1.36.4.snapshot";
  const machine = { ...controlPlaneNode("cp1", 11), nodeAddress: "127.0.0.1" };
  let folder: string;
  let host: ScriptHost;

  beforeAll(async () => {
    folder = fs.mkdtempSync("/tmp/restore-data-");
    const etcd = await Etcd.start(`${folder}/old`);
    for (let key = 0; key < 20; key += 1) etcd.ctl("put", `/registry/${key}`, "x");
    expect(etcd.ctl("snapshot", "save", `${folder}/snapshot.db`).status).toBe(0);
    await etcd.stop();
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  afterEach(() => host.remove());

  function made(utility = etcdTools?.etcdutl ?? ""): ScriptHost {
    const document = { path: "/kubeadm.yaml", content: "kind: ClusterConfiguration\n", mode: "0600" };
    const content = dataScript(name, machine, document, { kubeadm: "/usr/bin/kubeadm-of-version" })
      .replaceAll("/usr/bin/kubeadm-of-version", "$ROOT/bin/kubeadm")
      .replaceAll("'$ROOT/bin/kubeadm'", '"$ROOT/bin/kubeadm"')
      .replace(/^export LC_ALL=C PATH=.*$/m, "");
    host = new ScriptHost({ path: "/script", content, mode: "0755" }, ["/var/lib/pulumi-kubeadm"]);
    host.command("crictl", '[ "$1" = pull ] || exit 0');
    host.command("kubeadm", "echo registry.k8s.io/kube-proxy:v1.36.4; echo registry.k8s.io/etcd:3.6.8-0");
    host.command(
      "ctr",
      `case "$*" in *" images mount "*) mkdir -p "\${!#}/usr/local/bin"; cp ${utility} "\${!#}/usr/local/bin/etcdutl" ;; *unmount*) rm -rf "\${!#}" ;; esac`,
    );
    fs.mkdirSync(host.root + restoreFolder, { recursive: true });
    fs.copyFileSync(`${folder}/snapshot.db`, `${host.root}${restoreFolder}/snapshot.db`);
    return host;
  }

  it("comes from the image that kubeadm starts, as one member, with revisions above all that clients have seen", async () => {
    const { status, output } = made().run();
    expect([status, output]).toEqual([0, expect.stringContaining("##phase data of etcd")]);
    expect(host.calls()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^crictl pull registry\.k8s\.io\/etcd:3\.6\.8-0$/),
        expect.stringMatching(/^ctr .* images unmount --rm/),
      ]),
    );
    expect(host.read(`${restoreFolder}/ready`)).toBe(`${name}\n`);
    const [members, etcd] = [
      spawnSync("ls", [`${host.root}${restoreFolder}/data/member`], { encoding: "utf8" }).stdout,
      await Etcd.start(`${host.root}${restoreFolder}/data`),
    ];
    expect(members).toBe("snap\nwal\n");
    const got = JSON.parse(
      etcd.ctl("get", "/registry/", "--prefix", "--keys-only", "--write-out", "json").stdout,
    ) as {
      header: { revision: number };
      kvs: unknown[];
    };
    const list = etcd.ctl("member", "list").stdout;
    await etcd.stop();
    expect(got.kvs).toHaveLength(20);
    expect(got.header.revision).toBeGreaterThan(1_000_000_000);
    expect(list).toMatch(/^\w+, started, \w+, https:\/\/127\.0\.0\.1:2380, \S+, false\n$/);
  });

  it("is made once", () => {
    made().run();
    const calls = host.calls().length;
    expect(host.run().status).toBe(0);
    expect(host.calls()).toHaveLength(calls);
  });

  it("is not there where the snapshot is damaged", () => {
    made();
    fs.truncateSync(`${host.root}${restoreFolder}/snapshot.db`, 5_000);
    expect(host.run().status).toBe(1);
    expect(host.read(`${restoreFolder}/ready`)).toBe("");
  });
});
