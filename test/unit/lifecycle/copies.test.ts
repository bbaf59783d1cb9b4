/** kubeadm's copies of etcd: one at most stays after an update of a control-plane node, and none fills the disk. */
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { script } from "../../../model/core/script";
import { copyVariables } from "../../../model/lifecycle/copies";
import { prelude } from "../../../model/node/shell";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { factsOf, NodeHost } from "./support";
import { convergeScript, filesOfNode } from "../../support/fromSettings";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
});
afterEach(() => host.files.remove());

const folder = "/etc/kubernetes/tmp";

/** Folders as kubeadm leaves them, the last the newest. */
function leave(...names: string[]): void {
  names.forEach((name, index) => {
    host.files.write(`${folder}/${name}/etcd/member/snap/db`, name);
    fs.utimesSync(`${host.files.root}${folder}/${name}`, 1_000 + index, 1_000 + index);
  });
}

const left = (): string[] => fs.readdirSync(host.files.root + folder).sort();
const functions = script("lifecycle/scripts/room-for-copy.sh", copyVariables);
const run = (call: string) => host.run(`${prelude()}${functions}${call}\n`);

/** A file system of so many KiB free, and an etcd of so many. */
function disk(free: number, etcd: number): void {
  host.files.command(
    "df",
    `printf 'Filesystem 1024-blocks Used Available Capacity Mounted\\n/dev/sda 9 9 ${free} 9%% /\\n'`,
  );
  host.files.command("du", `printf '${etcd}\\t%s\\n' "\${@: -1}"`);
}

describe("copies of etcd", () => {
  it("are one of each kind after a good run, the newest", () => {
    leave("kubeadm-backup-etcd-2026-01-02-03-04-05", "kubeadm-backup-etcd-2026-02-02-03-04-05");
    leave("kubeadm-backup-manifests-a", "kubeadm-backup-manifests-b", "kubeadm-upgraded-manifests1");
    leave("kubeadm-kubelet-config-a", "kubeadm-kubelet-config-b", "kubeadm-kubelet-config-c");
    host.files.write(`${folder}/somebody-else/file`, "");
    expect(run("keep_copies 1\n")).toMatchObject({ status: 0, output: "" });
    expect(left()).toEqual([
      "kubeadm-backup-etcd-2026-02-02-03-04-05",
      "kubeadm-backup-manifests-b",
      "kubeadm-kubelet-config-c",
      "kubeadm-upgraded-manifests1",
      "somebody-else",
    ]);
  });

  it("are none where kubeadm has made none", () => {
    expect(run("keep_copies 1\n")).toMatchObject({ status: 0, output: "" });
  });

  it("are two at most before a run, however many failed before it", () => {
    disk(10_000_000, 100_000);
    leave("kubeadm-backup-etcd-1", "kubeadm-backup-etcd-2", "kubeadm-backup-etcd-3", "kubeadm-backup-etcd-4");
    expect(run("room_for_copy")).toMatchObject({ status: 0, output: "" });
    expect(left()).toEqual(["kubeadm-backup-etcd-3", "kubeadm-backup-etcd-4"]);
  });

  it("stop the run before anything is changed where another does not fit, and the newest stays", () => {
    disk(110_000, 100_000);
    leave("kubeadm-backup-etcd-1", "kubeadm-backup-etcd-2");
    const { status, output } = run("room_for_copy");
    expect(status).toBe(1);
    expect(output).toMatch(/##error .* 97 MiB and a fifth more, and 107 MiB are free/);
    expect(left()).toEqual(["kubeadm-backup-etcd-2"]);
  });

  it("are taken care of by every update: before kubeadm on a control-plane node, and at the end", () => {
    const settings = settingsOf({ machines: [controlPlaneNode("cp1", 11), machine("w1")] });
    const scripts = settings.machines.map((own) =>
      convergeScript(settings, own, factsOf(settings, own), filesOfNode(settings, own), []),
    );
    const [control = "", worker = ""] = scripts;
    expect(control.indexOf("keep_copies 2")).toBeLessThan(control.indexOf('phase "kubeadm upgrade apply'));
    for (const script of [control, worker]) {
      expect(script.lastIndexOf("keep_copies 1")).toBeGreaterThan(script.indexOf('phase "healthy"'));
    }
    expect(worker).not.toContain("keep_copies 2");
  });
});
