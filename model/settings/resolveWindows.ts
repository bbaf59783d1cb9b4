import {
  WINDOWS_DOWNLOADS,
  type WindowsChecksums,
  type WindowsDownload,
  windowsDownloads,
} from "../windows/downloads";
import type { ComponentVersions } from "./resolvedShared";
import type { AwsInput } from "./schema/cluster";

/** What Windows nodes download; what lacks a checksum is refused by the checks. */
export function resolveWindowsDownloads(input: AwsInput, versions: ComponentVersions): WindowsDownload[] {
  const given = input.downloads?.windows;
  const checksums = Object.fromEntries(
    WINDOWS_DOWNLOADS.map((name) => [name, given?.[name] ?? ""]),
  ) as WindowsChecksums;
  return windowsDownloads(versions, checksums, input.downloads?.mirror);
}
