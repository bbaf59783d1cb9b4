import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bareHostChecks } from "../../../model/node/checks";
import { resolverChecks } from "../../../model/node/checks/resolvers";
import { bash, machineOf, settingsOf } from "./support";
import { preflightCheckSpec } from "../../../model/settings/specs";
import { preflightChecks } from "../../support/fromSettings";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "bare-host-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** Folders of a host that are moved below a folder of the test. */
const MOVED = /(?<![\w.])\/(etc|var|sys|proc|run|opt|usr)\//g;

/** A host as its programs show it; what is not given is as on a bare server of Debian 12. */
interface Host {
  readonly files?: Readonly<Record<string, string>>;
  /** Units that run. */
  readonly active?: readonly string[];
  readonly enabled?: readonly string[];
  /** Where systemd has containerd's unit from. */
  readonly containerd?: string;
  /** What `ip -o link show` lists. */
  readonly links?: readonly string[];
  readonly addresses?: string;
  /** Options of the mount that a path lies on. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly cgroup?: string;
}

const CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers";

function found(
  host: Host,
  options: { raw?: Record<string, unknown>; name?: string; run?: string } = {},
): string[] {
  const settings = settingsOf(options.raw);
  const machine = machineOf(settings, options.name ?? "cp1");
  for (const [file, content] of Object.entries({ [CONTROLLERS]: "cpu memory pids\n", ...host.files })) {
    fs.mkdirSync(path.dirname(root + file), { recursive: true });
    if (file.endsWith("/")) fs.mkdirSync(root + file, { recursive: true });
    else fs.writeFileSync(root + file, content);
  }
  const list = (values: readonly string[] = []) => ` ${values.join(" ")} `;
  const mounts = Object.entries(host.mounts ?? {}).map(
    ([at, text]) => `    ${root}${at}*) echo ${text} ;;\n`,
  );
  const stubs = `
systemctl() {
  case "$1 $2" in
    "is-active "*) case "${list(host.active)}" in *" $3 "*) return 0 ;; esac; return 3 ;;
    "is-enabled "*) case "${list(host.enabled)}" in *" $2 "*) echo enabled ;; *) echo disabled; return 1 ;; esac ;;
    "show "*) echo "${host.containerd ?? ""}" ;;
  esac
}
ip() { case "$*" in
  "-o link show") printf '%s\\n' ${(host.links ?? ["lo", "eth0@if7"]).map((link, index) => `'${index + 1}: ${link}: <UP> mtu 1500'`).join(" ")} ;;
  "-o address show dev tunl0") echo "${host.addresses ?? ""}" ;;
esac; }
findmnt() { case "\${!#}" in
${mounts.join("")}    *) echo rw,relatime ;;
esac; }
stat() { echo ${host.cgroup ?? "cgroup2fs"}; }
`;
  const checks = preflightChecks(settings, machine).replaceAll(MOVED, `${root}/$1/`);
  const more = resolverChecks(preflightCheckSpec(settings).resolvConf).replaceAll(MOVED, `${root}/$1/`);
  const begin = `set -euo pipefail\nshopt -u nullglob\nnote() { echo "note: $1"; }\ndie() { echo "$1"; exit 1; }\n`;
  const end = 'if [ "${#problems[@]}" -gt 0 ]; then printf "%s\\n" "${problems[@]}"; fi\n';
  const ran = bash(`${begin}${checks}${more}${stubs}${options.run ?? "check_bare"}\n${end}`);
  expect(ran.stderr).toBe("");
  return ran.stdout
    .replaceAll(root, "")
    .split("\n")
    .filter((line) => line !== "");
}

/** The name in brackets at the end of each problem. */
const names = (lines: readonly string[]): string[] =>
  lines.map((line) => /\(([\w-]+)\)$/.exec(line)?.[1] ?? line);

describe("a host with SELinux", () => {
  it.each([
    ["enforcing", "1", [expect.stringMatching(/^note: SELinux is enforcing: .*containers run unlabelled/)]],
    ["permissive", "0", []],
  ])("that is %s", (_, enforce, said) => {
    expect(found({ files: { "/sys/fs/selinux/enforce": `${enforce}\n` } })).toEqual(said);
  });
});

describe("a host that somebody used before", () => {
  it.each<[string, Host]>([
    ["a bare server", {}],
    [
      "a cloud image with snapd and a bridge of its own",
      { active: ["snapd.service"], links: ["lo", "ens5", "lxdbr0", "docker-br", "cnix0"] },
    ],
    ["one with Calico's module loaded", { links: ["lo", "eth0", "tunl0@NONE"] }],
    ["empty folders", { files: { "/etc/cni/net.d/": "", "/var/lib/containerd/": "", "/var/lib/etcd/": "" } }],
    [
      "what CNIs keep beside their configuration",
      { files: { "/etc/cni/net.d/calico-kubeconfig": "", "/etc/cni/net.d/10-old.conflist.bak": "" } },
    ],
    ["a folder for etcd that is a mount", { files: { "/var/lib/etcd/lost+found/": "" } }],
    [
      "fapolicyd that trusts the library's programs",
      {
        active: ["fapolicyd.service"],
        files: {
          "/etc/fapolicyd/rules.d/80-kubernetes.rules": "allow perm=any all : dir=/opt/pulumi-kubeadm/\n",
        },
      },
    ],
    ["noexec where no program of ours lies", { mounts: { "/tmp": "rw,noexec" } }],
  ])("%s passes", (_name, host) => {
    // Text of files names folders as they are on a host.
    const files = Object.fromEntries(
      Object.entries(host.files ?? {}).map(([file, text]) => [
        file,
        text.replaceAll("/opt/", `${root}/opt/`),
      ]),
    );
    expect(found({ ...host, files })).toEqual([]);
  });

  it("names configuration of a CNI and how to remove it, that of podman too", () => {
    const files = {
      "/etc/cni/net.d/10-calico.conflist": "{}",
      "/etc/cni/net.d/87-podman-bridge.conflist": "{}",
    };
    expect(found({ files })).toEqual([
      expect.stringContaining(
        "rm -f /etc/cni/net.d/10-calico.conflist /etc/cni/net.d/87-podman-bridge.conflist (CniConfig)",
      ),
    ]);
    expect(names(found({ files: { "/etc/cni/net.d/99-loopback.conf": "" } }))).toEqual(["CniConfig"]);
  });

  it.each([
    "cni0",
    "flannel.1",
    "flannel-wg",
    "weave",
    "vxlan.calico",
    "cali0123456789a@if3",
    "kube-ipvs0",
    "cilium_host@cilium_net",
    "nodelocaldns",
  ])("names the interface %s", (link) => {
    const [line, ...more] = found({ links: ["lo", "eth0", link] });
    expect(line).toContain(`addresses: ${link.split("@")[0]}: remove each`);
    expect(more).toEqual([]);
  });

  it("names tunl0 where it has an address", () => {
    const addresses = "4: tunl0    inet 10.244.1.64/32 scope global tunl0";
    expect(names(found({ links: ["lo", "eth0", "tunl0@NONE"], addresses }))).toEqual(["CniLinks"]);
  });

  it.each(["k3s", "rke2-agent", "k0sworker"])("names %s", (unit) => {
    expect(names(found({ active: [`${unit}.service`] }))).toEqual(["OtherKubernetes"]);
  });

  it.each<[string, Host, RegExp]>([
    [
      "Docker with its containerd",
      {
        active: ["docker.service"],
        containerd: "/lib/systemd/system/containerd.service",
        files: {
          "/etc/containerd/config.toml": 'disabled_plugins = ["cri"]\n',
          "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db": "x",
        },
      },
      /docker\.service runs, containerd\.service comes from \/lib\/systemd\/system\/containerd\.service, \/etc\/containerd\/config\.toml exists, \/var\/lib\/containerd holds data/,
    ],
    ["CRI-O", { active: ["crio.service"] }, /\(crio\.service runs\)/],
    [
      "images of somebody",
      { files: { "/var/lib/containerd/x": "" } },
      /\(\/var\/lib\/containerd holds data\)/,
    ],
  ])("names %s", (_name, host, text) => {
    const lines = found(host);
    expect(names(lines)).toEqual(["ContainerRuntime"]);
    expect(lines[0]).toMatch(text);
  });

  it("does not take what an earlier setup of the library put there for somebody else's", () => {
    const files = {
      "/var/lib/pulumi-kubeadm/files": "/etc/containerd/config.toml containerd.service\n",
      "/etc/containerd/config.toml": "version = 3\n",
      "/var/lib/containerd/x": "",
    };
    const moved = {
      ...files,
      "/var/lib/pulumi-kubeadm/files": `${root}/etc/containerd/config.toml containerd.service\n`,
    };
    expect(found({ files: moved, containerd: "/etc/systemd/system/containerd.service" })).toEqual([]);
  });

  it.each(["member", "snapshots"])(
    "names what is in the folder of etcd, %s, on control-plane nodes alone",
    (entry) => {
      const files = { [`/var/lib/etcd/${entry}/x`]: "", "/var/lib/etcd/lost+found/": "" };
      expect(found({ files })).toEqual([expect.stringContaining(`/var/lib/etcd is not empty (${entry})`)]);
      expect(found({ files }, { name: "w1" })).toEqual([]);
    },
  );

  it("is silent about a node, and about a join of ours that was cut off", () => {
    const files = { "/etc/cni/net.d/10-flannel.conflist": "{}" };
    const links = ["lo", "eth0", "cni0", "flannel.1"];
    expect(found({ files: { ...files, "/etc/kubernetes/kubelet.conf": "x" }, links })).toEqual([]);
    expect(found({ files: { ...files, "/var/lib/pulumi-kubeadm/node.json": "{}" }, links })).toEqual([]);
  });

  it("may be taken as it is, check by check", () => {
    const files = { "/etc/cni/net.d/10-calico.conflist": "{}" };
    const raw = { ignorePreflightErrors: ["CniConfig"] };
    expect(found({ files, links: ["cni0"] }, { raw }).map((line) => line.slice(0, 14))).toEqual([
      "note: ignored:",
      "interfaces of ",
    ]);
  });
});

describe("a host that cannot run a node", () => {
  it("with cgroup v1 is refused from 1.35 on, unless the kubelet is told to live with it", () => {
    const v1 = { cgroup: "tmpfs" };
    expect(names(found(v1))).toEqual(["CgroupV1"]);
    const note = ["note: the host uses cgroup v1, which Kubernetes is about to drop"];
    expect(found(v1, { raw: { kubernetesVersion: "1.34.4" } })).toEqual(note);
    expect(found(v1, { raw: { kubelet: { config: { failCgroupV1: false } } } })).toEqual(note);
  });

  it("without the memory controller is refused by the name of kubeadm's own check, in both versions", () => {
    const text = /cgroup_enable=memory .*\(SystemVerification\)$/;
    expect(found({ files: { [CONTROLLERS]: "cpuset cpu io pids\n" } })).toEqual([
      expect.stringMatching(text),
    ]);
    const raw = { kubelet: { config: { failCgroupV1: false } } };
    fs.rmSync(root + CONTROLLERS);
    const cgroups = (enabled: number) =>
      `#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t50\t${enabled}\n`;
    const v1 = (enabled: number) => {
      const run = `rm -f ${root}${CONTROLLERS}\ncheck_bare`;
      return found({ cgroup: "tmpfs", files: { "/proc/cgroups": cgroups(enabled) } }, { raw, run });
    };
    expect(v1(0)[1]).toMatch(text);
    expect(v1(1)).toHaveLength(1);
  });

  it.each(["/opt", "/opt/cni", "/usr/local"])("with noexec on %s is refused", (at) => {
    const files = { [`${at}/bin/`]: "", "/opt/cni/bin/": "" };
    const lines = found({ files, mounts: { [at]: "rw,nosuid,nodev,noexec" } });
    expect(new Set(names(lines))).toEqual(new Set(["Noexec"]));
    expect(lines[0]).toContain("lies on a mount with noexec");
  });

  it("with fapolicyd that trusts nothing of the library's is refused", () => {
    expect(names(found({ active: ["fapolicyd.service"] }))).toEqual(["Fapolicyd"]);
  });

  it("with nm-cloud-setup is refused once, by its timer or its service", () => {
    const both = { enabled: ["nm-cloud-setup.timer", "nm-cloud-setup.service"] };
    expect(names(found(both))).toEqual(["NmCloudSetup"]);
    expect(names(found({ active: ["nm-cloud-setup.service"] }))).toEqual(["NmCloudSetup"]);
  });
});

describe("name servers of a host", () => {
  const check = (
    content: string,
    options: { active?: string[]; raw?: Record<string, unknown>; file?: string } = {},
  ) =>
    found(
      { files: { [options.file ?? "/etc/resolv.conf"]: content }, active: options.active },
      { raw: options.raw, run: "check_resolvers" },
    );

  it.each([
    ["one of the network", "nameserver 192.0.2.53\nsearch example.com\n"],
    ["three", "nameserver 192.0.2.53\nnameserver 192.0.2.54\nnameserver 8.8.8.8\n"],
  ])("are taken: %s", (_name, content) => {
    expect(check(content)).toEqual([]);
  });

  it.each([
    ["dnsmasq", "nameserver 127.0.0.1\n", /names 127\.0\.0\.1, which in CoreDNS' pod is CoreDNS itself/],
    ["unbound beside another", "nameserver 192.0.2.53\nnameserver ::1\n", /names ::1, which/],
    [
      "IPv6 alone",
      "nameserver 2001:db8::53\nnameserver fe80::1%eth0\n",
      /names IPv6 name servers alone \(2001:db8::53 fe80::1%eth0\)/,
    ],
    ["nobody", "search example.com\n# nameserver 192.0.2.53\n", /names no name server/],
  ])("that pods cannot use are refused: %s", (_name, content, text) => {
    const [line = "", ...more] = check(content);
    expect(line).toMatch(text);
    expect(line).toMatch(/coredns\.upstreamServers.*kubelet\.config\.resolvConf \(Resolvers\)$/);
    expect(more).toEqual([]);
    expect(check(content, { raw: { coredns: { upstreamServers: ["192.0.2.53"] } } })).toEqual([]);
  });

  it("of both families are only told of", () => {
    expect(check("nameserver 2001:db8::53\nnameserver 192.0.2.53\n")).toEqual([
      expect.stringMatching(/^note: .*2001:db8::53/),
    ]);
  });

  it("are systemd-resolved's where it runs, as kubeadm has it, and the file's that the settings name", () => {
    const stub = "nameserver 127.0.0.53\n";
    const files = { "/etc/resolv.conf": stub, "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.53\n" };
    const resolved = { files, active: ["systemd-resolved.service"] };
    expect(found(resolved, { run: "check_resolvers" })).toEqual([]);
    const raw = { kubelet: { config: { resolvConf: "/etc/kubernetes/resolv.conf" } } };
    expect(found(resolved, { raw, run: "check_resolvers" })).toEqual([
      expect.stringContaining("/etc/kubernetes/resolv.conf, which does not exist"),
    ]);
    fs.rmSync(`${root}/run`, { recursive: true });
    expect(check(stub)).toEqual([expect.stringContaining("127.0.0.53")]);
  });
});

describe("checks of bare hosts", () => {
  it("are not asked of load balancers and of images of a cloud", () => {
    const settings = settingsOf();
    const none = "check_bare() { :; }\n";
    expect(
      bareHostChecks(preflightCheckSpec(settings), {
        ...machineOf(settings, "w1"),
        role: "loadBalancer",
      }),
    ).toBe(none);
  });
});
