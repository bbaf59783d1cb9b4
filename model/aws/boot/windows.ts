import type { AwsPool, AwsSettings } from "../../settings/resolvedAws";
import { windowsBootScript, type WindowsBootSpec } from "../../windows/boot";
import { windowsPaths } from "../../windows/paths";
import { ps, psText } from "../../core/powershell";
import { UNKNOWN_BOOT, bootDigest, bootSettings, withBootDigest } from "./rendering";
import { compressed } from "./compressed";

/** A cluster whose pools may have Windows. */
export type WindowsPools = WindowsBootSpec & { readonly aws?: AwsSettings };

/** Characters in a line of base64, as MIME has it. */
const LINE = 76;

const program = `${windowsPaths.state}\\boot.ps1`;

/** Names one rendering of a Windows pool's boot, as `poolBoot` does for Linux. */
export function windowsBoot(settings: WindowsPools, pool: AwsPool): string {
  return bootDigest(template(settings, pool));
}

/** The script that a pool's Windows instances run, as people read it. */
export function windowsScript(settings: WindowsPools, pool: AwsPool): string {
  return withBootDigest(template(settings, pool));
}

function template(settings: WindowsPools, pool: AwsPool): string {
  return windowsBootScript(settings, bootSettings(settings), pool, UNKNOWN_BOOT);
}

/**
 * User data of a pool's Windows instances, plain text around the packed script. EC2Launch v2, which is on Amazon's images of
 * Windows Server 2022 and 2025, unpacks nothing by itself, so PowerShell does, and starts the script in a process of
 * its own. `persist` runs it at each boot, since a feature of Windows costs a restart (EC2 user guide, "Run commands
 * when you launch an EC2 instance with user data input").
 */
export function windowsUserData(settings: WindowsPools, pool: AwsPool): string {
  const base64 = compressed(windowsScript(settings, pool)).toString("base64");
  const lines = base64.match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return `<powershell>
# Node of pool ${pool.name} of cluster ${settings.name}: unpacks ${program}, and runs it.
$ErrorActionPreference = 'Stop'
$packed = [Convert]::FromBase64String(${psText(lines.join("\n"))})
$memory = New-Object IO.MemoryStream -ArgumentList @(, $packed)
$stream = New-Object IO.Compression.GZipStream -ArgumentList @($memory, [IO.Compression.CompressionMode]::Decompress)
$script = (New-Object IO.StreamReader -ArgumentList @($stream, [Text.Encoding]::UTF8)).ReadToEnd()
New-Item -ItemType Directory -Force -Path ${ps(windowsPaths.state)} | Out-Null
[IO.File]::WriteAllText(${ps(program)}, $script, [Text.Encoding]::UTF8)
& powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File ${ps(program)}
</powershell>
<persist>true</persist>
`;
}
