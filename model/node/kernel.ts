import { shWords } from "../text";
import type { RenderedFile } from "../renderedFile";
import type { CniKernelModule } from "../cni/domain";
import { kubeletConfigFile } from "./paths";
import { putFile } from "./prelude";
import type { NodeSetupSpec } from "./spec";

export type KernelModule = "overlay" | "br_netfilter" | "nf_conntrack" | "nf_tables" | CniKernelModule;

/**
 * How to see that a module's work can be done without it: built in, or loaded by the host of a container. The last
 * resort is to use it. Interfaces of these names live for a moment.
 */
const moduleWorks: Readonly<Record<KernelModule, string>> = {
  overlay: "grep -qw overlay /proc/filesystems",
  br_netfilter: "[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]",
  nf_conntrack: "[ -e /proc/sys/net/netfilter/nf_conntrack_max ]",
  // nft may crash on what another version of it wrote; then there is something that it can read.
  nf_tables: "[ -d /sys/module/nf_tables ] || nft list tables >/dev/null 2>&1 || [ $? -eq 139 ]",
  vxlan: "[ -d /sys/module/vxlan ] || probe_link type vxlan id 16777215 dstport 65111 local 127.0.0.1",
  wireguard: "[ -d /sys/module/wireguard ] || probe_link type wireguard",
  geneve: "[ -d /sys/module/geneve ] || probe_link type geneve id 16777215 remote 127.0.0.2 dstport 65112",
  ipip: "[ -d /sys/module/ipip ] || probe_link type ipip local 127.0.0.1 remote 127.0.0.2",
};

/** What the kernel is set up from. */
type KernelSpec = Pick<NodeSetupSpec, "kubeProxyMode" | "firewall" | "cni" | "nodePorts">;

/** Kernel modules that the settings' components need. */
export function kernelModules(spec: Omit<KernelSpec, "nodePorts">): KernelModule[] {
  return [
    "overlay",
    "br_netfilter",
    "nf_conntrack",
    ...(spec.kubeProxyMode === "nftables" || spec.firewall !== undefined ? (["nf_tables"] as const) : []),
    ...spec.cni.kernelModules,
  ];
}

/** Read after 99-sysctl.conf, which is /etc/sysctl.conf on Debian and Ubuntu, and after what hardening guides write. */
export const sysctlFile = "/etc/sysctl.d/zz-pulumi-kubeadm.conf";
/** Written on the host, which alone knows what others reserve. */
export const reservedPortsFile = "/etc/sysctl.d/zz-pulumi-kubeadm-ports.conf";

interface Sysctl {
  readonly key: string;
  readonly value: string;
  /** `least`: a higher value stays; `includes`: a list that may hold more; default: exactly. */
  readonly match?: "least" | "includes";
  /** Nothing works without it; others are only noted where a container's host holds them. */
  readonly essential?: boolean;
}

/** nf_conntrack_max is kube-proxy's: it computes it from the cores and would fight another value. */
function sysctls(spec: Pick<KernelSpec, "nodePorts">): Sysctl[] {
  const { from, to } = spec.nodePorts;
  return [
    { key: "net.ipv4.ip_forward", value: "1", essential: true },
    { key: "net.bridge.bridge-nf-call-iptables", value: "1", essential: true },
    { key: "net.bridge.bridge-nf-call-ip6tables", value: "1" },
    // The kernel must not give a NodePort to a connection that goes out.
    { key: "net.ipv4.ip_local_reserved_ports", value: `${from}-${to}`, match: "includes" },
    // What the kubelet wants and would set by itself (pkg/kubelet/cm/container_manager_linux.go, protectKernelDefaults).
    { key: "vm.overcommit_memory", value: "1" },
    { key: "vm.panic_on_oom", value: "0" },
    { key: "kernel.panic", value: "10" },
    { key: "kernel.panic_on_oops", value: "1" },
    { key: "kernel.keys.root_maxkeys", value: "1000000", match: "least" },
    { key: "kernel.keys.root_maxbytes", value: "25000000", match: "least" },
    // Each container that watches files takes an instance; the kernel's 128 are gone at some 50 pods.
    { key: "fs.inotify.max_user_instances", value: "8192", match: "least" },
    { key: "fs.inotify.max_user_watches", value: "1048576", match: "least" },
  ];
}

export function kernelFiles(spec: KernelSpec): { modules: RenderedFile; sysctls: RenderedFile } {
  return {
    modules: {
      path: "/etc/modules-load.d/pulumi-kubeadm.conf",
      mode: "0644",
      content: `${kernelModules(spec).join("\n")}\n`,
    },
    sysctls: {
      path: sysctlFile,
      mode: "0644",
      // A leading "-" lets the others be set where one cannot be (sysctl.d(5)).
      content: sysctls(spec)
        .filter(({ match }) => match !== "includes")
        .map(({ key, value, essential }) => `${essential ? "" : "-"}${key} = ${value}\n`)
        .join(""),
    },
  };
}

export function kernelPhase(spec: KernelSpec): string {
  const files = kernelFiles(spec);
  const modules = kernelModules(spec);
  const cases = modules.map((name) => `    ${name}) ${moduleWorks[name]} ;;`);
  const wanted = sysctls(spec).map(({ key, value, match, essential }) =>
    shWords(["want", key, value, match ?? "exactly", essential ? "essential" : "optional"]),
  );
  return `
probe_link() {
  ip link add pkprobe0 "$@" 2>/dev/null || return 1
  ip link delete pkprobe0
}
works() {
  case $1 in
${cases.join("\n")}
  esac
}
load_module() {
  modprobe "$1" 2>/dev/null || true
  works "$1" || die "the kernel has no $1: neither modprobe nor what is built in gives it"
}
want() { # key, value, match, essential
  local file=/proc/sys/\${1//.//} now
  if [ ! -e "$file" ]; then
    if [ "$4" = essential ]; then die "the kernel has no $1"; fi
    note "the kernel has no $1"
    return 0
  fi
  if holds "$file" "$2" "$3"; then return 0; fi
  now=""
  if [ "$3" = includes ]; then now=$(cat "$file"); fi
  echo "\${now:+$now,}$2" 2>/dev/null >"$file" || true
  if holds "$file" "$2" "$3"; then
    echo "set $1 = $2"
    return 0
  fi
  now=$(cat "$file" 2>/dev/null || true)
  if [ "$4" = essential ]; then die "$1 is $now, must be $2, and cannot be set on this host"; fi
  note "$1 is $now instead of $2 and cannot be set on this host"
}
# lists LIST FROM TO: one range of the list holds all of them.
lists() {
  local part
  for part in \${1//,/ }; do
    if [ "\${part%-*}" -le "$2" ] && [ "\${part#*-}" -ge "$3" ]; then return 0; fi
  done
  return 1
}
holds() { # file, value, match
  local now
  now=$(tr '\\t' ' ' 2>/dev/null <"$1") || return 1
  case $3 in
    least) [ "$now" -ge "$2" ] ;;
    includes) lists "$now" "\${2%-*}" "\${2#*-}" ;;
    *) [ "$now" = "$2" ] ;;
  esac
}
phase kernel
# A container has no modules of its own, and its boot would complain about the list.
if [ -d "/lib/modules/$(uname -r)" ]; then
${putFile(files.modules)}fi
for module in ${modules.join(" ")}; do load_module "$module"; done
${putFile(files.sysctls)}${wanted.join("\n")}
${atBoot(spec)}`;
}

/** What the next boot will make of it: files of others that are read later, and ports that others reserve. */
function atBoot(spec: KernelSpec): string {
  const essential = sysctls(spec).filter((sysctl) => sysctl.essential);
  const reserved = sysctls(spec).filter(({ match }) => match === "includes");
  return `# Files of sysctl.d in the order of a boot (sysctl.d(5)).
sysctl_files() {
  local file
  for file in /usr/lib/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /run/sysctl.d/*.conf /etc/sysctl.d/*.conf; do
    if [ -e "$file" ]; then echo "\${file##*/} $file"; fi
  done | sort | cut -d ' ' -f 2-
}
sysctl_in() { # file, key: the value that the file gives it
  sed -nE "s|^[[:space:]]*-?\${2//./[./]}[[:space:]]*=[[:space:]]*(.*[^[:space:]])[[:space:]]*$|\\1|p" "$1" | tail -n 1
}
at_boot() { # key, value
  local file said after=""
  while read -r file; do
    if [ "$file" = ${sysctlFile} ]; then after=yes; fi
    said=$(sysctl_in "$file" "$1")
    if [ -z "$after" ] || [ -z "$said" ] || [ "$said" = "$2" ]; then continue; fi
    said="$file says $1 = $said, and is read after ${sysctlFile} at each boot: nodes need $1 = $2"
    if [ -e ${kubeletConfigFile} ]; then note "$said"; else die "$said"; fi
  done < <(sysctl_files)
  if [ -e /etc/sysctl.conf ]; then
    said=$(sysctl_in /etc/sysctl.conf "$1")
    if [ -n "$said" ] && [ "$said" != "$2" ]; then note "/etc/sysctl.conf says $1 = $said: whoever runs sysctl --system stops the node's network"; fi
  fi
}
reserve_at_boot() { # key, ports
  local file said others=""
  while read -r file; do
    if [ "$file" = ${reservedPortsFile} ]; then continue; fi
    said=$(sysctl_in "$file" "$1")
    if [ -n "$said" ]; then others=$said,; fi
  done < <(sysctl_files)
  put ${reservedPortsFile} 0644 <<<"-$1 = $others$2"
}
${essential.map(({ key, value }) => `${shWords(["at_boot", key, value])}\n`).join("")}${reserved
    .map(({ key, value }) => `${shWords(["reserve_at_boot", key, value])}\n`)
    .join("")}`;
}
