import * as fs from "node:fs";
import * as zlib from "node:zlib";

/** Kernel modules that node setup loads, and the option that builds each (Documentation of the kernel's Kconfig). */
export const builtInModules: Readonly<Record<string, string>> = {
  overlay: "CONFIG_OVERLAY_FS",
  bridge: "CONFIG_BRIDGE",
  br_netfilter: "CONFIG_BRIDGE_NETFILTER",
  nf_conntrack: "CONFIG_NF_CONNTRACK",
  nf_tables: "CONFIG_NF_TABLES",
  nf_nat: "CONFIG_NF_NAT",
  ip_tables: "CONFIG_IP_NF_IPTABLES",
  ip_set: "CONFIG_IP_SET",
  ip_vs: "CONFIG_IP_VS",
  ip_vs_rr: "CONFIG_IP_VS_RR",
  ip_vs_wrr: "CONFIG_IP_VS_WRR",
  ip_vs_sh: "CONFIG_IP_VS_SH",
  vxlan: "CONFIG_VXLAN",
  veth: "CONFIG_VETH",
  ipip: "CONFIG_NET_IPIP",
  wireguard: "CONFIG_WIREGUARD",
  dummy: "CONFIG_DUMMY",
  xt_comment: "CONFIG_NETFILTER_XT_MATCH_COMMENT",
  xt_mark: "CONFIG_NETFILTER_XT_MARK",
};

let options: Set<string> | undefined;

/** Whether the running kernel was built with an option, in it or as a module. */
export function kernelHas(option: string): boolean {
  options ??= readOptions();
  return options.has(option);
}

function readOptions(): Set<string> {
  if (!fs.existsSync("/proc/config.gz")) return new Set(Object.values(builtInModules));
  const text = zlib.gunzipSync(fs.readFileSync("/proc/config.gz")).toString();
  return new Set([...text.matchAll(/^(CONFIG_\w+)=[ym]$/gm)].map((match) => match[1]));
}
