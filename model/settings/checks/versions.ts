import {
  DOWNLOAD_NAMES,
  MINORS,
  type SettableVersion,
  VERSION_BOUNDS,
  checksumOf,
  compareVersions,
  downloadVersion,
  isSupportedMinor,
  knownVersions,
  minorNumber,
  minorOf,
} from "../../versions";
import type { Checked } from "../checked";
import type { Problems } from "../problems";

export function validateKubernetesVersion({ settings }: Checked, problems: Problems): void {
  const { kubernetesVersion } = settings;
  if (isSupportedMinor(minorOf(kubernetesVersion) ?? "")) return;
  const supported = Object.keys(MINORS);
  const newest = supported.flatMap((one) => knownVersions().find((known) => minorOf(known) === one) ?? []);
  problems.add(["kubernetesVersion"], kubernetesVersion, "is a minor version this library does not support", {
    allowed: `${supported.join(", ")} (built in: ${newest.join(", ")}; others need downloads.checksums)`,
  });
}

export function validateComponentVersions({ written }: Checked, problems: Problems): void {
  for (const [name, { least, below, why }] of Object.entries(VERSION_BOUNDS)) {
    const version = written.versions?.[name as SettableVersion];
    if (version === undefined) continue;
    const tooOld = compareVersions(version, least) < 0;
    const tooNew = below !== undefined && compareVersions(version, below) >= 0;
    if (!tooOld && !tooNew) continue;
    problems.add(["versions", name], version, `is too ${tooOld ? "old" : "new"}: ${why}`, {
      allowed: below === undefined ? `${least} or newer` : `${least} or newer, below ${below}`,
    });
  }
}

export function validateCrictl({ written, settings }: Checked, problems: Problems): void {
  const crictl = written.versions?.crictl;
  if (crictl === undefined || compareVersions(crictl, VERSION_BOUNDS.crictl.least) < 0) return;
  const skew = Math.abs(Number(crictl.split(".")[1]) - Number(settings.kubernetesVersion.split(".")[1]));
  if (skew <= 1) return;
  const message = `is ${skew} minor versions from Kubernetes ${settings.kubernetesVersion}`;
  problems.add(["versions", "crictl"], crictl, message, {
    allowed: "the same minor version, or the one before or after",
  });
}

/** Nothing is installed without a checksum that is known or given. */
export function validateChecksums({ written, settings }: Checked, problems: Problems): void {
  const { versions, kubernetesVersion, machines, aws } = settings;
  if (!isSupportedMinor(minorOf(kubernetesVersion) ?? "")) return;
  const nodes = [...machines, ...(aws?.pools ?? []).filter(({ platform }) => platform === "linux")];
  const architectures = [...new Set(nodes.map(({ architecture }) => architecture))].sort();
  const missing = new Map<string, string[]>();
  for (const name of DOWNLOAD_NAMES) {
    const version = downloadVersion(name, versions);
    for (const architecture of architectures) {
      const given = written.downloads?.checksums?.[name]?.[architecture];
      if (given !== undefined || checksumOf(name, version, architecture) !== undefined) continue;
      const isKubernetes = version === kubernetesVersion && ["kubeadm", "kubelet", "kubectl"].includes(name);
      const path = isKubernetes ? "kubernetesVersion" : `versions.${name}`;
      missing.set(path, [...(missing.get(path) ?? []), `downloads.checksums.${name}.${architecture}`]);
    }
  }
  for (const [path, keys] of missing) {
    if (problems.has(path.split("."))) continue;
    const name = path.split(".")[1];
    const value = name === undefined ? kubernetesVersion : versions[name as SettableVersion];
    const known = name === undefined ? ` (known: ${knownOf(kubernetesVersion)})` : "";
    problems.add(path.split("."), value, "has no checksum in this library", {
      allowed: `a version from the table${known}, or ${keys.join(", ")}`,
    });
  }
}

/** Versions that a control plane goes through: one of a minor version, before that of the settings, and none without a checksum. */
export function validateHops({ settings }: Checked, problems: Problems): void {
  const { kubernetesVersion, machines, upgrades } = settings;
  const architectures = [
    ...new Set(
      machines.filter(({ role }) => role === "controlPlane").map(({ architecture }) => architecture),
    ),
  ].sort();
  const seen = new Map<string, string>();
  for (const [version, given] of Object.entries(upgrades.through)) {
    const path = ["upgrades", "through", version];
    const minor = minorOf(version) ?? "";
    if (!isSupportedMinor(minor)) {
      problems.add(path, version, "is of a minor version this library does not support", {
        allowed: Object.keys(MINORS).join(", "),
      });
      continue;
    }
    if (minorNumber(version) >= minorNumber(kubernetesVersion)) {
      problems.add(path, version, `is not of a minor version before kubernetesVersion, ${kubernetesVersion}`);
      continue;
    }
    const other = seen.get(minor);
    if (other !== undefined)
      problems.add(path, version, `is of the same minor version as ${other}`, {
        allowed: "one of each minor version",
      });
    seen.set(minor, version);
    const missing = architectures.filter(
      (architecture) => checksumOf("kubeadm", version, architecture, { kubeadm: given }) === undefined,
    );
    if (missing.length > 0)
      problems.add(path, version, "has no checksum of kubeadm in this library", {
        allowed: `a version from the table (known: ${knownOf(version)}), or ${missing.map((one) => `upgrades.through["${version}"].${one}`).join(", ")}`,
      });
  }
}

/** Those of the same minor; of a minor without any, all. */
function knownOf(version: string): string {
  const like = knownVersions().filter((known) => minorOf(known) === minorOf(version));
  return (like.length > 0 ? like : knownVersions()).join(", ");
}
