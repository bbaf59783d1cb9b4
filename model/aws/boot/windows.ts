import { createHash } from "node:crypto";
import type { ClusterSettings } from "../../settings/resolved";
import type { AwsPool, AwsSettings } from "../../settings/resolvedAws";
import { windowsBootScript } from "../../windows/boot";

/** Stands for the digest of the script while the digest is not known. */
const UNKNOWN_BOOT = "@BOOT@";

function settingsOf(settings: ClusterSettings): AwsSettings {
  if (settings.aws === undefined) throw new RangeError("user data is for platform aws");
  return settings.aws;
}

/** Names one rendering of a Windows pool's boot, as `poolBoot` does for Linux. */
export function windowsBoot(settings: ClusterSettings, pool: AwsPool): string {
  const script = windowsBootScript(settings, settingsOf(settings), pool, UNKNOWN_BOOT);
  return createHash("sha256").update(script).digest("hex").slice(0, 12);
}

/**
 * User data of a pool's Windows instances, plain text: EC2Launch v2, which is on Amazon's images of Windows Server 2022 and
 * 2025, takes no compression. `persist` runs it at each boot, since a feature of Windows costs a restart (EC2 user guide,
 * "Run commands when you launch an EC2 instance with user data input"). Counts against `USER_DATA_LIMIT` as it stands.
 */
export function windowsUserData(settings: ClusterSettings, pool: AwsPool): string {
  const script = windowsBootScript(settings, settingsOf(settings), pool, windowsBoot(settings, pool));
  return `<powershell>\n${script}</powershell>\n<persist>true</persist>\n`;
}
