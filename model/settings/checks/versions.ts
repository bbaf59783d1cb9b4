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
  minorOf,
} from "../../versions";
import type { Facts } from "../draft";
import type { Problems } from "../problems";

export function validateKubernetesVersion({ kubernetesVersion }: Facts, problems: Problems): void {
  const minor = kubernetesVersion === undefined ? undefined : minorOf(kubernetesVersion);
  if (minor === undefined || isSupportedMinor(minor)) return;
  const supported = Object.keys(MINORS);
  const newest = supported.flatMap((one) => knownVersions().find((known) => minorOf(known) === one) ?? []);
  problems.add(
    ["kubernetesVersion"],
    kubernetesVersion,
    "is of a minor version this library does not build",
    {
      allowed: `${supported.join(", ")} (as they are: ${newest.join(", ")}; others with downloads.checksums)`,
    },
  );
}

export function validateComponentVersions(facts: Facts, problems: Problems): void {
  const given = facts.input.versions ?? {};
  for (const name of Object.keys(VERSION_BOUNDS) as SettableVersion[]) {
    const version = given[name];
    if (version === undefined) continue;
    const { least, below, why } = VERSION_BOUNDS[name];
    const tooOld = compareVersions(version, least) < 0;
    const tooNew = below !== undefined && compareVersions(version, below) >= 0;
    if (!tooOld && !tooNew) continue;
    problems.add(["versions", name], version, `is too ${tooOld ? "old" : "new"}: ${why}`, {
      allowed: below === undefined ? `${least} or newer` : `${least} or newer, below ${below}`,
    });
  }
  const { kubernetesVersion } = facts;
  const crictl = given.crictl;
  if (crictl === undefined || kubernetesVersion === undefined) return;
  const skew = Number(crictl.split(".")[1]) - Number(kubernetesVersion.split(".")[1]);
  if (compareVersions(crictl, VERSION_BOUNDS.crictl.least) < 0 || Math.abs(skew) <= 1) return;
  problems.add(
    ["versions", "crictl"],
    crictl,
    `is ${Math.abs(skew)} minor versions from Kubernetes ${kubernetesVersion}`,
    {
      allowed: "the same minor version, or the one before or after",
    },
  );
}

/** Nothing is installed without a checksum that is known or given. */
export function validateChecksums(facts: Facts, problems: Problems): void {
  const { versions, input, kubernetesVersion } = facts;
  const nodes = [...facts.machines, ...(facts.awsFacts?.pools ?? []).filter((pool) => !pool.windows)];
  if (versions === undefined || ("downloads" in input && input.downloads === undefined)) return;
  const given = input.downloads?.checksums;
  const architectures = [...new Set(nodes.flatMap((node) => node.architecture ?? []))].sort();
  const missing = new Map<string, string[]>();
  for (const name of DOWNLOAD_NAMES) {
    const version = downloadVersion(name, versions);
    if (version === undefined) continue;
    for (const architecture of architectures) {
      const wasRefused = given?.[name] !== undefined && architecture in (given[name] ?? {});
      if (wasRefused || checksumOf(name, version, architecture) !== undefined) continue;
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
    problems.add(path.split("."), value, "has no checksum here", {
      allowed: `a version from the table${known}, or ${keys.join(", ")}`,
    });
  }
}

/** Those of the same minor; of a minor without any, all. */
function knownOf(version: string | undefined): string {
  const minor = minorOf(version ?? "");
  const like = knownVersions().filter((known) => minorOf(known) === minor);
  return (like.length > 0 ? like : knownVersions()).join(", ");
}
