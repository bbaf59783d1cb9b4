import type { ComponentVersions } from "../settings/resolvedShared";
import {
  WINDOWS_DOWNLOADS,
  type WindowsChecksums,
  type WindowsDownload,
  windowsDownloads,
} from "./downloads";

/** What of `downloads` Windows nodes go by. */
interface WindowsDownloadsInput {
  readonly windows?: Partial<WindowsChecksums>;
  readonly mirror?: string;
}

/** What Windows nodes download; what lacks a checksum is refused by the checks. */
export function resolveWindowsDownloads(
  { windows: given, mirror }: WindowsDownloadsInput,
  versions: ComponentVersions,
): WindowsDownload[] {
  const checksums = Object.fromEntries(
    WINDOWS_DOWNLOADS.map((name) => [name, given?.[name] ?? ""]),
  ) as WindowsChecksums;
  return windowsDownloads(versions, checksums, mirror);
}
