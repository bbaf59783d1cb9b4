import type { AwsPool, AwsSettings } from "../settings";
import { windowsBootScript, type WindowsBootSpec } from "../../windows/boot";
import { windowsHostScript, windowsPaths } from "../../windows/paths";
import { UNKNOWN_BOOT, bootDigest, bootSettings } from "./rendering";
import { compressed } from "./compressed";

/** A cluster whose pools may have Windows. */
export type WindowsPools = WindowsBootSpec & { readonly aws?: AwsSettings };

const program = `${windowsPaths.state}\\boot.ps1`;

/** Names one rendering of a Windows pool's boot, as `poolBoot` does for Linux. */
export function windowsBoot(settings: WindowsPools, pool: AwsPool): string {
  return bootDigest(template(settings, pool), pool);
}

/** The script that a pool's Windows instances run, as people read it. */
export function windowsScript(settings: WindowsPools, pool: AwsPool): string {
  return template(settings, pool).replaceAll(UNKNOWN_BOOT, windowsBoot(settings, pool));
}

function template(settings: WindowsPools, pool: AwsPool): string {
  return windowsBootScript(settings, bootSettings(settings), pool, UNKNOWN_BOOT);
}

/**
 * User data of a pool's Windows instances, plain text around the packed script. EC2Launch v2, which is on Amazon's images of
 * Windows Server 2022 and 2025, unpacks nothing by itself, so PowerShell does, and starts the script in a separate process. `persist` runs it at each boot, since a feature of Windows costs a restart (EC2 user guide, "Run commands
 * when you launch an EC2 instance with user data input").
 */
export function windowsUserData(settings: WindowsPools, pool: AwsPool): string {
  const packed = compressed(windowsScript(settings, pool)).toString("base64");
  return `<powershell>\n${windowsHostScript("user-data", { packed, program })}</powershell>\n<persist>true</persist>\n`;
}
