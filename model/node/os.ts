import type { OsFamily } from "../settings/resolved";
import { nodeScript } from "./paths";
import type { SetupMachine } from "./spec";

/**
 * Commands that a machine needs; the key is what is looked for before a package manager is asked. socat and ebtables, which
 * older guides name, are not among them: containerd forwards ports itself, and kubeadm no longer looks for either
 * (cmd/kubeadm/app/preflight/checks_linux.go of 1.36).
 */
export type Need =
  | "conntrack"
  | "ethtool"
  | "ip"
  | "tc"
  | "iptables"
  | "nft"
  | "modprobe"
  | "curl"
  | "tar"
  | "openssl"
  | "python3"
  | "sftp"
  | "nginx"
  | "nginx-stream"
  | "chronyd";

export type PackageManager = "apt" | "dnf";

export interface OsProfile {
  /** Values of `ID:VERSION_ID` in /etc/os-release, as patterns of bash. */
  readonly release: readonly string[];
  readonly packageManager: PackageManager;
  readonly packages: Readonly<Record<Need, string>>;
  /** Where nginx's dynamic modules are. */
  readonly nginxModules: string;
}

/** Packages and their files: packages.debian.org and packages.ubuntu.com, the same names from jammy and bookworm on. */
const debian: Omit<OsProfile, "release"> = {
  packageManager: "apt",
  packages: {
    conntrack: "conntrack",
    ethtool: "ethtool",
    ip: "iproute2",
    tc: "iproute2",
    iptables: "iptables",
    nft: "nftables",
    modprobe: "kmod",
    curl: "curl",
    tar: "tar",
    openssl: "openssl",
    python3: "python3",
    sftp: "openssh-client",
    nginx: "nginx",
    "nginx-stream": "libnginx-mod-stream",
    chronyd: "chrony",
  },
  nginxModules: "/usr/lib/nginx/modules",
};

/** Packages: BaseOS and AppStream of RHEL 9; Amazon Linux 2023 has the same names (its release notes' list of packages). */
const redHat: Omit<OsProfile, "release"> = {
  packageManager: "dnf",
  packages: {
    conntrack: "conntrack-tools",
    ethtool: "ethtool",
    ip: "iproute",
    // A package of its own there, and the one that kubeadm's preflight misses.
    tc: "iproute-tc",
    iptables: "iptables-nft",
    nft: "nftables",
    modprobe: "kmod",
    curl: "curl",
    tar: "tar",
    openssl: "openssl",
    python3: "python3",
    sftp: "openssh-clients",
    nginx: "nginx",
    "nginx-stream": "nginx-mod-stream",
    chronyd: "chrony",
  },
  nginxModules: "/usr/lib64/nginx/modules",
};

/** Facts of each OS family; release values are those of the distributions' own /etc/os-release. */
export const osProfiles: Readonly<Record<OsFamily, OsProfile>> = {
  "ubuntu-22.04": { ...debian, release: ["ubuntu:22.04"] },
  "ubuntu-24.04": { ...debian, release: ["ubuntu:24.04"] },
  "debian-12": { ...debian, release: ["debian:12"] },
  "debian-13": { ...debian, release: ["debian:13"] },
  // CentOS Stream says "9", the others "9.N".
  "rhel-9": { ...redHat, release: ["rhel:9.*", "rocky:9.*", "almalinux:9.*", "centos:9", "ol:9.*"] },
  "amazon-linux-2023": {
    ...redHat,
    release: ["amzn:2023"],
    // The image has curl-minimal, which has the command and is in curl's way.
    packages: { ...redHat.packages, curl: "curl-minimal" },
  },
};

const families = Object.keys(osProfiles) as OsFamily[];

/** The architecture as `uname -m` says it. */
const machineHardware = { amd64: "x86_64", arm64: "aarch64" } as const;

/** Finds the OS family and holds it and the architecture against what the settings say; changes nothing. */
export function osCheck({ os, architecture }: Pick<SetupMachine, "os" | "architecture">): string {
  return nodeScript("os", {
    families,
    releases: Object.fromEntries(families.map((family) => [family, osProfiles[family].release.join(" ")])),
    wanted_os: os ?? "",
    wanted_architecture: architecture,
    wanted_hardware: machineHardware[architecture],
  });
}

/** Loads the facts of the OS family that was found. */
export function osProfileOf(machine: SetupMachine): string {
  const known = machine.os === undefined ? families : [machine.os];
  const of = (value: (profile: OsProfile) => string): Record<string, string> =>
    Object.fromEntries(known.map((family) => [family, value(osProfiles[family])]));
  const packages = known.flatMap((family) =>
    Object.entries(osProfiles[family].packages).map(([need, name]) => [`${family}/${need}`, name]),
  );
  return nodeScript("os-profile", {
    package_managers: of((profile) => profile.packageManager),
    nginx_modules_of: of((profile) => profile.nginxModules),
    packages_of: Object.fromEntries(packages) as Record<string, string>,
  });
}

/** What a machine needs, in the order it is looked for. */
export function needsOf(options: {
  node: boolean;
  apiProxy: boolean;
  firewall: boolean;
  commands?: readonly Need[];
}): Need[] {
  const node: Need[] = [
    ...(["conntrack", "ethtool", "tc", "iptables", "nft"] as const),
    ...(["modprobe", "curl", "tar", "openssl"] as const),
  ];
  return [
    "ip",
    ...(options.node ? node : options.firewall ? (["nft"] as const) : []),
    ...(options.commands ?? []),
    ...(options.apiProxy ? (["nginx", "nginx-stream"] as const) : []),
  ];
}

/**
 * Installs what is missing and asks no package manager otherwise: hosts behind a wall have what they need in their image.
 * Locks held by others (unattended upgrades, a first boot) are waited for.
 */
export function packagesPhase(needs: readonly Need[], more: readonly string[] = []): string {
  return (
    nodeScript("packages", { needs }) +
    (more.length === 0 ? "" : nodeScript("own-packages", { own_packages: more }))
  );
}
