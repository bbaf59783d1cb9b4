# Makes this instance a node of pool win of cluster cloud; runs at each boot.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if (Test-Path 'C:\ProgramData\pulumi-kubeadm\joined') { exit 0 }
$log = 'C:\ProgramData\pulumi-kubeadm\boot.log'
$phase = 'start'
$status = 0
$instance = $node = ''
New-Item -ItemType Directory -Force -Path @('C:\ProgramData\pulumi-kubeadm', 'C:\ProgramData\pulumi-kubeadm\downloads', 'C:\var\log') | Out-Null
function Say([string]$text) {
  "$(Get-Date -Format s) $text" | Out-File -FilePath $log -Append -Encoding ascii
}
function Invoke-Native([string]$program, [string[]]$words) {
  $ErrorActionPreference = 'Continue'
  & $program $words 2>&1 | ForEach-Object { Say "$_" }
  $script:status = $LASTEXITCODE
  if ($script:status -ne 0) { throw "${program}: exit status $script:status" }
}
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
function Write-Text([string]$path, [string]$text) {
  New-Item -ItemType Directory -Force -Path (Split-Path -Parent $path) | Out-Null
  [IO.File]::WriteAllText($path, $text + "`n")
}
function Protect-Folder([string]$path) {
  New-Item -ItemType Directory -Force -Path $path | Out-Null
  Invoke-Native icacls.exe @($path, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/q')
}
function Publish([string]$state, [int]$exit, [string[]]$tail) {
  $value = [ordered]@{
    instance = $instance; node = $node; boot = 'bdc54af45659'; state = $state; phase = $script:phase
    exit = $exit; time = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
  }
  if ($tail) { $value['tail'] = @($tail) }
  $json = ConvertTo-Json -Compress -InputObject $value
  while ($json.Length -gt 4096) {
    $value['tail'] = @($value['tail'] | Select-Object -Skip 1)
    $json = ConvertTo-Json -Compress -InputObject $value
  }
  try {
    Write-SSMParameter -Name ('/kubeadm/cloud/win/status/' + $instance) -Type String -Value $json -Overwrite $true -Region 'eu-central-1' | Out-Null
  } catch {
    Say "the status could not be published: $_"
  }
}
function Get-Download([string]$name, [string]$url, [string]$checksum, [string]$from, [string]$to) {
  $mark = Join-Path 'C:\ProgramData\pulumi-kubeadm\downloads' "$name.checksum"
  if ((Test-Path $mark) -and ((Get-Content $mark -TotalCount 1) -eq $checksum)) { return }
  $work = Join-Path 'C:\ProgramData\pulumi-kubeadm\downloads' $name
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
    if ([Environment]::TickCount / 1000 -lt 1800) {
      Write-ASLifecycleActionHeartbeat -AutoScalingGroupName 'kubeadm-cloud-win' -LifecycleHookName 'launch' -InstanceId $instance -Region 'eu-central-1' | Out-Null
    }
  } catch {
    Say "heartbeat: $_"
  }
}
function Expand-Token([string]$text) {
  $text.Replace('@NODE_NAME@', $node).Replace('@NODE_ADDRESS@', $address).Replace('@PROVIDER@', "$zone/$instance")
}
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
  foreach ($folder in @('C:\ProgramData\pulumi-kubeadm', 'C:\k', 'C:\opt', 'C:\etc', 'C:\var\lib\kubelet\pki')) { Protect-Folder $folder }
  $hosts = 'C:\Windows\System32\drivers\etc\hosts'
  $kept = @(Get-Content $hosts | Where-Object { $_ -notmatch '# pulumi-kubeadm$' })
  Set-Content -Path $hosts -Encoding ascii -Value ($kept + @('10.0.143.228 api.cloud.internal # pulumi-kubeadm'))
  if (-not (Get-NetFirewallRule -Name 'pulumi-kubeadm-tcp-10250' -ErrorAction SilentlyContinue)) {
    New-NetFirewallRule -Name 'pulumi-kubeadm-tcp-10250' -DisplayName 'pulumi-kubeadm-tcp-10250' -Direction Inbound -Action Allow -Protocol TCP -LocalPort 10250 | Out-Null
  }
  if (-not (Get-NetFirewallRule -Name 'pulumi-kubeadm-udp-4789' -ErrorAction SilentlyContinue)) {
    New-NetFirewallRule -Name 'pulumi-kubeadm-udp-4789' -DisplayName 'pulumi-kubeadm-udp-4789' -Direction Inbound -Action Allow -Protocol UDP -LocalPort 4789 | Out-Null
  }

  Start-Phase 'features'
  if ((Get-WindowsFeature -Name Containers).InstallState -ne 'Installed') {
    $counter = 'C:\ProgramData\pulumi-kubeadm\restarts'
    $restarts = if (Test-Path $counter) { [int](Get-Content $counter -TotalCount 1) } else { 0 }
    if ($restarts -ge 3) { throw "the Containers feature is not there after $restarts restarts" }
    Set-Content -Path $counter -Value ($restarts + 1)
    Install-WindowsFeature -Name Containers | Out-Null
    Say 'restarting for the Containers feature'
    Restart-Computer -Force
    exit 0
  }

  Start-Phase 'downloads'
  New-Item -ItemType Directory -Force -Path @('C:\Program Files\containerd', 'C:\opt\cni\bin') | Out-Null
  Get-Download 'kubernetes' 'https://dl.k8s.io/v1.36.4/kubernetes-node-windows-amd64.tar.gz' '11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111' 'kubernetes\node\bin\*.exe' 'C:\k'
  Get-Download 'containerd' 'https://github.com/containerd/containerd/releases/download/v2.3.4/containerd-2.3.4-windows-amd64.tar.gz' '2222222222222222222222222222222222222222222222222222222222222222' 'bin\*' 'C:\Program Files\containerd'
  Get-Download 'crictl' 'https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-windows-amd64.tar.gz' '3333333333333333333333333333333333333333333333333333333333333333' 'crictl.exe' 'C:\k'
  Get-Download 'cniPlugins' 'https://github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-windows-amd64-v1.9.1.tgz' '4444444444444444444444444444444444444444444444444444444444444444' '*.exe' 'C:\opt\cni\bin'
  Get-Download 'flannel' 'https://github.com/flannel-io/flannel/releases/download/v0.28.9/flanneld.exe' '5555555555555555555555555555555555555555555555555555555555555555' '' 'C:\k\flanneld.exe'
  Get-Download 'flannelCniPlugin' 'https://github.com/flannel-io/cni-plugin/releases/download/v1.9.1-flannel3/cni-plugin-flannel-windows-amd64-v1.9.1-flannel3.tgz' '6666666666666666666666666666666666666666666666666666666666666666' 'flannel-amd64.exe' 'C:\opt\cni\bin\flannel.exe'
  $path = [Environment]::GetEnvironmentVariable('Path', 'Machine')
  foreach ($folder in @('C:\k', 'C:\Program Files\containerd')) {
    if ($path.Split(';') -notcontains $folder) { $path = "$path;$folder" }
  }
  [Environment]::SetEnvironmentVariable('Path', $path, 'Machine')
  [Environment]::SetEnvironmentVariable('CONTAINER_RUNTIME_ENDPOINT', 'npipe:////./pipe/containerd-containerd', 'Machine')
  $env:Path = $path

  Start-Phase 'containerd'
  Write-Text 'C:\Program Files\containerd\config.toml' @'
version = 3

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "registry.k8s.io/pause:3.10.2"

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "C:/Program Files/containerd/certs.d"

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["C:/opt/cni/bin"]
  conf_dir = "C:/etc/cni/net.d"
'@
  if (-not (Get-Service -Name containerd -ErrorAction SilentlyContinue)) {
    Invoke-Native 'C:\Program Files\containerd\containerd.exe' @('--register-service', '--log-file', 'C:\var\log\containerd.log')
  }
  Restart-Service -Name containerd -Force
  for ($try = 1; -not (Test-Path '//./pipe/containerd-containerd'); $try++) {
    if ($try -gt 30) { throw 'containerd does not answer: see C:\var\log\containerd.log' }
    Start-Sleep -Seconds 1
  }

  Start-Phase 'kubelet'
  $command = Expand-Token 'C:\k\kube-log-runner.exe --log-file=C:\var\log\kubelet.log C:\k\kubelet.exe --windows-service --config=C:\var\lib\kubelet\config.yaml --bootstrap-kubeconfig=C:\etc\kubernetes\bootstrap-kubelet.conf --kubeconfig=C:\etc\kubernetes\kubelet.conf --cert-dir=C:\var\lib\kubelet\pki --hostname-override=@NODE_NAME@ --node-ip=@NODE_ADDRESS@ --cloud-provider=external --node-labels=example.com/tier=legacy,pulumi-kubeadm.github.io/pool=win,pulumi-kubeadm.github.io/boot=bdc54af45659'
  if (Get-Service -Name kubelet -ErrorAction SilentlyContinue) {
    Set-ItemProperty -Path 'HKLM:\SYSTEM\CurrentControlSet\Services\kubelet' -Name ImagePath -Value $command
  } else {
    New-Service -Name kubelet -BinaryPathName $command -StartupType Automatic -DependsOn containerd | Out-Null
  }
  Invoke-Native sc.exe @('failure', 'kubelet', 'reset=', '0', 'actions=', 'restart/10000')
  New-Item -ItemType Directory -Force -Path @('C:\etc\kubernetes\manifests', 'C:\etc\kubernetes\pki') | Out-Null
  Write-Text 'C:\etc\kubernetes\pulumi-kubeadm\patches\kubeletconfiguration0+merge.yaml' (Expand-Token @'
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
cgroupDriver: null
maxPods: 110
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
    cacheTTL: 2m0s
authorization:
  mode: Webhook
readOnlyPort: 0
rotateCertificates: true
serverTLSBootstrap: true
seccompDefault: null
tlsCipherSuites:
- TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
- TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
- TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
- TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
- TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305
- TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305
podPidsLimit: null
kubeReserved:
  cpu: 100m
  memory: 300Mi
systemReserved:
  cpu: 100m
  memory: 200Mi
evictionHard:
  memory.available: 100Mi
  nodefs.available: 10%
  nodefs.inodesFree: null
  imagefs.available: 15%
  imagefs.inodesFree: null
evictionSoft:
  memory.available: 300Mi
evictionSoftGracePeriod:
  memory.available: 1m30s
evictionMaxPodGracePeriod: 60
shutdownGracePeriod: null
shutdownGracePeriodCriticalPods: null
containerLogMaxSize: 10Mi
containerLogMaxFiles: 5
serializeImagePulls: false
maxParallelImagePulls: 5
cgroupsPerQOS: false
enforceNodeAllocatable: []
resolvConf: ""
containerRuntimeEndpoint: npipe:////./pipe/containerd-containerd
registerWithTaints:
- key: os
  value: windows
  effect: NoSchedule
providerID: aws:///@PROVIDER@
'@)
  Write-Text 'C:\etc\kubernetes\pulumi-kubeadm\join.yaml' (Expand-Token @'
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
caCertPath: C:/etc/kubernetes/pki/ca.crt
discovery:
  file:
    kubeConfigPath: C:/ProgramData/pulumi-kubeadm/discovery.conf
nodeRegistration:
  name: "@NODE_NAME@"
  criSocket: npipe:////./pipe/containerd-containerd
  taints:
  - key: os
    value: windows
    effect: NoSchedule
  kubeletExtraArgs: []
  imagePullPolicy: IfNotPresent
  imagePullSerial: false
patches:
  directory: C:/etc/kubernetes/pulumi-kubeadm/patches
timeouts:
  controlPlaneComponentHealthCheck: 4m0s
  kubeletHealthCheck: 4m0s
  kubernetesAPICall: 1m0s
  etcdAPICall: 2m0s
  tlsBootstrap: 5m0s
  discovery: 5m0s
'@)

  if (-not (Test-Path 'C:\etc\kubernetes\kubelet.conf')) {
    Start-Phase 'credential'
    if ((Test-Path 'C:\etc\kubernetes\bootstrap-kubelet.conf') -or (Test-Path 'C:\etc\kubernetes\pki\ca.crt')) {
      Invoke-Native 'C:\k\kubeadm.exe' @('reset', '--force', '--cri-socket', 'npipe:////./pipe/containerd-containerd')
    }
    $until = (Get-Date).AddSeconds(1800)
    $credential = ''
    while (-not (Test-Credential $credential)) {
      if ((Get-Date) -gt $until) { throw 'no join credential of pool win that is still good within 1800 s: do the control-plane nodes run, and their pulumi-kubeadm-pool-credentials.timer?' }
      try {
        $credential = (Get-SSMParameter -Name '/kubeadm/cloud/win/join' -WithDecryption $true -Region 'eu-central-1').Value
      } catch {
        Say "no credential: $_"
      }
      if (-not (Test-Credential $credential)) { Start-Sleep -Seconds 5 }
    }
    Start-Phase 'join'
    for ($try = 1; -not (Test-NetConnection -ComputerName 'api.cloud.internal' -Port 6443 -InformationLevel Quiet -WarningAction SilentlyContinue); $try++) {
      if ($try -ge 10) { throw 'api.cloud.internal:6443 does not answer' }
      Start-Sleep -Seconds 5
    }
    try {
      Write-Text 'C:\ProgramData\pulumi-kubeadm\discovery.conf' $credential
      Invoke-Native 'C:\k\kubeadm.exe' @('join', '--config', 'C:\etc\kubernetes\pulumi-kubeadm\join.yaml')
    } finally {
      Remove-Item -Force -Path 'C:\ProgramData\pulumi-kubeadm\discovery.conf' -ErrorAction SilentlyContinue
    }
  }

  Start-Phase 'lifecycle'
  Write-Text 'C:\ProgramData\pulumi-kubeadm\lifecycle.ps1' @'
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$log = 'C:\ProgramData\pulumi-kubeadm\lifecycle.log'
function Say([string]$text) {
  "$(Get-Date -Format s) $text" | Out-File -FilePath $log -Append -Encoding ascii
}
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
function Write-Text([string]$path, [string]$text) {
  New-Item -ItemType Directory -Force -Path (Split-Path -Parent $path) | Out-Null
  [IO.File]::WriteAllText($path, $text + "`n")
}
function Invoke-Kubectl([string[]]$words) {
  $ErrorActionPreference = 'Continue'
  $said = & 'C:\k\kubectl.exe' '--kubeconfig=C:\etc\kubernetes\kubelet.conf' '--request-timeout=20s' $words 2>&1 | Out-String
  if ($LASTEXITCODE -ne 0) { throw $said.Trim() }
  $said
}
# True when the group knows it; a group that waits for nothing has no need to.
function Send-Action([scriptblock]$call) {
  try {
    & $call | Out-Null
    $true
  } catch {
    Say "lifecycle action: $_"
    "$_" -match 'No active Lifecycle Action'
  }
}
function Test-Balancer {
  try {
    (Invoke-Kubectl @('get', 'services', '--all-namespaces', '--output=jsonpath={.items[*].spec.type}')).Trim().Split(' ') -contains 'LoadBalancer'
  } catch {
    $true
  }
}
function Get-PodToMove {
  $pods = (Invoke-Kubectl @('get', 'pods', '--all-namespaces', "--field-selector=spec.nodeName=$node", '--output=json') | ConvertFrom-Json).items
  $pods | Where-Object {
    $_ -and $_.status.phase -notin @('Succeeded', 'Failed') -and
    -not ($_.metadata.ownerReferences | Where-Object { $_.controller -and $_.kind -eq 'DaemonSet' })
  }
}
function Send-Eviction($pod) {
  $name = $pod.metadata.name
  $namespace = $pod.metadata.namespace
  $wanted = @{ apiVersion = 'policy/v1'; kind = 'Eviction'; metadata = @{ name = $name; namespace = $namespace } }
  Write-Text 'C:\ProgramData\pulumi-kubeadm\eviction.json' (ConvertTo-Json -Compress -InputObject $wanted)
  try {
    Invoke-Kubectl @('create', '--raw', "/api/v1/namespaces/$namespace/pods/$name/eviction", '--filename=C:\ProgramData\pulumi-kubeadm\eviction.json') | Out-Null
    Say "evict $namespace/${name}: done"
  } catch {
    Say "evict $namespace/${name}: $_"
  }
}
function Move-Pod([DateTime]$deadline, [bool]$waits) {
  Say 'the instance ends; moving its pods away'
  foreach ($words in @(@('label', '--overwrite', 'node', $node, 'node.kubernetes.io/exclude-from-external-load-balancers='), @('cordon', $node))) {
    try { Invoke-Kubectl $words | Out-Null } catch { Say "$($words[0]): $_" }
  }
  # Balancers see neither cordon nor eviction, and nodes pass flows on to pods of other nodes.
  $letGo = if (Test-Balancer) { [DateTime]::UtcNow.AddSeconds(60) } else { [DateTime]::MinValue }
  $beat = [DateTime]::MinValue
  while ([DateTime]::UtcNow -lt $deadline) {
    if ($waits -and ([DateTime]::UtcNow - $beat).TotalSeconds -gt 60) {
      Send-Action { Write-ASLifecycleActionHeartbeat @hook -LifecycleHookName 'drain' } | Out-Null
      $beat = [DateTime]::UtcNow
    }
    try {
      $left = @(Get-PodToMove)
      if ($left.Count -eq 0 -and [DateTime]::UtcNow -ge $letGo) { Say 'no pod is left to move'; return }
      $left | Where-Object { -not $_.metadata.deletionTimestamp } | ForEach-Object { Send-Eviction $_ }
    } catch {
      Say "$_"
    }
    Start-Sleep -Seconds 2
  }
  Say 'time is up; what is left ends with the instance'
}
$node = ([string](Get-Metadata 'local-hostname')).Split(' ')[0]
$hook = @{
  AutoScalingGroupName = 'kubeadm-cloud-win'; InstanceId = [string](Get-Metadata 'instance-id'); Region = 'eu-central-1'
}
$drained = $told = $false
$since = [DateTime]::UtcNow
$beat = [DateTime]::MinValue
while ($true) {
  try {
    if (-not (Test-Path 'C:\ProgramData\pulumi-kubeadm\launched')) {
      $ready = ''
      try { $ready = (Invoke-Kubectl @('get', 'node', $node, '--output=json') | ConvertFrom-Json).status.conditions | Where-Object { $_.type -eq 'Ready' } | ForEach-Object { $_.status } } catch { Say "$_" }
      if ($ready -eq 'True') {
        if (Send-Action { Complete-ASLifecycleAction @hook -LifecycleHookName 'launch' -LifecycleActionResult CONTINUE }) {
          New-Item -ItemType File -Force -Path 'C:\ProgramData\pulumi-kubeadm\launched' | Out-Null
        }
      } elseif (([DateTime]::UtcNow - $since).TotalSeconds -lt 1800 -and ([DateTime]::UtcNow - $beat).TotalSeconds -gt 60) {
        Send-Action { Write-ASLifecycleActionHeartbeat @hook -LifecycleHookName 'launch' } | Out-Null
        $beat = [DateTime]::UtcNow
      }
    }
    $waits = [string](Get-Metadata 'autoscaling/target-lifecycle-state') -eq 'Terminated'
    $notice = Get-Metadata 'spot/instance-action'
    if (($waits -or $notice) -and -not $drained) {
      $deadline = [DateTime]::UtcNow.AddSeconds(120)
      if ($notice) {
        if ($notice -is [string]) { $notice = ConvertFrom-Json $notice }
        $end = ([DateTime]$notice.time).ToUniversalTime().AddSeconds(-15)
        if ($end -lt $deadline) { $deadline = $end }
      }
      Move-Pod $deadline $waits
      $drained = $true
    }
    if ($drained -and $waits -and -not $told) {
      $told = Send-Action { Complete-ASLifecycleAction @hook -LifecycleHookName 'drain' -LifecycleActionResult CONTINUE }
    }
  } catch {
    Say "$_"
  }
  Start-Sleep -Seconds 5
}
'@
  $action = New-ScheduledTaskAction -Execute powershell.exe -Argument '-NoProfile -NonInteractive -ExecutionPolicy Bypass -File C:\ProgramData\pulumi-kubeadm\lifecycle.ps1'
  $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 -RestartInterval ([TimeSpan]::FromMinutes(1))
  Register-ScheduledTask -Force -TaskName 'pulumi-kubeadm-lifecycle' -User 'NT AUTHORITY\SYSTEM' -RunLevel Highest -Action $action -Trigger (New-ScheduledTaskTrigger -AtStartup) -Settings $settings | Out-Null
  Start-ScheduledTask -TaskName 'pulumi-kubeadm-lifecycle'
  $script:phase = 'joined'
  Publish 'joined' 0
  New-Item -ItemType File -Force -Path 'C:\ProgramData\pulumi-kubeadm\joined' | Out-Null
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
