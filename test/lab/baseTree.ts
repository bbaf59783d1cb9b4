import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cachedFolder } from "../support/cache";
import { ensureDebianPackages } from "../support/debianPackages";
import { run } from "../support/run";
import { builtInModules, kernelHas } from "./kernel";

/**
 * What a host has before anything is set up on it: a plain server, and those packages that node setup asks for, since
 * hosts have no way out to a package registry. Setup looks first and installs only what is missing.
 */
const recipe = {
  schema: 1,
  suite: "bookworm",
  bootstrap: [
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "iproute2",
    "iptables",
    "nftables",
    "conntrack",
    "ethtool",
    "ebtables",
    "socat",
    "kmod",
    "procps",
    "curl",
    "sudo",
    "python3-minimal",
    "ca-certificates",
    "openssl",
    "tar",
    "gzip",
    "xz-utils",
    "systemd-timesyncd",
    "nginx-light",
    "libnginx-mod-stream",
    "iputils-ping",
    "netcat-openbsd",
    "tcpdump",
  ],
  // debootstrap cannot resolve one of cloud-init's virtual dependencies.
  afterwards: ["cloud-init"],
} as const;

/** Units that would start what nobody asked for, and units that have nothing to do in a lab. */
const disabledUnits = ["nginx.service"];
/** Where containerd's `BinaryName` finds the wrapper that these hosts, whose cgroups have no controllers, need. */
export const runcWrapperPath = "/usr/local/lib/lab/runc";
const runcWrapper = fs.readFileSync(path.join(__dirname, "hostFiles", "runc-lab"), "utf8");

const maskedUnits = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "man-db.timer",
  "console-getty.service",
  "getty@.service",
];

/** Root tree of a Debian server, made once and never changed after: hosts lie over it. */
export async function ensureBaseTree(): Promise<string> {
  const full = { ...recipe, disabledUnits, maskedUnits, runcWrapper, kernel: os.release() };
  return cachedFolder("trees", "base", full, async (folder) => {
    await ensureDebianPackages(["debootstrap"]);
    const repository = await debianRepository(recipe.suite);
    await run([
      // What it mounts in the tree is gone with it, also when it is killed.
      "unshare",
      "--mount",
      "debootstrap",
      "--variant=minbase",
      `--include=${recipe.bootstrap.join(",")}`,
      recipe.suite,
      folder,
      repository,
    ]);
    await installAfterwards(folder, repository);
    await preset(folder);
  });
}

/** Where this machine's own apt gets the suite from. */
async function debianRepository(suite: string): Promise<string> {
  const targets = () => run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(CODENAME)"]);
  let output = (await targets()).stdout;
  if (output.trim() === "") {
    await run(["apt-get", "-qq", "update"]);
    output = (await targets()).stdout;
  }
  const line = output.split("\n").find((candidate) => candidate.split(" ").slice(1).includes(suite));
  if (line === undefined) throw new Error(`apt on this machine has no source for Debian ${suite}`);
  return line.split(" ")[0];
}

async function installAfterwards(tree: string, repository: string): Promise<void> {
  const noStart = path.join(tree, "usr/sbin/policy-rc.d");
  fs.writeFileSync(noStart, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const sources = path.join(tree, "etc/apt/sources.list");
  fs.writeFileSync(sources, `deb ${repository} ${recipe.suite} main\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const apt = ["chroot", tree, "apt-get", "-qq", "-o", "Acquire::Check-Valid-Until=false"];
  await run([...apt, "update"], { env });
  await run([...apt, "-y", "--no-install-recommends", "install", ...recipe.afterwards], { env });
  fs.rmSync(noStart);
  // A host behind a wall: no source, no lists, so an install of something missing fails at once.
  fs.writeFileSync(sources, "");
  for (const below of [
    "var/lib/apt/lists",
    "var/cache/apt",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
  ]) {
    emptyFolder(path.join(tree, below));
  }
}

async function preset(tree: string): Promise<void> {
  const write = (file: string, text: string, mode = 0o644) => {
    fs.mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    fs.writeFileSync(path.join(tree, file), text, { mode });
  };
  await run(["chroot", tree, "useradd", "--create-home", "--shell", "/bin/bash", "ubuntu"]);
  write("etc/sudoers.d/ubuntu", "ubuntu ALL=(ALL) NOPASSWD:ALL\n", 0o440);
  const sshd = [
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "UseDNS no",
    "MaxStartups 50:30:200",
  ];
  write("etc/ssh/sshd_config.d/lab.conf", `${sshd.join("\n")}\n`);
  write(runcWrapperPath, runcWrapper, 0o755);
  write("etc/cloud/cloud-init.disabled", "");
  write("etc/default/locale", "LANG=C.UTF-8\n");
  write("etc/systemd/journald.conf.d/lab.conf", "[Journal]\nStorage=persistent\nSystemMaxUse=64M\n");
  // Every host gets its own.
  for (const file of fs.readdirSync(path.join(tree, "etc/ssh"))) {
    if (file.startsWith("ssh_host_")) fs.rmSync(path.join(tree, "etc/ssh", file));
  }
  write("etc/machine-id", "");
  fs.rmSync(path.join(tree, "var/lib/dbus/machine-id"), { force: true });
  await run(["systemctl", `--root=${tree}`, "disable", ...disabledUnits]);
  await run(["systemctl", `--root=${tree}`, "mask", ...maskedUnits]);
  await presetModules(tree);
}

/**
 * The index of built-in modules that a kernel's package would have brought: with it `modprobe overlay` succeeds for what
 * is built in, and fails, as it must, for what this kernel lacks.
 */
async function presetModules(tree: string): Promise<void> {
  const folder = path.join(tree, "lib/modules", os.release());
  fs.mkdirSync(folder, { recursive: true });
  const present = Object.entries(builtInModules).filter(([, option]) => kernelHas(option));
  const list = present.map(([name]) => `kernel/${name}.ko\n`).join("");
  fs.writeFileSync(path.join(folder, "modules.builtin"), list);
  fs.writeFileSync(path.join(folder, "modules.order"), "");
  await run(["chroot", tree, "depmod", os.release()]);
}

function emptyFolder(folder: string): void {
  for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    fs.rmSync(path.join(folder, entry), { recursive: true, force: true });
  }
}
