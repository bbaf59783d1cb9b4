# What the host's package manager would change, and changes.
# Uses: maintenance/scripts/common.py

import glob

# Services that use what was changed are restarted by Ubuntu's needrestart while the node is drained; files that people changed stay.
APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "a", "UCF_FORCE_CONFFOLD": "1"}
APT = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]
# Archives of security updates: bookworm-security, jammy-security, jammy-apps-security. Of several candidates theirs is preferred.
SECURITY = "-security"
OF_SECURITY = ["-o", "APT::Default-Release=/%s$/" % SECURITY]
# Packages that only a reboot puts into use (dnf-plugins-core, needs_restarting.py: NEED_REBOOT; Debian's notify-reboot-required).
APT_REBOOT = ("libc6*", "systemd", "dbus", "dbus-broker", "linux-image-*", "intel-microcode", "amd64-microcode")
RPM_REBOOT = ("kernel", "kernel-core", "kernel-rt", "glibc", "linux-firmware", "systemd", "dbus", "dbus-broker", "dbus-daemon")


def has(program):
    return any(os.access(os.path.join(folder, program), os.X_OK) for folder in os.environ["PATH"].split(":"))


def apt(words, what, seconds=3600):
    os.environ.update(APT_ENVIRONMENT)
    return run(APT + words, what, seconds=seconds)


def apt_upgrades(security):
    """[(name, version)] that an upgrade would bring. A security update may need a package that is not there yet, so those may come."""
    said = apt(["-s", "--with-new-pkgs"] + (OF_SECURITY if security else []) + ["upgrade"], "asking apt for upgrades", 300)
    found = re.findall(r"^Inst (\S+) \[[^\]]*\] \((\S+) ([^)]*)\)", said, re.M)
    return [(name, version) for name, version, origins in found if not security or any(origin.split(" ")[0].endswith(SECURITY) for origin in origins.split(", "))]


def dnf(words, what, seconds=3600, taken=(0,)):
    return run(["dnf", "-q", "-y"] + dnf_release() + words, what, seconds=seconds, taken=taken)


def dnf_release():
    """Amazon Linux keeps to the release that it was made of, unless it is told otherwise (AL2023 User Guide, "Updating")."""
    with open(at("/etc/os-release")) as file:
        return ["--releasever=latest"] if re.search(r'^ID="?amzn"?$', file.read(), re.M) else []


def dnf_upgrades(security):
    # 100: there are some (dnf(8), check-update).
    said = dnf(["--refresh", "check-update"] + (["--security"] if security else []), "asking dnf for upgrades", 600, (0, 100))
    lines = said.split("Obsoleting Packages")[0].splitlines()
    found = [line.split() for line in lines if re.match(r"^[A-Za-z0-9]\S*\.\w+\s+\S+\s+\S+$", line)]
    return [(name.rsplit(".", 1)[0], version) for name, version, _ in found]


def upgrades(packages):
    """What there is to be upgraded, by the newest lists."""
    if packages == "none":
        return []
    if has("apt-get"):
        apt(["-o", "APT::Update::Error-Mode=any", "update"], "reading apt's lists of packages", 900)
        return apt_upgrades(packages == "security")
    if has("dnf"):
        return dnf_upgrades(packages == "security")
    raise Problem("this host has neither apt-get nor dnf")


def upgrade(packages):
    """Brings the packages, and says which. What an earlier run left half done is ended first."""
    if packages == "none":
        return []
    if has("apt-get"):
        os.environ.update(APT_ENVIRONMENT)
        run(["dpkg", "--configure", "-a", "--force-confdef", "--force-confold"], "ending what dpkg left half done", seconds=3600)
        apt(["--fix-broken", "--no-remove", "install"], "repairing dependencies")
        wanted = apt_upgrades(packages == "security")
        if packages == "security" and wanted:
            # What is to be removed for it is for people to decide.
            apt(["--no-remove", "--only-upgrade"] + OF_SECURITY + ["install"] + ["%s=%s" % one for one in wanted], "upgrading")
        elif wanted:
            apt(["--with-new-pkgs", "upgrade"], "upgrading")
        return wanted
    wanted = dnf_upgrades(packages == "security")
    if wanted:
        dnf(["upgrade"] + (["--security"] if packages == "security" else []), "upgrading")
    return wanted


def booted():
    """When the host's init started, in seconds since 1970."""
    with open(at("/proc/1/stat")) as file:
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    with open(at("/proc/stat")) as file:
        boot = int(re.search(r"^btime (\d+)$", file.read(), re.M).group(1))
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def reboot_reasons():
    """Why the host needs a reboot; empty: it needs none."""
    if has("apt-get"):
        flag = at("/run/reboot-required")
        if os.path.exists(flag):
            names = []
            if os.path.exists(flag + ".pkgs"):
                with open(flag + ".pkgs") as file:
                    names = sorted(set(file.read().split()))
            return names or ["/run/reboot-required"]
        # Hosts without update-notifier or unattended-upgrades have nobody who writes that file.
        lists = [path for pattern in APT_REBOOT for path in glob.glob(at("/var/lib/dpkg/info/%s.list" % pattern))]
        return sorted({os.path.basename(path)[: -len(".list")].split(":")[0] for path in lists if os.path.getmtime(path) > booted()})
    if has("needs-restarting"):
        # 1: it needs one (dnf-plugins-core, needs_restarting).
        said = run(["needs-restarting", "-r"], "asking whether a reboot is needed", taken=(0, 1))
        names = re.findall(r"^ *\* (\S+)", said, re.M)
        return names or (["needs-restarting -r"] if re.search("^Reboot is required", said, re.M) else [])
    said = run(["rpm", "-q", "--queryformat", "%{INSTALLTIME} %{NAME}\n"] + list(RPM_REBOOT), "asking rpm", taken=range(100))
    found = [line.split() for line in said.splitlines() if re.match(r"^\d+ \S+$", line)]
    return sorted({name for installed, name in found if int(installed) > booted()})


def reboots_itself():
    """What reboots this host whenever it likes, and drains nothing; empty: nothing does."""
    if has("apt-config") and has("unattended-upgrade"):
        said = run(["apt-config", "dump", "Unattended-Upgrade::Automatic-Reboot"], "asking apt for its configuration")
        if re.search(r'^Unattended-Upgrade::Automatic-Reboot "(true|1|yes|on)";$', said, re.M | re.I):
            return "unattended-upgrades (Unattended-Upgrade::Automatic-Reboot)"
    if os.path.exists(at("/etc/dnf/automatic.conf")):
        with open(at("/etc/dnf/automatic.conf")) as file:
            if re.search(r"^\s*reboot\s*=\s*when-", file.read(), re.M):
                return "dnf-automatic (reboot in /etc/dnf/automatic.conf)"
    return ""
