import { CHECKSUMS } from "./checksums";
import type { Architecture, ComponentVersions, Download, DownloadName, GivenHops } from "./settings/resolved";

/** Kubernetes minor versions this library builds; the checksums of 1.37's files are for the settings to give. */
export type Minor = "1.34" | "1.35" | "1.36" | "1.37";

export interface MinorData {
  readonly pause: string;
  readonly etcd: string;
  readonly crictl: string;
}

/**
 * What goes with a Kubernetes minor. Sources: kubeadm's own constants (cmd/kubeadm/app/constants/constants.go:
 * PauseVersion, DefaultEtcdVersion) at the tag named; crictl: cri-tools README, "Compatibility matrix" (same minor).
 */
export const MINORS: Record<Minor, MinorData> = {
  // v1.37.1, which takes crictl of the minor before (skew of one)
  "1.37": { pause: "3.10.2", etcd: "3.7.0-0", crictl: "1.36.0" },
  // v1.36.4
  "1.36": { pause: "3.10.2", etcd: "3.6.8-0", crictl: "1.36.0" },
  // v1.35.8
  "1.35": { pause: "3.10.1", etcd: "3.6.6-0", crictl: "1.35.0" },
  // v1.34.4
  "1.34": { pause: "3.10.1", etcd: "3.6.5-0", crictl: "1.34.0" },
};

export const DEFAULT_KUBERNETES_VERSION = "1.36.4";

/** Versions that do not follow the Kubernetes minor. */
export const COMPONENTS = {
  // kubespray README at 46dbdd39; containerd 2.x reads configuration version 3.
  containerd: "2.3.4",
  // kubespray checksums.yml at 46dbdd39.
  runc: "1.4.3",
  // kubespray checksums.yml at 46dbdd39.
  cniPlugins: "1.9.1",
  // kubeadm v1.36.4 constants.go, CoreDNSVersion; serves 1.34 and 1.35 as well.
  coredns: "v1.14.2",
  // flannel v0.28.9, Documentation/kube-flannel.yml.
  flannel: "v0.28.9",
  flannelCniPlugin: "v1.9.1-flannel3",
} as const;

export type SettableVersion = Exclude<keyof ComponentVersions, "kubernetes">;

/** What of each component this library can work with, and why; `below` is the first version too new. */
export const VERSION_BOUNDS: Record<
  SettableVersion,
  { readonly least: string; readonly below?: string; readonly why: string }
> = {
  // containerd docs/cri/config.md: version 3 of the configuration came with 2.0; Kubernetes 1.36 drops containerd 1.x.
  containerd: {
    least: "2.0.0",
    below: "3.0.0",
    why: "the library writes version 3 of containerd's configuration, which needs containerd 2",
  },
  // containerd 2.x script/setup/runc-version.
  runc: { least: "1.2.0", below: "2.0.0", why: "containerd 2.x is tested with runc 1.2 and newer" },
  // containernetworking/plugins v1.0.0 supports CNI 1.0.
  cniPlugins: { least: "1.0.0", below: "2.0.0", why: "containerd 2.x speaks CNI 1.0" },
  crictl: { least: "1.33.0", why: "older crictl is outside the skew of Kubernetes 1.34" },
  pause: { least: "3.10", why: "the kubelets of 1.34 to 1.37 are released with pause 3.10" },
  // kubeadm v1.36.4 constants.go, MinExternalEtcdVersion.
  etcd: {
    least: "3.5.24-0",
    below: "3.8.0",
    why: "kubeadm takes etcd 3.5.24 and newer, and 3.7 is the newest it comes with",
  },
  coredns: { least: "v1.11.0", below: "v2.0.0", why: "the Corefile uses plugins of 1.11 and newer" },
  // flannel v0.26 release notes: nftables mode.
  flannel: { least: "v0.26.0", below: "v1.0.0", why: "older flannel has no nftables mode" },
  flannelCniPlugin: { least: "v1.5.0", below: "v2.0.0", why: "older plugins do not speak CNI 1.0" },
};

const SEMVER = /^(\d+)\.(\d+)\.(\d+)$/;

/** `1.36` of `1.36.4`; undefined when the version is not x.y.z. */
export function minorOf(version: string): string | undefined {
  const match = SEMVER.exec(version);
  return match ? `${match[1]}.${match[2]}` : undefined;
}

export function isSupportedMinor(minor: string): minor is Minor {
  return Object.hasOwn(MINORS, minor);
}

/** Kubernetes versions whose checksums are known, newest first. */
export function knownVersions(): string[] {
  return Object.keys(CHECKSUMS.kubeadm).sort((a, b) => compareVersions(b, a));
}

/** Orders versions by their numbers, taking `v1.14.2`, `3.6.8-0` and `3.10` too. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) =>
    text
      .split(/[^0-9]+/)
      .filter(Boolean)
      .map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/** Every version of a cluster; `minor` of `kubernetes` must be supported. */
export function componentVersions(
  kubernetes: string,
  overrides: Readonly<Partial<Record<SettableVersion, string>>> = {},
): ComponentVersions {
  const minor = minorOf(kubernetes);
  if (minor === undefined || !isSupportedMinor(minor))
    throw new RangeError(`no table row for Kubernetes ${kubernetes}`);
  const given = Object.fromEntries(Object.entries(overrides).filter(([, version]) => version !== undefined));
  return { kubernetes, ...COMPONENTS, ...MINORS[minor], ...given };
}

/** Minor versions by which a kubelet may be older than an API server (Kubernetes, "Version Skew Policy"). */
export const KUBELET_SKEW = 3;

/** 36 of 1.36.4. */
export const minorNumber = (version: string): number => Number(version.split(".")[1]);

/**
 * Why a living node cannot go from one version to another, or undefined. Where it is more than one minor version, the control plane goes
 * through those between (`hopsBetween`); a kubelet goes there at once.
 * Source: Kubernetes "Version Skew Policy" and "Upgrading kubeadm clusters": one minor at a time, never back.
 */
export function upgradeProblem(from: string, to: string): string | undefined {
  if (minorOf(from) === undefined || minorOf(to) === undefined) return `cannot compare ${from} with ${to}`;
  if (compareVersions(to, from) < 0) return `a cluster of ${from} cannot go back to ${to}`;
  if (minorNumber(to) - minorNumber(from) > KUBELET_SKEW)
    return `a node of ${from} goes to 1.${minorNumber(from) + KUBELET_SKEW} before ${to}: a kubelet may be ${KUBELET_SKEW} minor versions older than the API server`;
  return undefined;
}

/** A version that the control plane of a cluster goes through, and kubeadm of it, by architecture. */
export interface Hop {
  /** x.y.z. */
  readonly version: string;
  readonly kubeadm: Readonly<
    Partial<
      Record<
        Architecture,
        {
          /** Upstream's host and path. */
          readonly path: string;
          /** In 64 hexadecimal digits. */
          readonly sha256: string;
        }
      >
    >
  >;
}

/**
 * What a control plane may go through on its way to a version, the oldest first: of each minor version before it the one that is given, else
 * the newest patch whose checksums are known. A minor version without one is left out: a cluster that needs it is refused.
 */
export function hopsTo(to: string, given: GivenHops = {}): Hop[] {
  const candidates = [...Object.keys(given), ...knownVersions()];
  return Object.keys(MINORS)
    .filter((minor) => Number(minor.split(".")[1]) < minorNumber(to))
    .sort(compareVersions)
    .flatMap((minor) => {
      const version = candidates.find((one) => minorOf(one) === minor);
      if (version === undefined) return [];
      const files = (["amd64", "arm64"] as const).flatMap((architecture) => {
        const sha256 = checksumOf("kubeadm", version, architecture, { kubeadm: given[version] });
        const path = UPSTREAM.kubeadm.at(version, architecture);
        return sha256 === undefined ? [] : [[architecture, { path, sha256 }] as const];
      });
      return [{ version, kubeadm: Object.fromEntries(files) }];
    });
}

/**
 * The hops of a control plane from one version to another, in order; none where kubeadm goes there at once.
 * @returns otherwise, which version is missing
 */
export function hopsBetween(from: string, to: string, hops: readonly Hop[]): readonly Hop[] | string {
  const between = Array.from(
    { length: Math.max(0, minorNumber(to) - minorNumber(from) - 1) },
    (_, index) => `1.${minorNumber(from) + index + 1}`,
  );
  const found = between.map((minor) => hops.find(({ version }) => minorOf(version) === minor));
  const missing = between.filter((_, index) => found[index] === undefined);
  if (missing.length > 0)
    return (
      `a cluster of ${from} goes through ${between.join(" and ")} to ${to}, and this library knows no version of ${missing.join(" and ")}. ` +
      "Name one with its checksums in upgrades.through"
    );
  return found.filter((hop) => hop !== undefined);
}

export const DOWNLOAD_NAMES = [
  "kubeadm",
  "kubelet",
  "kubectl",
  "containerd",
  "runc",
  "cniPlugins",
  "crictl",
] as const satisfies readonly DownloadName[];

/** Which of the versions names the file, and host and path it has upstream. */
const UPSTREAM: Record<
  DownloadName,
  {
    readonly version: keyof ComponentVersions;
    readonly at: (version: string, architecture: Architecture) => string;
  }
> = {
  kubeadm: { version: "kubernetes", at: (v, a) => `dl.k8s.io/v${v}/bin/linux/${a}/kubeadm` },
  kubelet: { version: "kubernetes", at: (v, a) => `dl.k8s.io/v${v}/bin/linux/${a}/kubelet` },
  kubectl: { version: "kubernetes", at: (v, a) => `dl.k8s.io/v${v}/bin/linux/${a}/kubectl` },
  containerd: {
    version: "containerd",
    at: (v, a) =>
      `github.com/containerd/containerd/releases/download/v${v}/containerd-${v}-linux-${a}.tar.gz`,
  },
  runc: { version: "runc", at: (v, a) => `github.com/opencontainers/runc/releases/download/v${v}/runc.${a}` },
  cniPlugins: {
    version: "cniPlugins",
    at: (v, a) =>
      `github.com/containernetworking/plugins/releases/download/v${v}/cni-plugins-linux-${a}-v${v}.tgz`,
  },
  crictl: {
    version: "crictl",
    at: (v, a) =>
      `github.com/kubernetes-sigs/cri-tools/releases/download/v${v}/crictl-v${v}-linux-${a}.tar.gz`,
  },
};

export type GivenChecksums = Readonly<Partial<Record<DownloadName, GivenHops[string] | undefined>>>;

/** The version of one file, from the versions of a cluster. */
export function downloadVersion(name: DownloadName, versions: ComponentVersions): string {
  return versions[UPSTREAM[name].version];
}

/** The checksum given, else the table's, else undefined. */
export function checksumOf(
  name: DownloadName,
  version: string,
  architecture: Architecture,
  given: GivenChecksums = {},
): string | undefined {
  return given[name]?.[architecture] ?? CHECKSUMS[name][version]?.[architecture];
}

/** What comes before a file's host and path. */
export function downloadsFrom(mirror: string | undefined): string {
  return mirror === undefined ? "https://" : `${mirror.replace(/\/+$/, "")}/`;
}

/**
 * Every file a host of this architecture downloads. One whose checksum is neither given nor known is left out: settings are refused for
 * it.
 */
export function downloads(
  versions: ComponentVersions,
  architecture: Architecture,
  options: { readonly mirror?: string; readonly checksums?: GivenChecksums } = {},
): Download[] {
  return DOWNLOAD_NAMES.flatMap((name) => {
    const version = downloadVersion(name, versions);
    const sha256 = checksumOf(name, version, architecture, options.checksums);
    if (sha256 === undefined) return [];
    const path = UPSTREAM[name].at(version, architecture);
    return [{ name, version, url: `${downloadsFrom(options.mirror)}${path}`, sha256 }];
  });
}
