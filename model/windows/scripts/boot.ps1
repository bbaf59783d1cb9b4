# Uses: windows/scripts/functions.ps1
# Variables: pool boot group launchHook joinTimeout joinParameter statusPrefix region sourceCheckOff
# Variables: hostsLines openPorts downloads containerdFiles kubeletCommand kubeletPatch joinDocument
# Variables: nodeToken addressToken providerToken endpointHost endpointPort
# Variables: lifecycle lifecycleProgram
# Variables: stateFolder binFolder containerdFolder cniBinFolder kubernetesFolder configFolder logsFolder criSocket

# Makes this instance a node of its pool; runs at each boot.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$joinedMark = "$stateFolder\joined"
if (Test-Path $joinedMark) { exit 0 }
$log = "$stateFolder\boot.log"
$downloadsFolder = "$stateFolder\downloads"
$phase = 'start'
$status = 0
$instance = $node = ''
New-Item -ItemType Directory -Force -Path $stateFolder, $downloadsFolder, $logsFolder | Out-Null
# Invoke-Native PROGRAM WORDS: its output goes to the log, its exit status to $status; throws unless that is 0. What a program
# writes to standard error is an error record to PowerShell 5.1, and must not end the script.
function Invoke-Native([string]$program, [string[]]$words) {
  $ErrorActionPreference = 'Continue'
  & $program $words 2>&1 | ForEach-Object { Say "$_" }
  $script:status = $LASTEXITCODE
  if ($script:status -ne 0) { throw "${program}: exit status $script:status" }
}
# Protect-Folder PATH: made, and open to SYSTEM and administrators only, by their SIDs: names are translated.
function Protect-Folder([string]$path) {
  New-Item -ItemType Directory -Force -Path $path | Out-Null
  Invoke-Native icacls.exe @($path, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/q')
}
# Publish STATE EXIT [TAIL]: says in a parameter of the instance's own how far the boot has come. A standard parameter holds 4096
# characters. That nobody could be told must not stop a boot.
function Publish([string]$state, [int]$exit, [string[]]$tail) {
  $value = [ordered]@{
    instance = $instance; node = $node; boot = $boot; state = $state; phase = $script:phase
    exit = $exit; time = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
  }
  if ($tail) { $value['tail'] = @($tail) }
  $json = ConvertTo-Json -Compress -InputObject $value
  while ($json.Length -gt 4096) {
    $value['tail'] = @($value['tail'] | Select-Object -Skip 1)
    $json = ConvertTo-Json -Compress -InputObject $value
  }
  try {
    Write-SSMParameter -Name ("$statusPrefix/" + $instance) -Type String -Value $json -Overwrite $true -Region $region | Out-Null
  } catch {
    Say "the status could not be published: $_"
  }
}
# Get-Download NAME URL CHECKSUM FROM TO: fetches an archive, or a program, verifies it, and copies FROM out of it to the folder or
# file TO; "" takes the file itself. What is there already by that checksum is not fetched again.
function Get-Download([string]$name, [string]$url, [string]$checksum, [string]$from, [string]$to) {
  $mark = Join-Path $downloadsFolder "$name.checksum"
  if ((Test-Path $mark) -and ((Get-Content $mark -TotalCount 1) -eq $checksum)) { return }
  $work = Join-Path $downloadsFolder $name
  $file = Join-Path $work 'download'
  Remove-Item -Recurse -Force -Path $work -ErrorAction SilentlyContinue
  New-Item -ItemType Directory -Force -Path "$work\tree" | Out-Null
  Say "downloading $url"
  Invoke-Native curl.exe @('--fail', '--location', '--silent', '--show-error', '--retry', '5', '--connect-timeout', '20', '--output', $file, $url)
  $algorithm = if ($checksum.Length -eq 128) { 'SHA512' } else { 'SHA256' }
  $got = (Get-FileHash -Algorithm $algorithm -Path $file).Hash
  if ($got -ne $checksum) { throw "checksum of ${url}: expected $checksum, got $got" }
  if ($from -eq '') {
    Copy-Item -Force -Path $file -Destination $to
  } else {
    Invoke-Native tar.exe @('-xf', $file, '-C', "$work\tree")
    Copy-Item -Force -Path "$work\tree\$from" -Destination $to
  }
  Set-Content -Path $mark -Value $checksum
  Remove-Item -Recurse -Force -Path $work
}
function Start-Phase([string]$name) {
  $script:phase = $name
  $script:status = 0
  Say "##phase $name"
  Publish 'running' 0
  Send-Heartbeat
}
# While the boot goes on the group keeps the instance; one that is not a node in time is ended, and another started.
function Send-Heartbeat {
  try {
    if ([Environment]::TickCount / 1000 -lt $joinTimeout) {
      Write-ASLifecycleActionHeartbeat -AutoScalingGroupName $group -LifecycleHookName $launchHook -InstanceId $instance -Region $region | Out-Null
    }
  } catch {
    Say "heartbeat: $_"
  }
}
function Expand-Token([string]$text) {
  $text.Replace($nodeToken, $node).Replace($addressToken, $address).Replace($providerToken, "$zone/$instance")
}
# Whether it is one, and good for five minutes more.
function Test-Credential([string]$text) {
  if ($text -notmatch 'client-certificate-data: *([A-Za-z0-9+/=]+)') { return $false }
  try {
    $bytes = [Convert]::FromBase64String($Matches[1])
    $certificate = New-Object Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(, $bytes)
    $certificate.NotAfter -gt (Get-Date).AddSeconds(300)
  } catch {
    $false
  }
}
function Join-Cluster {
  Say '##phase instance'
  $script:phase = 'instance'
  $script:status = 0
  $script:instance = [string](Get-Metadata 'instance-id')
  $script:zone = [string](Get-Metadata 'placement/availability-zone')
  $script:address = [string](Get-Metadata 'local-ipv4')
  $script:node = ([string](Get-Metadata 'local-hostname')).Split(' ')[0]
  foreach ($command in @('Get-SSMParameter', 'Write-SSMParameter')) {
    if (-not (Get-Command $command -ErrorAction SilentlyContinue)) { throw "$command is missing: the image has no AWS Tools for PowerShell" }
  }
  foreach ($folder in @($stateFolder, $binFolder, 'C:\opt', 'C:\etc', 'C:\var\lib\kubelet\pki')) { Protect-Folder $folder }
  if ($sourceCheckOff) { Edit-EC2InstanceAttribute -InstanceId $instance -SourceDestCheck $false -Region $region }
  $hosts = 'C:\Windows\System32\drivers\etc\hosts'
  $kept = @(Get-Content $hosts | Where-Object { $_ -notmatch '# pulumi-kubeadm$' })
  Set-Content -Path $hosts -Encoding ascii -Value ($kept + $hostsLines)
  foreach ($open in $openPorts) {
    $protocol, $number = $open.Split(' ')
    $name = "pulumi-kubeadm-$($protocol.ToLowerInvariant())-$number"
    if (-not (Get-NetFirewallRule -Name $name -ErrorAction SilentlyContinue)) {
      New-NetFirewallRule -Name $name -DisplayName $name -Direction Inbound -Action Allow -Protocol $protocol -LocalPort $number | Out-Null
    }
  }

  Start-Phase 'features'
  if ((Get-WindowsFeature -Name Containers).InstallState -ne 'Installed') {
    $counter = "$stateFolder\restarts"
    # After so many restarts for the feature something else must be wrong.
    $restarts = if (Test-Path $counter) { [int](Get-Content $counter -TotalCount 1) } else { 0 }
    if ($restarts -ge 3) { throw "the Containers feature is not there after $restarts restarts" }
    Set-Content -Path $counter -Value ($restarts + 1)
    Install-WindowsFeature -Name Containers | Out-Null
    Say 'restarting for the Containers feature'
    Restart-Computer -Force
    exit 0
  }

  Start-Phase 'downloads'
  New-Item -ItemType Directory -Force -Path $containerdFolder, $cniBinFolder | Out-Null
  foreach ($download in $downloads) {
    $name, $url, $checksum, $from, $to = $download.Split('|')
    Get-Download $name $url $checksum $from $to
  }
  $path = [Environment]::GetEnvironmentVariable('Path', 'Machine')
  foreach ($folder in @($binFolder, $containerdFolder)) {
    if ($path.Split(';') -notcontains $folder) { $path = "$path;$folder" }
  }
  [Environment]::SetEnvironmentVariable('Path', $path, 'Machine')
  [Environment]::SetEnvironmentVariable('CONTAINER_RUNTIME_ENDPOINT', $criSocket, 'Machine')
  $env:Path = $path

  Start-Phase 'containerd'
  for ($i = 0; $i -lt $containerdFiles.Count; $i += 2) { Write-Text $containerdFiles[$i] $containerdFiles[$i + 1] }
  if (-not (Get-Service -Name containerd -ErrorAction SilentlyContinue)) {
    Invoke-Native "$containerdFolder\containerd.exe" @('--register-service', '--log-file', "$logsFolder\containerd.log")
  }
  Restart-Service -Name containerd -Force
  for ($try = 1; -not (Test-Path '//./pipe/containerd-containerd'); $try++) {
    if ($try -gt 30) { throw "containerd does not answer: see $logsFolder\containerd.log" }
    Start-Sleep -Seconds 1
  }

  Start-Phase 'kubelet'
  $command = Expand-Token $kubeletCommand
  if (Get-Service -Name kubelet -ErrorAction SilentlyContinue) {
    Set-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\kubelet' -Name ImagePath -Value $command
  } else {
    New-Service -Name kubelet -BinaryPathName $command -StartupType Automatic -DependsOn containerd | Out-Null
  }
  Invoke-Native sc.exe @('failure', 'kubelet', 'reset=', '0', 'actions=', 'restart/10000')
  New-Item -ItemType Directory -Force -Path "$kubernetesFolder\manifests", "$kubernetesFolder\pki" | Out-Null
  Write-Text "$configFolder\patches\kubeletconfiguration0+merge.yaml" (Expand-Token $kubeletPatch)
  Write-Text "$configFolder\join.yaml" (Expand-Token $joinDocument)

  if (-not (Test-Path "$kubernetesFolder\kubelet.conf")) {
    Start-Phase 'credential'
    if ((Test-Path "$kubernetesFolder\bootstrap-kubelet.conf") -or (Test-Path "$kubernetesFolder\pki\ca.crt")) {
      Invoke-Native "$binFolder\kubeadm.exe" @('reset', '--force', '--cri-socket', $criSocket)
    }
    $until = (Get-Date).AddSeconds($joinTimeout)
    $credential = ''
    while (-not (Test-Credential $credential)) {
      if ((Get-Date) -gt $until) { throw "no join credential of pool $pool that is still good within $joinTimeout s: do the control-plane nodes run, and their pulumi-kubeadm-pool-credentials.timer?" }
      try {
        $credential = (Get-SSMParameter -Name $joinParameter -WithDecryption $true -Region $region).Value
      } catch {
        Say "no credential: $_"
      }
      if (-not (Test-Credential $credential)) { Start-Sleep -Seconds 5 }
    }
    Start-Phase 'join'
    for ($try = 1; -not (Test-NetConnection -ComputerName $endpointHost -Port $endpointPort -InformationLevel Quiet -WarningAction SilentlyContinue); $try++) {
      if ($try -ge 10) { throw "${endpointHost}:$endpointPort does not answer" }
      Start-Sleep -Seconds 5
    }
    try {
      Write-Text "$stateFolder\discovery.conf" $credential
      Invoke-Native "$binFolder\kubeadm.exe" @('join', '--config', "$configFolder\join.yaml")
    } finally {
      Remove-Item -Force -Path "$stateFolder\discovery.conf" -ErrorAction SilentlyContinue
    }
  }

  Start-Phase 'lifecycle'
  Write-Text $lifecycleProgram $lifecycle
  $task = 'pulumi-kubeadm-lifecycle'
  $action = New-ScheduledTaskAction -Execute powershell.exe -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File $lifecycleProgram"
  $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 -RestartInterval ([TimeSpan]::FromMinutes(1))
  Register-ScheduledTask -Force -TaskName $task -User 'NT AUTHORITY\SYSTEM' -RunLevel Highest -Action $action -Trigger (New-ScheduledTaskTrigger -AtStartup) -Settings $settings | Out-Null
  Start-ScheduledTask -TaskName $task
  $script:phase = 'joined'
  Publish 'joined' 0
  New-Item -ItemType File -Force -Path $joinedMark | Out-Null
}
# What was wrong may be put right elsewhere: a mirror, a quota, a policy.
for (;;) {
  try {
    Join-Cluster
    break
  } catch {
    Say "##error $_"
    $tail = @(Get-Content $log -Tail 30 | ForEach-Object { $_.Substring(0, [Math]::Min(300, $_.Length)) })
    Publish 'failed' $(if ($status -ne 0) { $status } else { 1 }) $tail
    Start-Sleep -Seconds 120
  }
}
