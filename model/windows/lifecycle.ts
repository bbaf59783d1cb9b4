import { DRAIN_HOOK, poolGroupName } from "../aws/names";
import type { ClusterSettings } from "../settings/resolved";
import type { AwsPool } from "../settings/resolvedAws";
import { metadataFunction, sayFunction, writeFunction } from "./functions";
import { windowsPaths } from "./paths";
import { ps } from "./powershell";

/** Name of the scheduled task. */
export const windowsLifecycleTask = "pulumi-kubeadm-lifecycle";
export const windowsLifecycleScript = `${windowsPaths.state}\\lifecycle.ps1`;

/** Seconds between two looks, between two heartbeats, and that a drain stops before a spot instance's end. */
const INTERVAL = 5;
const HEARTBEAT = 60;
const MARGIN = 15;

/**
 * Watches for the end of the instance, as `lifecycle.py` does on Linux: it moves the node's pods away with the kubelet's
 * own credentials, which may cordon their Node and evict its pods and nothing beyond it, and lets the group go on.
 */
export function windowsLifecycle(settings: ClusterSettings, pool: AwsPool, region: string): string {
  const { bin, kubernetes, state } = windowsPaths;
  return `$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$log = ${ps(`${state}\\lifecycle.log`)}
${sayFunction}${metadataFunction}${writeFunction}function Invoke-Kubectl([string[]]$words) {
  $ErrorActionPreference = 'Continue'
  $said = & ${ps(`${bin}\\kubectl.exe`)} ${ps(`--kubeconfig=${kubernetes}\\kubelet.conf`)} '--request-timeout=20s' $words 2>&1 | Out-String
  if ($LASTEXITCODE -ne 0) { throw $said.Trim() }
  $said
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
  Write-Text ${ps(`${state}\\eviction.json`)} (ConvertTo-Json -Compress -InputObject $wanted)
  try {
    Invoke-Kubectl @('create', '--raw', "/api/v1/namespaces/$namespace/pods/$name/eviction", ${ps(`--filename=${state}\\eviction.json`)}) | Out-Null
    Say "evict $namespace/\${name}: done"
  } catch {
    Say "evict $namespace/\${name}: $_"
  }
}
function Move-Pod([DateTime]$deadline, [bool]$waits) {
  Say 'the instance ends; moving its pods away'
  try { Invoke-Kubectl @('cordon', $node) | Out-Null } catch { Say "cordon: $_" }
  $beat = [DateTime]::MinValue
  while ([DateTime]::UtcNow -lt $deadline) {
    if ($waits -and ([DateTime]::UtcNow - $beat).TotalSeconds -gt ${HEARTBEAT}) {
      try { Write-ASLifecycleActionHeartbeat @hook | Out-Null } catch { Say "heartbeat: $_" }
      $beat = [DateTime]::UtcNow
    }
    try {
      $left = @(Get-PodToMove)
      if ($left.Count -eq 0) { Say 'no pod is left to move'; return }
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
  AutoScalingGroupName = ${ps(poolGroupName(settings.name, pool.name))}; LifecycleHookName = ${ps(DRAIN_HOOK)}
  InstanceId = [string](Get-Metadata 'instance-id'); Region = ${ps(region)}
}
$drained = $told = $false
while ($true) {
  try {
    $waits = [string](Get-Metadata 'autoscaling/target-lifecycle-state') -eq 'Terminated'
    $notice = Get-Metadata 'spot/instance-action'
    if (($waits -or $notice) -and -not $drained) {
      $deadline = [DateTime]::UtcNow.AddSeconds(${settings.drainTimeout})
      if ($notice) {
        if ($notice -is [string]) { $notice = ConvertFrom-Json $notice }
        $end = ([DateTime]$notice.time).ToUniversalTime().AddSeconds(-${MARGIN})
        if ($end -lt $deadline) { $deadline = $end }
      }
      Move-Pod $deadline $waits
      $drained = $true
    }
    if ($drained -and $waits -and -not $told) {
      Complete-ASLifecycleAction @hook -LifecycleActionResult CONTINUE | Out-Null
      $told = $true
    }
  } catch {
    Say "$_"
  }
  Start-Sleep -Seconds ${INTERVAL}
}
`;
}
