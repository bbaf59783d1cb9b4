import { WINDOWS_DOWNLOADS, windowsDownloadVersion } from "../../windows/downloads";
import { WINDOWS_RELEASES, pauseServes } from "../../windows/releases";
import type { AwsPoolFacts } from "../awsFacts";
import type { Facts } from "../draft";
import type { Problems } from "../problems";

/** Windows pools' files are verified by checksums that the settings give; where there is no such pool, none are asked for. */
export function windowsDownloadsFit(facts: Facts, problems: Problems): void {
  const { input, versions } = facts;
  if ("downloads" in input && input.downloads === undefined) return;
  const given = input.downloads?.windows;
  const pool = windowsPools(facts)[0];
  if (pool === undefined) {
    // On AWS pools come and go, and their checksums may stay.
    if (given === undefined || facts.aws !== undefined) return;
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
  if (versions === undefined || (given === undefined && "windows" in (input.downloads ?? {}))) return;
  const missing = WINDOWS_DOWNLOADS.filter((name) => given === undefined || !(name in given));
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
export function windowsReleasesFit(facts: Facts, problems: Problems): void {
  const pause = facts.versions?.pause;
  if (pause === undefined) return;
  for (const { input, path } of windowsPools(facts)) {
    const release = input.os === "windows-2025" ? "2025" : "2022";
    if (pauseServes(release, pause)) continue;
    const least = WINDOWS_RELEASES[release].leastPause;
    problems.add([...path, "os"], input.os, `has no image in pause ${pause}`, {
      allowed: `versions.pause: ${least} or newer${facts.input.versions?.pause === undefined ? `, which is Kubernetes 1.36's; or os: windows-2022` : ""}`,
    });
  }
}

/** What the boot of a Windows node does not do yet is said before one is waited for in vain. */
export function windowsNodesCanBoot(facts: Facts, problems: Problems): void {
  const pool = windowsPools(facts)[0];
  if (pool === undefined || facts.input.proxy === undefined) return;
  problems.add(["proxy"], "a proxy", `does not reach Windows nodes (${pool.path.join(".")})`, {
    allowed: "no proxy, or no pool of Windows nodes; downloads.mirror and images.mirrors work for them",
  });
}

function windowsPools({ awsFacts }: Facts): readonly AwsPoolFacts[] {
  return (awsFacts?.pools ?? []).filter((pool) => pool.windows);
}
