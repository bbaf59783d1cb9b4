import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { script } from "../../../model/core/script";
import { cleanupScript, rememberFound } from "../../../model/node/cleanup";
import { packagesPhase } from "../../../model/node/os";
import { dropUnwanted, fileFunctions, putFile } from "../../../model/node/prelude";
import { bash, machineOf, settingsOf, type Ran } from "./support";
import {
  containerdPhase,
  downloadsPhase,
  firewallFiles,
  firewallPhase,
  foreignFirewalls,
  kernelPhase,
  renderNode,
  swapPhase,
} from "../../support/fromSettings";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "cures-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** Folders of a host that are moved below a folder of the test. */
const MOVED = /(?<![\w.}])\/(etc|var|sys|proc|run|opt|usr|lib)\//g;
const begin = `set -euo pipefail
phase() { :; }
note() { echo "note: $1"; }
die() { echo "died: $1"; exit 1; }
sleep() { echo "slept $1"; }
${script("node/scripts/waiting.sh")}`;

const write = (file: string, content: string, mode = 0o644): void => {
  fs.mkdirSync(path.dirname(root + file), { recursive: true });
  fs.writeFileSync(root + file, content, { mode });
};
const read = (file: string): string =>
  fs.existsSync(root + file) ? fs.readFileSync(root + file, "utf8") : "";

/** Parts of setup on a host that lies in a folder, its programs stood in for by functions. */
function run(stubs: string, script: string): Ran & { readonly lines: string[] } {
  const moved = (fileFunctions() + script).replaceAll(MOVED, `${root}/$1/`);
  const ran = bash(`${begin}${stubs}\n${moved}`);
  const stdout = ran.stdout.replaceAll(root, "");
  return { ...ran, stdout, lines: stdout.split("\n").filter((line) => line !== "") };
}

const open = { access: { ssh: ["198.51.100.0/24"], api: ["198.51.100.0/24"], nodePorts: [] } };
const ours = { firewall: "nftables", ...open };
const settingsAnd = (raw: Record<string, unknown> = {}, name = "w1") => {
  const settings = settingsOf(raw);
  return { settings, machine: machineOf(settings, name) };
};

describe("swap", () => {
  const phase = (stubs: string) => {
    write("/proc/swaps", "Filename Type Size Used Priority\n");
    return run(stubs, swapPhase(settingsOf()));
  };

  it("that programs and units would bring back is turned off for good, each once, and remembered", () => {
    const stubs = `systemctl() { case "$*" in
  "is-enabled zramswap.service" | "is-enabled dphys-swapfile.service") echo enabled ;;
  "is-enabled "*) echo disabled; return 1 ;;
  "list-units "*) printf '%s\\n' "dev-zram0.swap loaded active active x" "dev-sda2.swap masked inactive dead x" ;;
  "list-unit-files "*) printf '%s\\n' "dev-zram0.swap generated -" "swapfile.swap enabled enabled" ;;
  "mask --quiet --now swapfile.swap") return 1 ;;
  mask* | disable*) echo "systemctl $*" ;;
esac; }`;
    expect(phase(stubs).lines.filter((line) => line.startsWith("systemctl"))).toEqual([
      "systemctl mask --quiet --now zramswap.service",
      "systemctl mask --quiet --now dphys-swapfile.service",
      "systemctl mask --quiet --now dev-zram0.swap",
      "systemctl disable --quiet --now swapfile.swap",
    ]);
    phase(stubs);
    expect(read("/var/lib/pulumi-kubeadm/masked-swap")).toBe(
      "zramswap.service\ndphys-swapfile.service\ndev-zram0.swap\n",
    );
    expect(read("/var/lib/pulumi-kubeadm/disabled-swap")).toBe("swapfile.swap\n");
  });

  it("that is not there is not looked for twice", () => {
    expect(phase('systemctl() { case "$1" in is-enabled) return 1 ;; esac; }').lines).toEqual([]);
  });
});

describe("package lists that another program holds", () => {
  const host = (failures: number, said: string) =>
    run(
      `have_nothing=1
command() { case $2 in ethtool) [ -e ${root}/installed ] ;; *) return 0 ;; esac; }
apt-get() {
  case " $* " in
    *" update "*)
      echo x >>${root}/updates
      if [ "$(wc -l <${root}/updates)" -le ${failures} ]; then echo "${said}"; return 100; fi ;;
    *) : >${root}/installed ;;
  esac
}
package_manager=apt nginx_modules=/x
declare -A package_of=([ethtool]=ethtool)`,
      packagesPhase(["ethtool"]),
    );
  const held = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)";

  it("are waited for, longer than a mirror is", () => {
    const ran = host(20, held);
    expect(ran.status).toBe(0);
    expect(ran.lines.filter((line) => line === "slept 5")).toHaveLength(20);
    expect(ran.lines.filter((line) => line === "slept 10")).toEqual([]);
  });

  it("are told from a mirror that does not answer", () => {
    const ran = host(99, "E: Failed to fetch http://deb.debian.org/debian");
    expect(ran.status).toBe(1);
    expect(ran.lines.filter((line) => line.startsWith("slept"))).toEqual(
      Array.from({ length: 4 }, () => "slept 10"),
    );
    expect(ran.stdout).toContain("Failed to fetch");
    expect(ran.lines.at(-1)).toBe("died: apt-get update failed; these packages are missing: ethtool");
  });
});

describe("kernel parameters", () => {
  const proc: Readonly<Record<string, string>> = {
    "net/ipv4/ip_forward": "0",
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
    "net/ipv4/ip_local_reserved_ports": "",
  };
  const phase = (values: Record<string, string> = {}, stubs = "") => {
    for (const [key, value] of Object.entries({ ...proc, ...values }))
      write(`/proc/sys/${key}`, `${value}\n`);
    write("/proc/filesystems", "nodev\toverlay\n");
    write("/proc/sys/net/netfilter/nf_conntrack_max", "1");
    write("/sys/module/vxlan/x", "");
    const programs = "modprobe() { :; }\nnft() { :; }\nuname() { echo 6; }\n";
    return run(programs + stubs, kernelPhase(settingsOf()));
  };
  const said = (ran: Ran) =>
    ran.stdout.split("\n").filter((line) => /^(note|died): (?!the kernel has no)/.test(line));
  const ports = "/etc/sysctl.d/zz-pulumi-kubeadm-ports.conf";

  it("are written to a file that is read after those of hardening guides", () => {
    write("/etc/sysctl.d/99-cis.conf", "net.ipv4.ip_forward = 0\n");
    expect(said(phase())).toEqual([]);
    expect(read("/etc/sysctl.d/zz-pulumi-kubeadm.conf")).toMatch(/^net\.ipv4\.ip_forward = 1\n/);
    expect(read("/proc/sys/net/ipv4/ip_forward")).toBe("1\n");
  });

  it.each(["net.ipv4.ip_forward=0", "  net/ipv4/ip_forward = 0  ", "-net.ipv4.ip_forward = 0"])(
    "that a later file takes back are refused, and only said on a node: %s",
    (line) => {
      write("/etc/sysctl.d/zzz-site.conf", `# mine\n${line}\n`);
      const text =
        /\/etc\/sysctl\.d\/zzz-site\.conf says net\.ipv4\.ip_forward = 0, and is read after \/etc\/sysctl\.d\/zz-pulumi-kubeadm\.conf/;
      expect(said(phase())).toEqual([expect.stringMatching(text)]);
      expect(said(phase())[0]).toMatch(/^died/);
      write("/etc/kubernetes/kubelet.conf", "");
      expect(said(phase())).toEqual([expect.stringMatching(/^note: /)]);
    },
  );

  it("that sysctl.conf takes back are said, and what it only mentions is not", () => {
    write("/etc/sysctl.conf", "#net.ipv4.ip_forward=0\n");
    expect(said(phase())).toEqual([]);
    write("/etc/sysctl.conf", "net.ipv4.ip_forward=0\n");
    expect(said(phase())).toEqual([
      expect.stringMatching(/^note: \/etc\/sysctl\.conf says net\.ipv4\.ip_forward = 0: whoever runs/),
    ]);
  });

  it("add NodePorts to what others reserve, now and at the next boot", () => {
    write("/etc/sysctl.d/50-app.conf", "net.ipv4.ip_local_reserved_ports = 8080,9000-9100\n");
    phase({ "net/ipv4/ip_local_reserved_ports": "8080,9000-9100" });
    expect(read("/proc/sys/net/ipv4/ip_local_reserved_ports")).toBe("8080,9000-9100,30000-32767\n");
    expect(read(ports)).toBe("-net.ipv4.ip_local_reserved_ports = 8080,9000-9100,30000-32767\n");
    const again = phase({ "net/ipv4/ip_local_reserved_ports": "8080,9000-9100,29000-32767" });
    expect(read("/proc/sys/net/ipv4/ip_local_reserved_ports")).toBe("8080,9000-9100,29000-32767\n");
    expect(again.stdout).not.toContain("ip_local_reserved_ports");
  });

  it("are for a kernel with nf_tables, which an nft that crashes does not disprove", () => {
    expect(phase({}, "nft() { return 139; }\n").status).toBe(0);
    expect(phase({}, "nft() { return 1; }\n").stdout).toContain("died: the kernel has no nf_tables");
    write("/sys/module/nf_tables/x", "");
    expect(phase({}, "nft() { return 1; }\n").status).toBe(0);
  });
});

describe("programs that may not be run", () => {
  const denied = "findmnt() { echo rw,nosuid,noexec; }\n";

  it("are told as such, and not as a wrong download", () => {
    const { settings, machine } = settingsAnd();
    const files = { amd64: [{ name: "runc" as const, version: "1.4.3", url: "x", sha256: "0" }] };
    const folder = "/opt/pulumi-kubeadm/runc/1.4.3";
    write(`${folder}/.sha256`, "0\n");
    write(`${folder}/bin/runc`, "#!/bin/sh\n", 0o644);
    const script = downloadsPhase({ ...settings, downloads: { files } }, machine);
    const text = `died: ${folder}/bin/runc cannot be run, permission denied: `;
    expect(run(denied, script).lines.at(-1)).toBe(`${text}it lies on a mount with noexec`);
    const trusted = 'findmnt() { echo rw; }\nsystemctl() { [ "$3" = fapolicyd.service ]; }\n';
    expect(run(trusted, script).lines.at(-1)).toBe(
      `${text}fapolicyd denies it, and has to trust /opt/pulumi-kubeadm`,
    );
    fs.rmSync(`${root}${folder}/bin/runc`);
    expect(run(denied, script).lines.at(-1)).toMatch(/is missing: the download contains something else$/);
  });

  it("are told from a configuration that containerd does not take", () => {
    const { settings, machine } = settingsAnd();
    const script = containerdPhase(settings, machine);
    const systemctl = "systemctl() { :; }\n";
    write("/usr/local/bin/containerd", "no program\n", 0o644);
    expect(run(denied + systemctl, script).lines.at(-1)).toMatch(
      /^died: .*containerd cannot be run, permission denied: it lies/,
    );
    write("/usr/local/bin/containerd", "#!/bin/sh\nexit 1\n");
    fs.chmodSync(`${root}/usr/local/bin/containerd`, 0o755);
    expect(run(denied + systemctl, script).lines.at(-1)).toMatch(/^died: containerd rejects/);
  });
});

describe("the cluster's own firewall", () => {
  const unit = "pulumi-kubeadm-firewall.service";
  const phase = (nft: string, active = true) => {
    const { settings } = settingsAnd(ours);
    const systemctl = `systemctl() { case "$1" in is-active) ${active ? "return 0" : "return 3"} ;; is-enabled) ;; *) echo "systemctl $*" ;; esac; }`;
    const script = firewallPhase(settings, firewallFiles(settings, machineOf(settings, "w1")));
    return run(
      `${systemctl}\nsshd() { echo "port 22"; }\nss() { :; }\noverlap() { return 0; }\n${nft}\n`,
      script,
    );
  };

  it("is loaded again where somebody flushed its table, and left alone where it is there", () => {
    phase("nft() { :; }");
    expect(phase("nft() { :; }").stdout).not.toMatch(/reload|restart|note/);
    const gone = phase('nft() { [ "$1" != list ]; }');
    expect(gone.lines).toContain(
      `note: somebody flushed nftables: the rules of ${unit} were gone and have been loaded again`,
    );
    expect(gone.lines).toContain(`systemctl reload ${unit}`);
  });

  it("comes after services that flush all tables, and is loaded again whenever they do", () => {
    const { settings, machine } = settingsAnd(ours);
    const files = firewallFiles(settings, machine);
    const text = (end: string) => files.find((file) => file.path.endsWith(end))?.content ?? "";
    expect(text(unit)).toMatch(/^After=local-fs\.target nftables\.service netfilter-persistent\.service$/m);
    const lines = text("nftables.service.d/pulumi-kubeadm.conf")
      .split("\n")
      .filter((line) => line.startsWith("Exec"));
    expect(lines.map((line) => line.split("=")[0])).toEqual(["ExecStartPost", "ExecReload", "ExecStopPost"]);
    // The command of each, with programs that say what they are asked.
    for (const line of lines) {
      const command =
        /-c '(.*)'$/.exec(line)?.[1]?.replaceAll("/usr/sbin/nft", "echo nft").replace("exec ", "") ?? "";
      const ran = (status: number) => bash(`systemctl() { return ${status}; }\n${command}`).stdout;
      expect(ran(0)).toBe("nft -f /etc/pulumi-kubeadm/firewall.nft\n");
      expect(ran(3)).toBe("");
    }
  });

  it("tells an nft that crashes from rules that it does not take", () => {
    expect(phase('nft() { if [ "$1" = -c ]; then return 139; fi; }').lines.at(-1)).toMatch(
      /^died: nft crashes \(status 139\)/,
    );
    expect(phase('nft() { if [ "$1" = -c ]; then return 1; fi; }').lines.at(-1)).toMatch(
      /^died: nft rejects/,
    );
  });

  /** Services that filter the host, kept in a file as systemd would. */
  const filters = `systemctl() { case "$*" in
  "is-active --quiet firewalld.service") [ -e ${"$"}ROOT/firewalld ] ;;
  "disable --now --quiet firewalld.service") rm "$ROOT/firewalld"; echo off firewalld ;;
  "enable --now --quiet firewalld.service") : >"$ROOT/firewalld"; echo on firewalld ;;
  is-active*) return 3 ;;
esac; }
ufw() { case "$*" in
  status) [ ! -e "$ROOT/ufw" ] || echo "Status: active" ;;
  "--force disable") rm "$ROOT/ufw"; echo off ufw ;;
  "--force enable") : >"$ROOT/ufw"; echo on ufw ;;
esac; }
`;
  const foreign = (raw: Record<string, unknown>) => {
    const { settings, machine } = settingsAnd(raw);
    return run(`ROOT=${root}\n${filters}`, foreignFirewalls(settings, machine)).lines.filter((line) =>
      /^o(n|ff) /.test(line),
    );
  };

  it.each([["ufw"], ["firewalld"], ["ufw", "firewalld"]])("gives back %s %s when it goes, once", (...on) => {
    for (const name of on) write(`/${name}`, "");
    expect(foreign(ours).sort()).toEqual(on.map((name) => `off ${name}`).sort());
    expect(foreign(ours)).toEqual([]);
    expect(foreign({}).sort()).toEqual(on.map((name) => `on ${name}`).sort());
    expect(foreign({})).toEqual([]);
  });

  it("turns nothing on that it did not turn off", () => {
    expect(foreign(ours)).toEqual([]);
    expect(foreign({})).toEqual([]);
  });

  it("gives back with the clean-up too, before the list of it is removed", () => {
    write("/firewalld", "");
    foreign(ours);
    const [functions = "", steps = ""] = cleanupScript().split("phase cleanup\n");
    const ran = run(
      `ROOT=${root}\n${filters}`,
      `${functions.slice(functions.indexOf("turned_off="))}give_back`,
    );
    expect(ran.lines).toContain("on firewalld");
    const lines = steps.split("\n");
    expect(lines.indexOf('rm -rf "$state_folder"')).toBeGreaterThan(lines.indexOf("give_back"));
    expect(lines).toContain("give_back");
  });
});

describe("what was on the host before", () => {
  const systemctl = 'systemctl() { case "$1" in is-active) return 0 ;; *) echo "systemctl $*" ;; esac; }\n';
  /** The clean-up, but for what ends processes and mounts of the machine that runs the test. */
  const cleanup = () => {
    const [functions = "", steps = ""] = cleanupScript().split("phase cleanup\n");
    const start = steps.indexOf('if [ -e "$files_list" ]');
    expect(start).toBeGreaterThan(0);
    return run(systemctl, functions.slice(functions.indexOf("turned_off=")) + steps.slice(start));
  };
  const config = { path: "/etc/containerd/config.toml", mode: "0644", content: "version = 3\n" };
  const setup = () =>
    run(
      systemctl,
      `${rememberFound()}${putFile(config)}${putFile({ ...config, path: "/etc/crictl.yaml", content: "ours\n" })}`,
    );

  it("comes back when the machine leaves: files, folders with data, the unit", () => {
    write("/etc/containerd/config.toml", "disabled_plugins = ['cri']\n");
    write("/var/lib/containerd/data", "theirs");
    setup();
    setup();
    expect(read("/etc/containerd/config.toml")).toBe("version = 3\n");
    write("/var/lib/cni/ours", "x");
    const ran = cleanup();
    expect(read("/etc/containerd/config.toml")).toBe("disabled_plugins = ['cri']\n");
    expect(read("/var/lib/containerd/data")).toBe("theirs");
    expect(fs.existsSync(`${root}/var/lib/cni`)).toBe(false);
    expect(fs.existsSync(`${root}/etc/crictl.yaml`)).toBe(false);
    expect(fs.existsSync(`${root}/var/lib/pulumi-kubeadm`)).toBe(false);
    expect(ran.lines).toContain("systemctl enable --now --quiet containerd.service");
  });

  it("was nothing: all goes, and nothing is turned on", () => {
    const stub = systemctl.replace("return 0", "return 3");
    run(stub, `${rememberFound()}${putFile(config)}`);
    write("/var/lib/containerd/data", "ours");
    const ran = cleanup();
    expect(fs.existsSync(`${root}/var/lib/containerd`)).toBe(false);
    expect(fs.existsSync(`${root}/etc/containerd`)).toBe(false);
    expect(ran.stdout).not.toContain("enable");
  });

  it("is not asked of a host that an earlier version set up", () => {
    write("/var/lib/pulumi-kubeadm/files", `${root}/etc/containerd/config.toml \n`);
    write("/var/lib/containerd/data", "ours");
    write("/etc/containerd/config.toml", "version = 2\n");
    setup();
    expect(read("/var/lib/pulumi-kubeadm/found")).toBe("");
    cleanup();
    expect(fs.existsSync(`${root}/var/lib/containerd`)).toBe(false);
    expect(fs.existsSync(`${root}/etc/containerd/config.toml`)).toBe(false);
  });

  it("comes back as soon as the settings no longer replace it", () => {
    write("/etc/crictl.yaml", "theirs\n");
    setup();
    run(systemctl, dropUnwanted([config.path]));
    expect(read("/etc/crictl.yaml")).toBe("theirs\n");
  });

  it("is noted before anything is put on the host", () => {
    const { settings, machine } = settingsAnd();
    const { setupScript } = renderNode(settings, machine);
    expect(setupScript.indexOf("/var/lib/pulumi-kubeadm/found")).toBeLessThan(setupScript.indexOf("\nput /"));
  });
});
