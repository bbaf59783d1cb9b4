import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { script } from "../../../model/core/script";
import { withValues } from "../../../host/values";
import { ETCD_VOLUME_TOKEN } from "../../../model/node/volumes";
import type { Machine } from "../../../model/settings/resolved";
import { awsSettings, largeAws } from "../../support/awsInput";
import { have } from "../../support/have";
import { shellcheck } from "../../support/shellcheck";
import { all, set } from "../settings/edit";
import { bash, settingsOf, type Ran } from "./support";
import { renderNode, volumesPhase } from "../../support/fromSettings";

const ID = "vol-0123456789abcdef0";
const settings = awsSettings(largeAws, set("controlPlane.etcdVolume", {}));
const [machine] = settings.machines as [Machine];

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "volumes-"));
  fs.mkdirSync(`${folder}/data`);
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

interface Host {
  /** Serial numbers by block device. */
  readonly disks?: Readonly<Record<string, string>>;
  /** What blkid finds on the device: a line, or its exit status. */
  readonly found?: string | number;
  readonly mounted?: boolean;
  /** Late value. */
  readonly id?: string;
  /** Commands of the root volume. */
  readonly root?: string;
}

const ROOT = "findmnt() { case $3 in SOURCE) echo overlay ;; FSTYPE) echo overlay ;; esac; }\n";

/** The phases, with folders moved below a folder of this test and commands that only say what they were asked. */
function run({
  disks = {},
  found = 2,
  mounted = false,
  id = ID,
  root = ROOT,
}: Host): Ran & { asked: string[] } {
  for (const [name, serial] of Object.entries(disks)) {
    fs.mkdirSync(`${folder}/sys/block/${name}/device`, { recursive: true });
    fs.writeFileSync(`${folder}/sys/block/${name}/device/serial`, serial);
  }
  const asked = `${folder}/asked`;
  const blank = `${folder}/formatted`;
  const begin = `set -Eeuo pipefail
phase() { :; }
note() { echo "note: $1"; }
die() { echo "died: $1"; exit 1; }
ask() { echo "$*" >>${asked}; }
sleep() { :; }
mountpoint() { ${mounted ? "true" : "false"}; }
blkid() {
  case "$*" in *UUID*) echo 0f0f; return 0 ;; esac
  ${typeof found === "number" ? `return ${found}` : `echo '${found}'`}
}
mkfs.ext4() { ask mkfs.ext4 "$@"; : >${blank}; }
systemctl() { ask systemctl "$@"; case "$*" in *enable*) mkdir -p ${folder}/data/lost+found ;; esac; }
${root}`;
  const phases = withValues(volumesPhase(settings, machine), { [ETCD_VOLUME_TOKEN]: id })
    .replaceAll("/sys/", `${folder}/sys/`)
    .replaceAll("/var/lib/etcd", `${folder}/data`)
    .replaceAll("/etc/systemd/system", `${folder}/units`);
  const ran = bash(`${begin}\n${script("node/scripts/waiting.sh")}${phases}`);
  const lines = fs.existsSync(asked) ? fs.readFileSync(asked, "utf8").trim().split("\n") : [];
  return { ...ran, asked: lines };
}

/** As EC2 shows volumes: without the hyphen, padded with blanks. */
const nvme = {
  nvme0n1: "vol0aaaaaaaaaaaaaaaa",
  nvme1n1: "vol0bbbbbbbbbbbbbbbb",
  nvme2n1: "vol0123456789abcdef0   \n",
};

describe("etcd's volume", () => {
  it("is found by its id, formatted when blank, mounted before the kubelet starts, and empty for kubeadm", () => {
    const { status, stdout, asked } = run({ disks: nvme });
    expect(stdout).toContain("(/dev/nvme2n1)");
    expect(status).toBe(0);
    expect(asked).toEqual([
      "mkfs.ext4 -q -L kubeadm-etcd /dev/nvme2n1",
      "systemctl daemon-reload",
      "systemctl enable --now --quiet var-lib-etcd.mount",
    ]);
    expect(fs.readFileSync(`${folder}/units/var-lib-etcd.mount`, "utf8")).toContain(
      "What=/dev/disk/by-uuid/0f0f\n",
    );
    expect(fs.readFileSync(`${folder}/units/kubelet.service.d/05-etcd-volume.conf`, "utf8")).toMatch(
      /^\[Unit\]\nRequiresMountsFor=/,
    );
    expect(fs.readdirSync(`${folder}/data`)).toEqual([]);
    expect(fs.statSync(`${folder}/data`).mode & 0o777).toBe(0o700);
  });

  it("is mounted and not formatted where an earlier run came so far", () => {
    const { status, asked } = run({
      disks: nvme,
      found: '/dev/nvme2n1: LABEL="kubeadm-etcd" UUID="0f0f" TYPE="ext4"',
    });
    expect(status).toBe(0);
    expect(asked.filter((one) => one.startsWith("mkfs"))).toEqual([]);
    expect(asked).toContain("systemctl enable --now --quiet var-lib-etcd.mount");
  });

  it.each<[string, Host, RegExp]>([
    [
      "of somebody else",
      { found: '/dev/nvme2n1: LABEL="data" TYPE="xfs"' },
      /not blank and was not changed: .*xfs/,
    ],
    ["with partitions", { found: '/dev/nvme2n1: PTUUID="1" PTTYPE="gpt"' }, /not blank/],
    ["that blkid is not sure about", { found: 8 }, /blkid cannot tell .*exit status 8/],
    [
      "that is not there",
      { disks: { nvme0n1: "vol0aaaaaaaaaaaaaaaa" } },
      /vol-0123456789abcdef0 of etcd is not on/,
    ],
    ["that the instance was started without", { id: "" }, /started before controlPlane\.etcdVolume was set/],
    ["whose id nobody filled in", { id: ETCD_VOLUME_TOKEN }, /has no volume for etcd/],
  ])("is never formatted or mounted: one %s", (_, host, text) => {
    const { status, stdout, asked } = run({ disks: nvme, ...host });
    expect(stdout).toMatch(text);
    expect(status).toBe(1);
    expect(asked).toEqual([]);
  });

  it("hides nothing that is in the folder", () => {
    fs.writeFileSync(`${folder}/data/somebody`, "");
    expect(run({ disks: nvme }).stdout).toMatch(/died: .*data is not empty/);
  });

  it("waits for a raised revision where a node has etcd's data on its root volume", () => {
    fs.mkdirSync(`${folder}/data/member`);
    const { status, stdout, asked } = run({ id: "" });
    expect([status, asked]).toEqual([0, []]);
    expect(stdout).toContain("note: etcd's data stays on the root volume");
  });

  it("is left alone where it is mounted", () => {
    const { status, asked } = run({ mounted: true, id: "" });
    expect([status, asked]).toEqual([0, []]);
  });
});

describe("the root volume", () => {
  const root = (
    type: string,
    dry: number,
  ) => `findmnt() { case $3 in SOURCE) echo /dev/nvme0n1p1 ;; FSTYPE) echo ${type} ;; esac; }
lsblk() { echo nvme0n1; }
growpart() { ask growpart "$@"; case $1 in --dry-run) return ${dry} ;; esac; }
resize2fs() { ask resize2fs "$@"; }
xfs_growfs() { ask xfs_growfs "$@"; }
`;
  const partition = () => {
    fs.mkdirSync(`${folder}/sys/class/block/nvme0n1p1`, { recursive: true });
    fs.writeFileSync(`${folder}/sys/class/block/nvme0n1p1/partition`, "1\n");
  };

  it("has its partition and file system as large as the volume", () => {
    partition();
    expect(run({ mounted: true, root: root("ext4", 0) }).asked).toEqual([
      "growpart --dry-run /dev/nvme0n1 1",
      "growpart /dev/nvme0n1 1",
      "resize2fs /dev/nvme0n1p1",
    ]);
  });

  it("keeps a partition that is as large as it can be", () => {
    partition();
    const { status, asked } = run({ mounted: true, root: root("xfs", 1) });
    expect(status).toBe(0);
    expect(asked).toEqual(["growpart --dry-run /dev/nvme0n1 1", "xfs_growfs /"]);
  });

  it("is left as it is where the root is not a partition", () => {
    expect(run({ mounted: true }).asked).toEqual([]);
  });

  it("that cannot grow is said, and nothing fails for it", () => {
    partition();
    const broken = `${root("ext4", 0)}resize2fs() { return 1; }\n`;
    const { status, stdout } = run({ mounted: true, root: broken });
    expect(status).toBe(0);
    expect(stdout).toMatch(/note: the root file system could not grow to the volume's 30 GiB/);
  });
});

describe("the phases of disks", () => {
  it("are those of control-plane nodes on AWS, before the kubelet", () => {
    const { setupScript } = renderNode(settings, machine);
    expect(setupScript.indexOf('phase "etcd volume"')).toBeGreaterThan(0);
    expect(setupScript.indexOf('phase "etcd volume"')).toBeLessThan(setupScript.indexOf("phase kubelet"));
    const without = awsSettings(largeAws, all());
    expect(volumesPhase(without, machine)).not.toContain("etcd volume");
    expect(volumesPhase(settings, { ...machine, role: "worker" })).toBe("");
    expect(volumesPhase(settingsOf(), machine)).toBe("");
  });

  it.skipIf(!have("shellcheck"))("pass shellcheck", () => {
    const { setupScript } = renderNode(settings, machine);
    expect(shellcheck(withValues(setupScript, { [ETCD_VOLUME_TOKEN]: ID }))).toBe("");
  });
});
