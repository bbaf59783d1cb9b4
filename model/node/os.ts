import { shWords } from "../text";
import type { OsFamily } from "../settings/resolved";
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
    // The image has curl-minimal, which has the command and stands in curl's way.
    packages: { ...redHat.packages, curl: "curl-minimal" },
  },
};

const families = Object.keys(osProfiles) as OsFamily[];

/** The architecture as `uname -m` says it. */
const machineHardware = { amd64: "x86_64", arm64: "aarch64" } as const;

/** Finds the OS family and holds it and the architecture against what the settings say; changes nothing. */
export function osCheck(machine: SetupMachine): string {
  const releases = families.map(
    (family) => `    ${osProfiles[family].release.join(" | ")}) echo ${family} ;;`,
  );
  const hardware = machineHardware[machine.architecture];
  return `
os_release() {
  # shellcheck source=/dev/null
  (. /etc/os-release && printf '%s' "\${!1:-}")
}
os_family_of() {
  case $1 in
${releases.join("\n")}
  esac
}
find_os() {
  local hardware
  if [ ! -r /etc/os-release ]; then die "there is no /etc/os-release to tell the operating system by"; fi
  os_id=$(os_release ID)
  os_version=$(os_release VERSION_ID)
  os_family=$(os_family_of "$os_id:$os_version")
  if [ -z "$os_family" ]; then
    die "$os_id $os_version is none of the operating systems this library sets up: ${families.join(", ")}"
  fi
${machine.os === undefined ? "" : `  if [ "$os_family" != ${machine.os} ]; then die "the settings say ${machine.os}, the host runs $os_family"; fi\n`}  hardware=$(uname -m)
  if [ "$hardware" != ${hardware} ]; then
    die "the settings say architecture ${machine.architecture} (${hardware}), the host is $hardware"
  fi
}
phase os
find_os
echo "$os_family on $(uname -m), kernel $(uname -r)"
`;
}

/** Loads the facts of the OS family that was found; families with the same facts share a branch. */
export function osProfileOf(machine: SetupMachine): string {
  const branches = new Map<string, OsFamily[]>();
  for (const family of machine.os === undefined ? families : [machine.os]) {
    const facts = profileText(osProfiles[family]);
    branches.set(facts, [...(branches.get(facts) ?? []), family]);
  }
  const cases = [...branches].map(([facts, names]) => `  ${names.join(" | ")})\n${facts}    ;;\n`);
  return `declare -A package_of
case $os_family in
${cases.join("")}esac
`;
}

function profileText(facts: OsProfile): string {
  const packages = Object.entries(facts.packages).map(([need, name]) => `      [${need}]=${name}\n`);
  return [
    `    package_manager=${facts.packageManager}\n`,
    `    nginx_modules=${facts.nginxModules}\n`,
    `    package_of=(\n${packages.join("")}    )\n`,
  ].join("");
}

/** What a machine needs, in the order it is looked for. */
export function needsOf(options: { node: boolean; apiProxy: boolean; firewall: boolean }): Need[] {
  const node: Need[] = [
    ...(["conntrack", "ethtool", "tc", "iptables", "nft"] as const),
    ...(["modprobe", "curl", "tar", "openssl"] as const),
  ];
  return [
    "ip",
    ...(options.node ? node : options.firewall ? (["nft"] as const) : []),
    ...(options.apiProxy ? (["nginx", "nginx-stream"] as const) : []),
  ];
}

/**
 * Installs what is missing and asks no package manager otherwise: hosts behind a wall have what they need in their image.
 * Locks held by others (unattended upgrades, a first boot) are waited for.
 */
export function packagesPhase(needs: readonly Need[]): string {
  return `
nginx_static_stream() { nginx -V 2>&1 | grep -qE -- '--with-stream( |$)'; }
have() {
  case $1 in
    nginx-stream) [ -e "$nginx_modules/ngx_stream_module.so" ] || nginx_static_stream ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
# retry SECONDS COMMAND...: a pause between tries; the last status is the answer.
retry() {
  local pause=$1 try
  shift
  for try in 1 2 3 4 5; do
    if "$@"; then return 0; fi
    if [ "$try" -lt 5 ]; then sleep "$pause"; fi
  done
  return 1
}
package_index=""
# apt's own time limit is for dpkg's lock: the lists' is waited for here.
apt_update() {
  local said until=$((SECONDS + 300))
  until said=$(apt-get -q -o DPkg::Lock::Timeout=300 update 2>&1); do
    case $said in *"/lists/lock"*) ;; *) until=0 ;; esac
    if [ "$SECONDS" -ge "$until" ]; then
      echo "$said"
      return 1
    fi
    sleep 5
  done
  echo "$said"
}
install_packages() {
  local names=$*
  echo "installing: $names"
  case $package_manager in
    apt)
      export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
      if [ -z "$package_index" ]; then
        retry 10 apt_update || die "apt-get update failed; these packages are missing: $names"
        package_index=fresh
      fi
      retry 10 apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \\
        --no-install-recommends install "$@" || die "these packages could not be installed: $names"
      ;;
    dnf)
      retry 10 dnf -q -y --setopt=install_weak_deps=False install "$@" ||
        die "these packages could not be installed: $names"
      ;;
  esac
}
install_missing() {
  local need missing=() packages=()
  for need in "$@"; do
    if ! have "$need"; then
      missing+=("$need")
      packages+=("\${package_of[$need]}")
    fi
  done
  if [ "\${#missing[@]}" -eq 0 ]; then return 0; fi
  # The package starts nginx with a page of its own on port 80, which nobody asked for.
  case " \${missing[*]} " in
    *" nginx "*)
      : >"$pending/nginx-masked"
      systemctl mask --quiet nginx.service
      ;;
  esac
  mapfile -t packages < <(printf '%s\\n' "\${packages[@]}" | sort -u)
  install_packages "\${packages[@]}"
  for need in "\${missing[@]}"; do
    if ! have "$need"; then die "$need is not there although \${package_of[$need]} was installed"; fi
  done
}
phase packages
install_missing ${shWords(needs)}
if [ -e "$pending/nginx-masked" ]; then
  systemctl unmask --quiet nginx.service
  systemctl disable --quiet nginx.service
  rm -f "$pending/nginx-masked"
fi
`;
}
