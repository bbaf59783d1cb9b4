import type { Problems } from "../settings/problems";
import type { Refused } from "../settings/prune";
import type { ComponentVersions } from "../settings/resolvedShared";
import type { AwsSettings } from "../aws/settings";
import { WINDOWS_DOWNLOADS, windowsDownloadVersion, type WindowsChecksums } from "./downloads";
import { windowsPool, WINDOWS_RELEASES, pauseServes } from "./releases";

/** What of the settings Windows nodes are checked against. */
export interface WindowsSurroundings {
  /** Without what was rejected. */
  readonly written: {
    readonly platform?: "machines" | "aws";
    readonly downloads?: { readonly windows?: Partial<WindowsChecksums> };
    readonly proxy?: object;
    readonly versions?: { readonly pause?: string };
  };
  readonly settings: { readonly aws?: Pick<AwsSettings, "pools"> };
  /** Whether something at, above or below one of these places was rejected: nothing is said of it. */
  readonly refused: Refused["touches"];
  /** Undefined: rejected, or not known for this version of Kubernetes. */
  readonly versions?: ComponentVersions | undefined;
}

export function validateWindows(facts: WindowsSurroundings, problems: Problems): void {
  windowsDownloadsFit(facts, problems);
  windowsReleasesFit(facts, problems);
  windowsNodesCanBoot(facts, problems);
}

/** Windows pools' files are verified by checksums that the settings give; where there is no such pool, none are asked for. */
function windowsDownloadsFit(
  { written, settings, versions, refused }: WindowsSurroundings,
  problems: Problems,
): void {
  const given = written.downloads?.windows;
  const pool = windowsPool(settings);
  if (pool === undefined) {
    // On AWS pools come and go, and their checksums may stay.
    if (given === undefined || written.platform === "aws") return;
    problems.add(
      ["downloads", "windows"],
      "checksums",
      "are checksums for Windows nodes, but no pool has them",
      {
        allowed: "a pool with os: windows-2022 or windows-2025, or no downloads.windows",
      },
    );
    return;
  }
  if (versions === undefined) return;
  const missing = WINDOWS_DOWNLOADS.filter(
    (name) => given?.[name] === undefined && !refused(["downloads", "windows", name]),
  );
  if (missing.length === 0) return;
  const named = missing.map((name) => `${name} ${windowsDownloadVersion(name, versions)}`);
  problems.add(
    ["downloads", "windows"],
    given === undefined ? undefined : Object.keys(given).join(", "),
    `lacks the checksums of files that Windows nodes download: ${named.join(", ")}`,
    {
      allowed: `${missing.join(", ")}: the SHA-256 or SHA-512 that upstream publishes (see docs/windows.md)`,
    },
  );
}

/** No pod starts on a Windows node without a pause image of its release. */
function windowsReleasesFit({ written, settings, versions }: WindowsSurroundings, problems: Problems): void {
  const pause = versions?.pause;
  if (pause === undefined) return;
  for (const { name, windows } of settings.aws?.pools ?? []) {
    if (windows === undefined || pauseServes(windows.release, pause)) continue;
    const { release } = windows;
    const least = WINDOWS_RELEASES[release].leastPause;
    problems.add(["workers", name, "os"], `windows-${release}`, `has no image in pause ${pause}`, {
      allowed: `versions.pause: ${least} or newer${written.versions?.pause === undefined ? `, which is Kubernetes 1.36's; or os: windows-2022` : ""}`,
    });
  }
}

/** What the boot of a Windows node does not do yet is said before one is waited for in vain. */
function windowsNodesCanBoot({ written, settings }: WindowsSurroundings, problems: Problems): void {
  const pool = windowsPool(settings);
  if (pool === undefined || written.proxy === undefined) return;
  problems.add(["proxy"], "a proxy", `does not reach Windows nodes (workers.${pool})`, {
    allowed: "no proxy, or no pool of Windows nodes; downloads.mirror and images.mirrors work for them",
  });
}
