import { shWords } from "../text";
import type { RenderedFile } from "../renderedFile";
import type { CniKernelModule } from "../cni/domain";
import { nodeScript } from "./paths";
import { putFile } from "./prelude";
import type { NodeSetupSpec } from "./spec";

export type KernelModule = "overlay" | "br_netfilter" | "nf_conntrack" | "nf_tables" | CniKernelModule;

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

/** `kernel.sh` puts the modules' file from their list. */
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
  const wanted = sysctls(spec).map(({ key, value, match, essential }) =>
    shWords(["want", key, value, match ?? "exactly", essential ? "essential" : "optional"]),
  );
  const atBoot = sysctls(spec).flatMap(({ key, value, match, essential }) => [
    ...(essential ? [shWords(["at_boot", key, value])] : []),
    ...(match === "includes" ? [shWords(["reserve_at_boot", key, value])] : []),
  ]);
  const files = { sysctl_file: sysctlFile, reserved_ports_file: reservedPortsFile };
  return [
    nodeScript("kernel", { modules: kernelModules(spec) }),
    putFile(kernelFiles(spec).sysctls),
    `${wanted.join("\n")}\n`,
    nodeScript("kernel-boot", files),
    `${atBoot.join("\n")}\n`,
  ].join("");
}
