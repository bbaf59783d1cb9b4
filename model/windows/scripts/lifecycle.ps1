# Uses: windows/scripts/functions.ps1
# Variables: group region launchHook drainHook excludedLabel joinTimeout heartbeat longest letGoSeconds
# Variables: stateFolder binFolder kubernetesFolder

# Tells the group when the node is Ready, and moves its pods away before the instance ends.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$log = "$stateFolder\lifecycle.log"
$launchedMark = "$stateFolder\launched"
function Invoke-Kubectl([string[]]$words) {
  $ErrorActionPreference = 'Continue'
  $said = & "$binFolder\kubectl.exe" "--kubeconfig=$kubernetesFolder\kubelet.conf" '--request-timeout=20s' $words 2>&1 | Out-String
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
  Write-Text "$stateFolder\eviction.json" (ConvertTo-Json -Compress -InputObject $wanted)
  try {
    Invoke-Kubectl @('create', '--raw', "/api/v1/namespaces/$namespace/pods/$name/eviction", "--filename=$stateFolder\eviction.json") | Out-Null
    Say "evict $namespace/${name}: done"
  } catch {
    Say "evict $namespace/${name}: $_"
  }
}
function Move-Pod([DateTime]$deadline, [bool]$waits) {
  Say 'the instance ends; moving its pods away'
  foreach ($words in @(@('label', '--overwrite', 'node', $node, "$excludedLabel="), @('cordon', $node))) {
    try { Invoke-Kubectl $words | Out-Null } catch { Say "$($words[0]): $_" }
  }
  # Balancers see neither cordon nor eviction, and nodes pass flows on to pods of other nodes.
  $letGo = if (Test-Balancer) { [DateTime]::UtcNow.AddSeconds($letGoSeconds) } else { [DateTime]::MinValue }
  $beat = [DateTime]::MinValue
  while ([DateTime]::UtcNow -lt $deadline) {
    if ($waits -and ([DateTime]::UtcNow - $beat).TotalSeconds -gt $heartbeat) {
      Send-Action { Write-ASLifecycleActionHeartbeat @hook -LifecycleHookName $drainHook } | Out-Null
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
  AutoScalingGroupName = $group; InstanceId = [string](Get-Metadata 'instance-id'); Region = $region
}
$drained = $told = $false
$since = [DateTime]::UtcNow
$beat = [DateTime]::MinValue
while ($true) {
  try {
    if (-not (Test-Path $launchedMark)) {
      $ready = ''
      try { $ready = (Invoke-Kubectl @('get', 'node', $node, '--output=json') | ConvertFrom-Json).status.conditions | Where-Object { $_.type -eq 'Ready' } | ForEach-Object { $_.status } } catch { Say "$_" }
      if ($ready -eq 'True') {
        if (Send-Action { Complete-ASLifecycleAction @hook -LifecycleHookName $launchHook -LifecycleActionResult CONTINUE }) {
          New-Item -ItemType File -Force -Path $launchedMark | Out-Null
        }
      } elseif (([DateTime]::UtcNow - $since).TotalSeconds -lt $joinTimeout -and ([DateTime]::UtcNow - $beat).TotalSeconds -gt $heartbeat) {
        Send-Action { Write-ASLifecycleActionHeartbeat @hook -LifecycleHookName $launchHook } | Out-Null
        $beat = [DateTime]::UtcNow
      }
    }
    $waits = [string](Get-Metadata 'autoscaling/target-lifecycle-state') -eq 'Terminated'
    $notice = Get-Metadata 'spot/instance-action'
    if (($waits -or $notice) -and -not $drained) {
      $deadline = [DateTime]::UtcNow.AddSeconds($longest)
      if ($notice) {
        if ($notice -is [string]) { $notice = ConvertFrom-Json $notice }
        $end = ([DateTime]$notice.time).ToUniversalTime().AddSeconds(-15)
        if ($end -lt $deadline) { $deadline = $end }
      }
      Move-Pod $deadline $waits
      $drained = $true
    }
    if ($drained -and $waits -and -not $told) {
      $told = Send-Action { Complete-ASLifecycleAction @hook -LifecycleHookName $drainHook -LifecycleActionResult CONTINUE }
    }
  } catch {
    Say "$_"
  }
  Start-Sleep -Seconds 5
}
