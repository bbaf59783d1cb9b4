import { componentVersions } from "../versions";
import {
  WINDOWS_DOWNLOADS,
  type WindowsChecksums,
  type WindowsDownload,
  windowsDownloads,
} from "../windows/downloads";
import { DEFAULTS } from "./defaults";
import type { AwsInput } from "./schema/cluster";

/** What Windows nodes download; the input was checked. */
export function resolveWindowsDownloads(input: AwsInput): WindowsDownload[] {
  const versions = componentVersions(input.kubernetesVersion ?? DEFAULTS.kubernetesVersion, input.versions);
  const given = input.downloads?.windows;
  const checksums = Object.fromEntries(
    WINDOWS_DOWNLOADS.map((name) => {
      const checksum = given?.[name];
      if (checksum === undefined) throw new RangeError("downloads.windows was not checked");
      return [name, checksum];
    }),
  ) as WindowsChecksums;
  return windowsDownloads(versions, checksums, input.downloads?.mirror);
}
