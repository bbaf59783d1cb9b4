import type { Taint } from "../settings/resolved";
import type { AwsSettings } from "../aws/settings";
import { compareVersions } from "../versions";

/** Windows Server's releases that pools can be of; both have containerd's and the kubelet's needs. */
export type WindowsRelease = "2022" | "2025";

export interface WindowsReleaseData {
  /** What kubelets put into the label `node.kubernetes.io/windows-build`, and pods' images have to match. */
  readonly build: string;
  /** First tag of `pause` that has an image for this release: without one no pod starts. */
  readonly leastPause: string;
}

/**
 * Builds: Microsoft, "Windows Server release information". Pause: kubernetes/kubernetes build/pause/CHANGELOG.md (3.6 for
 * Windows Server 2022; 3.10.2 for 2025, pull requests 136960 and 138195).
 */
export const WINDOWS_RELEASES: Record<WindowsRelease, WindowsReleaseData> = {
  "2022": { build: "10.0.20348", leastPause: "3.6" },
  "2025": { build: "10.0.26100", leastPause: "3.10.2" },
};

/** Whether the pause image of that tag has one for the release. */
export function pauseServes(release: WindowsRelease, pause: string): boolean {
  return compareVersions(pause, WINDOWS_RELEASES[release].leastPause) >= 0;
}

/**
 * A pod without a node selector goes to any node, and its image is nearly always Linux': so Windows nodes keep pods away
 * that do not say that they are meant (Kubernetes documentation, "Guide for scheduling Windows containers").
 */
export const WINDOWS_TAINT: Taint = { key: "os", value: "windows", effect: "NoSchedule" };

/** Name of the first pool of Windows nodes. */
export function windowsPool({ aws }: { readonly aws?: Pick<AwsSettings, "pools"> }): string | undefined {
  return aws?.pools.find((pool) => pool.windows !== undefined)?.name;
}

/** Releases in use, in order; none where there are no Windows pools. */
export function windowsReleases({ aws }: { readonly aws?: AwsSettings }): WindowsRelease[] {
  const pools = aws?.pools ?? [];
  const found = pools.flatMap((pool) => (pool.windows === undefined ? [] : [pool.windows.release]));
  return [...new Set(found)].sort();
}
