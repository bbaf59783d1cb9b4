/** What the program reads out of apt's and dnf's words, as they print them. */
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MaintenanceCluster } from "./maintenanceHost";

let cluster: MaintenanceCluster;
beforeEach(async () => {
  cluster = await MaintenanceCluster.create(["w1"]);
});
afterEach(async () => {
  await cluster.down();
});

const python = (lines: string): unknown => JSON.parse(cluster.python("w1", "agent", lines));
const tool = (name: string, text: string): void =>
  cluster.write("w1", `bin/${name}`, `#!/bin/bash\n${text}\n`, 0o755);
/** dnf in place of apt, which the search path of a test may have elsewhere. */
const DNF = "has = lambda name: name in ('dnf', 'needs-restarting')\n";

const APT = `NOTE: This is only a simulation!
Inst libc6 [2.36-9+deb12u9] (2.36-9+deb12u10 Debian-Security:12/stable-security [amd64]) []
Inst libc-bin [2.36-9+deb12u9] (2.36-9+deb12u10 Debian-Security:12/stable-security, Debian:12.9/stable [amd64])
Inst linux-image-6.1.0-31-amd64 (6.1.128-1 Debian-Security:12/stable-security [amd64])
Inst linux-image-amd64 [6.1.124-1] (6.1.128-1 Debian-Security:12/stable-security [amd64])
Inst tzdata [2024a-0+deb12u1] (2025a-0+deb12u1 Debian:12.9/stable, Debian:12-updates/stable-updates [all])
Inst openssl [3.0.2-0ubuntu1.18] (3.0.2-0ubuntu1.19 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])
Inst curl [7.81] (7.82 UbuntuESMApps:22.04/jammy-apps-security [amd64])
Conf libc6 (2.36-9+deb12u10 Debian-Security:12/stable-security [amd64])
`;

describe("apt", () => {
  it("has upgrades of security by their archive, and what they need is not among those that are named", () => {
    cluster.write("w1", "upgrades", APT);
    expect(python("print(json.dumps(apt_upgrades(True)))")).toEqual([
      ["libc6", "2.36-9+deb12u10"],
      ["libc-bin", "2.36-9+deb12u10"],
      ["linux-image-amd64", "6.1.128-1"],
      ["openssl", "3.0.2-0ubuntu1.19"],
      ["curl", "7.82"],
    ]);
    const all = python("print(json.dumps([name for name, _ in apt_upgrades(False)]))");
    expect(all).toEqual(["libc6", "libc-bin", "linux-image-amd64", "tzdata", "openssl", "curl"]);
  });

  it("removes nothing, keeps changed files and waits for the lock of others", () => {
    cluster.write("w1", "upgrades", APT);
    cluster.python("w1", "agent", "upgrade('security')");
    const said = cluster.read("w1", "apt.log");
    expect(said).toMatch(
      /DPkg::Lock::Timeout=600.*--force-confold --no-remove --only-upgrade.*-security\$\/ install libc6=2.36-9\+deb12u10 /,
    );
  });
});

describe("dnf", () => {
  it("has upgrades by check-update, whose status 100 is no error", () => {
    tool("dnf", 'echo "$*" >>"$ROOT/dnf.log"\ncat "$ROOT/updates"; exit 100');
    const updates =
      "\nkernel.x86_64          5.14.0-503.el9   baseos\nopenssl-libs.x86_64    1:3.2.2-6.el9    baseos\nObsoleting Packages\nold.noarch  1 base\n";
    cluster.write("w1", "updates", updates);
    expect(python(`${DNF}print(json.dumps(upgrades("security")))`)).toEqual([
      ["kernel", "5.14.0-503.el9"],
      ["openssl-libs", "1:3.2.2-6.el9"],
    ]);
    expect(cluster.read("w1", "dnf.log")).toBe("-q -y --refresh check-update --security\n");
  });

  it("goes to the newest release of Amazon Linux", () => {
    tool("dnf", 'echo "$*" >>"$ROOT/dnf.log"');
    cluster.write("w1", "etc/os-release", 'NAME="Amazon Linux"\nID="amzn"\n');
    cluster.python("w1", "agent", `${DNF}upgrades("all")`);
    expect(cluster.read("w1", "dnf.log")).toBe("-q -y --releasever=latest --refresh check-update\n");
  });

  it("says why a reboot is needed, by its own tool", () => {
    tool(
      "needs-restarting",
      "echo 'Core libraries or services have been updated:'; echo '  * glibc'; echo '  * systemd'; echo; echo 'Reboot is required'; exit 1",
    );
    expect(python(`${DNF}print(json.dumps(reboot_reasons()))`)).toEqual(["glibc", "systemd"]);
    tool(
      "needs-restarting",
      "echo 'No core libraries or services have been updated.'; echo 'Reboot should not be necessary.'",
    );
    expect(python(`${DNF}print(json.dumps(reboot_reasons()))`)).toEqual([]);
  });

  it("or, without that tool, by what was installed since the boot", () => {
    tool(
      "rpm",
      'echo "package kernel-rt is not installed"; echo "1000000000 glibc"; echo "9999999999 kernel-core"; exit 3',
    );
    expect(python("has = lambda name: name == 'dnf'\nprint(json.dumps(reboot_reasons()))")).toEqual([
      "kernel-core",
    ]);
  });
});

describe("whether a host of Debian needs a reboot", () => {
  const reasons = (): unknown => python("print(json.dumps(reboot_reasons()))");
  const list = (name: string, seconds: number): void => {
    const file = `var/lib/dpkg/info/${name}.list`;
    cluster.write("w1", file, "");
    fs.utimesSync(cluster.host("w1", file), seconds, seconds);
  };

  it("is said by /run/reboot-required", () => {
    expect(reasons()).toEqual([]);
    cluster.write("w1", "run/reboot-required", "");
    expect(reasons()).toEqual(["/run/reboot-required"]);
    cluster.write("w1", "run/reboot-required.pkgs", "linux-base\nlibc6\nlinux-base\n");
    expect(reasons()).toEqual(["libc6", "linux-base"]);
  });

  it("or, where nobody writes that file, by what was installed since the boot", () => {
    const boot = Number(cluster.python("w1", "agent", "print(booted())"));
    for (const [name, seconds] of [
      ["libc6:amd64", boot - 60],
      ["systemd", boot + 60],
      ["curl", boot + 60],
      ["linux-image-6.1.0-31-amd64", boot + 60],
    ] as const)
      list(name, seconds);
    expect(reasons()).toEqual(["linux-image-6.1.0-31-amd64", "systemd"]);
  });
});

describe("others that reboot the host", () => {
  it.each([
    ["true", "unattended-upgrades (Unattended-Upgrade::Automatic-Reboot)"],
    ["false", ""],
  ])("unattended-upgrades with Automatic-Reboot %s", (value, found) => {
    tool("unattended-upgrade", "true");
    tool("apt-config", `echo 'Unattended-Upgrade::Automatic-Reboot "${value}";'`);
    expect(python("print(json.dumps(reboots_itself()))")).toBe(found);
  });

  it.each([
    ["reboot = when-needed", "dnf-automatic (reboot in /etc/dnf/automatic.conf)"],
    ["reboot = never", ""],
    ["# reboot = when-needed", ""],
  ])("dnf-automatic with %s", (line, found) => {
    cluster.write("w1", "etc/dnf/automatic.conf", `[commands]\n${line}\n`);
    expect(python("has = lambda name: False\nprint(json.dumps(reboots_itself()))")).toBe(found);
  });
});
