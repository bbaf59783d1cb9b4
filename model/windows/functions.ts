import { ps } from "../core/powershell";

/**
 * Functions of the scripts on a Windows node, for the PowerShell 5.1 that Windows Server has. What `Say` gets is the
 * log; nothing else may write to the pipeline, where it would become part of a function's value.
 */

/** `Say TEXT`: a line of the log. The script has set `$log`. */
export const sayFunction = `function Say([string]$text) {
  "$(Get-Date -Format s) $text" | Out-File -FilePath $log -Append -Encoding ascii
}
`;

/** `Get-Metadata PATH`: what the instance metadata service (version 2 only) says; nothing where it knows no such path. */
export const metadataFunction = `function Get-Metadata([string]$path) {
  $service = 'http://169.254.169.254/latest'
  for ($try = 1; ; $try++) {
    try {
      $token = Invoke-RestMethod -UseBasicParsing -TimeoutSec 5 -Method Put -Uri "$service/api/token" -Headers @{ 'X-aws-ec2-metadata-token-ttl-seconds' = '300' }
      return Invoke-RestMethod -UseBasicParsing -TimeoutSec 5 -Uri "$service/meta-data/$path" -Headers @{ 'X-aws-ec2-metadata-token' = $token }
    } catch {
      $answer = $_.Exception.Response
      if ($answer -and [int]$answer.StatusCode -eq 404) { return }
      if ($try -ge 8) { throw "the metadata service does not answer for \${path}: $_" }
      Start-Sleep -Seconds $try
    }
  }
}
`;

/**
 * `Invoke-Native PROGRAM WORDS`: its output goes to the log, its exit status to `$script:status`; throws unless that is
 * 0. What a program writes to standard error is an error record to PowerShell 5.1, and must not end the script.
 */
export const nativeFunction = `function Invoke-Native([string]$program, [string[]]$words) {
  $ErrorActionPreference = 'Continue'
  & $program $words 2>&1 | ForEach-Object { Say "$_" }
  $script:status = $LASTEXITCODE
  if ($script:status -ne 0) { throw "\${program}: exit status $script:status" }
}
`;

/** `Write-Text PATH TEXT`: UTF-8 without a byte order mark, which Go's readers of YAML and TOML do not expect. */
export const writeFunction = `function Write-Text([string]$path, [string]$text) {
  New-Item -ItemType Directory -Force -Path (Split-Path -Parent $path) | Out-Null
  [IO.File]::WriteAllText($path, $text + "\`n")
}
`;

/** `Protect-Folder PATH`: made, and open to SYSTEM and administrators only, by their SIDs: names are translated. */
export const protectFunction = `function Protect-Folder([string]$path) {
  New-Item -ItemType Directory -Force -Path $path | Out-Null
  Invoke-Native icacls.exe @($path, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/q')
}
`;

/**
 * `Publish STATE EXIT [TAIL]`: says in a parameter of the instance's own how far the boot has come. A standard parameter
 * holds 4096 characters. That nobody could be told must not stop a boot.
 */
export function publishFunction(prefix: string, region: string, boot: string): string {
  return `function Publish([string]$state, [int]$exit, [string[]]$tail) {
  $value = [ordered]@{
    instance = $instance; node = $node; boot = ${ps(boot)}; state = $state; phase = $script:phase
    exit = $exit; time = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
  }
  if ($tail) { $value['tail'] = @($tail) }
  $json = ConvertTo-Json -Compress -InputObject $value
  while ($json.Length -gt 4096) {
    $value['tail'] = @($value['tail'] | Select-Object -Skip 1)
    $json = ConvertTo-Json -Compress -InputObject $value
  }
  try {
    Write-SSMParameter -Name (${ps(`${prefix}/`)} + $instance) -Type String -Value $json -Overwrite $true -Region ${ps(region)} | Out-Null
  } catch {
    Say "the status could not be published: $_"
  }
}
`;
}

/**
 * `Get-Download NAME URL CHECKSUM FROM TO`: fetches an archive, or a program, verifies it, and copies FROM out of it to the
 * folder or file TO. What is there already by that checksum is not fetched again.
 */
export function downloadFunction(folder: string): string {
  return `function Get-Download([string]$name, [string]$url, [string]$checksum, [string]$from, [string]$to) {
  $mark = Join-Path ${ps(folder)} "$name.checksum"
  if ((Test-Path $mark) -and ((Get-Content $mark -TotalCount 1) -eq $checksum)) { return }
  $work = Join-Path ${ps(folder)} $name
  $file = Join-Path $work 'download'
  Remove-Item -Recurse -Force -Path $work -ErrorAction SilentlyContinue
  New-Item -ItemType Directory -Force -Path "$work\\tree" | Out-Null
  Say "downloading $url"
  Invoke-Native curl.exe @('--fail', '--location', '--silent', '--show-error', '--retry', '5', '--connect-timeout', '20', '--output', $file, $url)
  $algorithm = if ($checksum.Length -eq 128) { 'SHA512' } else { 'SHA256' }
  $got = (Get-FileHash -Algorithm $algorithm -Path $file).Hash
  if ($got -ne $checksum) { throw "checksum of \${url}: expected $checksum, got $got" }
  if ($from -eq '') {
    Copy-Item -Force -Path $file -Destination $to
  } else {
    Invoke-Native tar.exe @('-xf', $file, '-C', "$work\\tree")
    Copy-Item -Force -Path "$work\\tree\\$from" -Destination $to
  }
  Set-Content -Path $mark -Value $checksum
  Remove-Item -Recurse -Force -Path $work
}
`;
}
