# Functions of the scripts on a Windows node, for the PowerShell 5.1 that Windows Server has. What `Say` gets is the log; nothing
# else may write to the pipeline, where it would become part of a function's value.

# Say TEXT: a line of the log.
function Say([string]$text) {
  "$(Get-Date -Format s) $text" | Out-File -FilePath $log -Append -Encoding ascii
}
# Get-Metadata PATH: what the instance metadata service (version 2 only) says; nothing where it knows no such path.
function Get-Metadata([string]$path) {
  $service = 'http://169.254.169.254/latest'
  for ($try = 1; ; $try++) {
    try {
      $token = Invoke-RestMethod -UseBasicParsing -TimeoutSec 5 -Method Put -Uri "$service/api/token" -Headers @{ 'X-aws-ec2-metadata-token-ttl-seconds' = '300' }
      return Invoke-RestMethod -UseBasicParsing -TimeoutSec 5 -Uri "$service/meta-data/$path" -Headers @{ 'X-aws-ec2-metadata-token' = $token }
    } catch {
      $answer = $_.Exception.Response
      if ($answer -and [int]$answer.StatusCode -eq 404) { return }
      if ($try -ge 8) { throw "the metadata service does not answer for ${path}: $_" }
      Start-Sleep -Seconds $try
    }
  }
}
# Write-Text PATH TEXT: UTF-8 without a byte order mark, which Go's readers of YAML and TOML do not expect.
function Write-Text([string]$path, [string]$text) {
  New-Item -ItemType Directory -Force -Path (Split-Path -Parent $path) | Out-Null
  [IO.File]::WriteAllText($path, $text + "`n")
}
