import * as fs from "node:fs";
import * as path from "node:path";
import { cachedFolder } from "../support/cache";
import { ensureDebianPackages } from "../support/debianPackages";
import { run } from "../support/run";

/** busybox alone: `sh`, `cp`, `nslookup` and the like, statically linked. Debian's `wget` crashes on `-T`: use `timeout`. */
const busybox = ["busybox-static"];

/** What kube-proxy and flannel call: nft, iptables, conntrack, with the libraries they are linked to. */
const netfilter = [
  ...busybox,
  "nftables",
  "iptables",
  "conntrack",
  "libc6",
  "libedit2",
  "libtinfo6",
  "libbsd0",
  "libmd0",
  "libgmp10",
  "libjansson4",
  "libmnl0",
  "libnftables1",
  "libnftnl11",
  "libxtables12",
  "libip4tc2",
  "libip6tc2",
  "libnetfilter-conntrack3",
  "libnfnetlink0",
  // /etc/protocols: without it nft prints `6` where kube-proxy wrote `tcp`, and a kube-proxy that starts anew takes the
  // elements of its own maps for others' and deletes them.
  "netbase",
];

const schema = 2;

/** A folder with busybox and its commands. */
export function ensureBusyboxRoot(): Promise<string> {
  return cachedFolder("layers", "busybox", { schema, packages: busybox }, (folder) =>
    unpack(folder, busybox),
  );
}

/** A folder with busybox, nft, iptables (on nf_tables) and conntrack. */
export function ensureNetfilterRoot(): Promise<string> {
  return cachedFolder("layers", "netfilter", { schema, packages: netfilter }, async (folder) => {
    await unpack(folder, netfilter);
    // What update-alternatives would have set on an installed system.
    for (const name of ["iptables", "ip6tables"]) {
      for (const part of ["", "-save", "-restore"]) {
        fs.symlinkSync("xtables-nft-multi", path.join(folder, "usr/sbin", `${name}${part}`));
      }
    }
    // A library that is not in the list shows here, not in a cluster.
    for (const program of ["nft", "iptables", "ip6tables", "conntrack"]) {
      await run(["chroot", folder, `/usr/sbin/${program}`, "--version"]);
    }
    if (!fs.existsSync(path.join(folder, "etc/protocols"))) throw new Error("/etc/protocols is missing");
  });
}

async function unpack(folder: string, packages: readonly string[]): Promise<void> {
  await ensureDebianPackages(["dpkg", "apt"]);
  const archives = path.join(folder, ".archives");
  fs.mkdirSync(archives);
  await run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", ...packages], { cwd: archives });
  for (const file of fs.readdirSync(archives))
    await run(["dpkg-deb", "-x", path.join(archives, file), folder]);
  fs.rmSync(archives, { recursive: true });
  for (const unused of ["usr/share", "usr/lib/x86_64-linux-gnu/gconv", "etc/init.d"]) {
    fs.rmSync(path.join(folder, unused), { recursive: true, force: true });
  }
  await run(["chroot", folder, "/bin/busybox", "--install", "-s", "/bin"]);
  fs.mkdirSync(path.join(folder, "tmp"), { recursive: true });
  fs.chmodSync(path.join(folder, "tmp"), 0o1777);
}
