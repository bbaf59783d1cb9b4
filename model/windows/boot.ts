import { flowsOf, type FlowsSpec } from "../flows";
import { KUBELET_PORT } from "../network/ports";
import { NODE_ADDRESS, NODE_NAME } from "../aws/node/paths";
import { LAUNCH_HOOK } from "../aws/hooks";
import { joinParameter, poolGroupName, statusPrefix } from "../aws/names";
import { endpointAddresses, type EndpointSpec } from "../network/endpoint";
import type { AwsPool, AwsSettings } from "../settings/resolvedAws";
import type { LifecycleSpec } from "../aws/boot/lifecycle";
import type { RegistrationSpec } from "../kubeadm/documents";
import type { KubeletSpec } from "../kubeadm/kubelet";
import { windowsContainerdFiles, type WindowsContainerdSpec } from "./containerd";
import type { WindowsDownload, WindowsDownloadName } from "./downloads";
import {
  downloadFunction,
  metadataFunction,
  nativeFunction,
  protectFunction,
  publishFunction,
  sayFunction,
  writeFunction,
} from "./functions";
import {
  PROVIDER,
  windowsDiscoveryFile,
  windowsJoinDocument,
  windowsKubeletCommand,
  windowsKubeletPatch,
} from "./kubelet";
import { windowsLifecycle, windowsLifecycleScript, windowsLifecycleTask } from "./lifecycle";
import { windowsPaths } from "./paths";
import { ps, psList, psText } from "../core/powershell";

/** What makes a Windows instance a node. */
export type WindowsBootSpec = EndpointSpec &
  FlowsSpec &
  KubeletSpec &
  LifecycleSpec &
  RegistrationSpec &
  WindowsContainerdSpec;

/** Seconds of validity that a join credential must have left, between two looks for one, and between two tries of a boot. */
const LEAST_VALIDITY = 300;
const CREDENTIAL_INTERVAL = 5;
const AGAIN = 120;
/** Restarts for the Containers feature after which something else must be wrong. */
const MOST_RESTARTS = 3;

const { bin, cniBin, config, containerd, kubelet, kubernetes, logs, state } = windowsPaths;
const joined = `${state}\\joined`;
const downloadsFolder = `${state}\\downloads`;

/** What of each download goes where; "" takes the file itself. */
const INSTALLED: Record<WindowsDownloadName, { readonly from: string; readonly to: string }> = {
  kubernetes: { from: "kubernetes\\node\\bin\\*.exe", to: bin },
  containerd: { from: "bin\\*", to: containerd },
  crictl: { from: "crictl.exe", to: bin },
  cniPlugins: { from: "*.exe", to: cniBin },
  flannel: { from: "", to: `${bin}\\flanneld.exe` },
  flannelCniPlugin: { from: "flannel-amd64.exe", to: `${cniBin}\\flannel.exe` },
};

function download({ name, url, checksum }: WindowsDownload): string {
  const { from, to } = INSTALLED[name];
  return `  Get-Download ${[name, url, checksum, from, to].map(ps).join(" ")}\n`;
}

/** Ports that other machines call on a Windows node: the security group lets them through, and Windows' firewall has to. */
function firewallRules(settings: FlowsSpec): string {
  const overlay = flowsOf(settings)
    .filter((flow) => flow.from === "node" && flow.to === "node" && flow.protocol === "udp")
    .flatMap((flow) => flow.ports.map((range) => range.from));
  const rules = [["TCP", KUBELET_PORT] as const, ...overlay.map((port) => ["UDP", port] as const)];
  return rules
    .map(([protocol, port]) => {
      const name = ps(`pulumi-kubeadm-${protocol.toLowerCase()}-${port}`);
      return `  if (-not (Get-NetFirewallRule -Name ${name} -ErrorAction SilentlyContinue)) {
    New-NetFirewallRule -Name ${name} -DisplayName ${name} -Direction Inbound -Action Allow -Protocol ${protocol} -LocalPort ${port} | Out-Null
  }
`;
    })
    .join("");
}

/**
 * What makes a Windows instance a node of its pool, in PowerShell. EC2Launch runs it at each boot; it starts again where it
 * was, does nothing on an instance that is a node, and says after each phase how far it is. Nothing in it is secret.
 * @param boot digest that names this rendering; nodes carry it as a label
 */
export function windowsBootScript(
  settings: WindowsBootSpec,
  aws: AwsSettings,
  pool: AwsPool,
  boot: string,
): string {
  const { host, port } = settings.endpoint;
  const hosts = endpointAddresses(settings).map((address) => `${address} ${host} # pulumi-kubeadm`);
  const region = ps(aws.region);
  return `# Makes this instance a node of pool ${pool.name} of cluster ${settings.name}; runs at each boot.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if (Test-Path ${ps(joined)}) { exit 0 }
$log = ${ps(`${state}\\boot.log`)}
$phase = 'start'
$status = 0
$instance = $node = ''
New-Item -ItemType Directory -Force -Path ${psList([state, downloadsFolder, logs])} | Out-Null
${sayFunction}${nativeFunction}${metadataFunction}${writeFunction}${protectFunction}${publishFunction(statusPrefix(settings.name, pool.name), aws.region, boot)}${downloadFunction(downloadsFolder)}function Start-Phase([string]$name) {
  $script:phase = $name
  $script:status = 0
  Say "##phase $name"
  Publish 'running' 0
  Send-Heartbeat
}
# While the boot goes on the group keeps the instance; one that is not a node in time is ended, and another started.
function Send-Heartbeat {
  try {
    if ([Environment]::TickCount / 1000 -lt ${pool.joinTimeoutSeconds}) {
      Write-ASLifecycleActionHeartbeat -AutoScalingGroupName ${ps(poolGroupName(settings.name, pool.name))} -LifecycleHookName ${ps(LAUNCH_HOOK)} -InstanceId $instance -Region ${region} | Out-Null
    }
  } catch {
    Say "heartbeat: $_"
  }
}
function Expand-Token([string]$text) {
  $text.Replace('${NODE_NAME}', $node).Replace('${NODE_ADDRESS}', $address).Replace('${PROVIDER}', "$zone/$instance")
}
function Test-Credential([string]$text) {
  if ($text -notmatch 'client-certificate-data: *([A-Za-z0-9+/=]+)') { return $false }
  try {
    $bytes = [Convert]::FromBase64String($Matches[1])
    $certificate = New-Object Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList @(, $bytes)
    $certificate.NotAfter -gt (Get-Date).AddSeconds(${LEAST_VALIDITY})
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
  foreach ($folder in ${psList([state, bin, "C:\\opt", "C:\\etc", `${kubelet}\\pki`])}) { Protect-Folder $folder }
${
  pool.sourceDestinationCheckOff
    ? `  Edit-EC2InstanceAttribute -InstanceId $instance -SourceDestCheck $false -Region ${region}\n`
    : ""
}  $hosts = 'C:\\Windows\\System32\\drivers\\etc\\hosts'
  $kept = @(Get-Content $hosts | Where-Object { $_ -notmatch '# pulumi-kubeadm$' })
  Set-Content -Path $hosts -Encoding ascii -Value ($kept + ${psList(hosts)})
${firewallRules(settings)}
  Start-Phase 'features'
  if ((Get-WindowsFeature -Name Containers).InstallState -ne 'Installed') {
    $counter = ${ps(`${state}\\restarts`)}
    $restarts = if (Test-Path $counter) { [int](Get-Content $counter -TotalCount 1) } else { 0 }
    if ($restarts -ge ${MOST_RESTARTS}) { throw "the Containers feature is not there after $restarts restarts" }
    Set-Content -Path $counter -Value ($restarts + 1)
    Install-WindowsFeature -Name Containers | Out-Null
    Say 'restarting for the Containers feature'
    Restart-Computer -Force
    exit 0
  }

  Start-Phase 'downloads'
  New-Item -ItemType Directory -Force -Path ${psList([containerd, cniBin])} | Out-Null
${(aws.windows?.downloads ?? []).map(download).join("")}  $path = [Environment]::GetEnvironmentVariable('Path', 'Machine')
  foreach ($folder in ${psList([bin, containerd])}) {
    if ($path.Split(';') -notcontains $folder) { $path = "$path;$folder" }
  }
  [Environment]::SetEnvironmentVariable('Path', $path, 'Machine')
  [Environment]::SetEnvironmentVariable('CONTAINER_RUNTIME_ENDPOINT', ${ps(windowsPaths.criSocket)}, 'Machine')
  $env:Path = $path

  Start-Phase 'containerd'
${windowsContainerdFiles(settings)
  .map((file) => `  Write-Text ${ps(file.path)} ${psText(file.content)}\n`)
  .join("")}  if (-not (Get-Service -Name containerd -ErrorAction SilentlyContinue)) {
    Invoke-Native ${ps(`${containerd}\\containerd.exe`)} ${psList(["--register-service", "--log-file", `${logs}\\containerd.log`])}
  }
  Restart-Service -Name containerd -Force
  for ($try = 1; -not (Test-Path '//./pipe/containerd-containerd'); $try++) {
    if ($try -gt 30) { throw ${ps(`containerd does not answer: see ${logs}\\containerd.log`)} }
    Start-Sleep -Seconds 1
  }

  Start-Phase 'kubelet'
  $command = Expand-Token ${ps(windowsKubeletCommand(pool, boot))}
  if (Get-Service -Name kubelet -ErrorAction SilentlyContinue) {
    Set-ItemProperty -Path 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\kubelet' -Name ImagePath -Value $command
  } else {
    New-Service -Name kubelet -BinaryPathName $command -StartupType Automatic -DependsOn containerd | Out-Null
  }
  Invoke-Native sc.exe @('failure', 'kubelet', 'reset=', '0', 'actions=', 'restart/10000')
  New-Item -ItemType Directory -Force -Path ${psList([`${kubernetes}\\manifests`, `${kubernetes}\\pki`])} | Out-Null
  Write-Text ${ps(`${config}\\patches\\kubeletconfiguration0+merge.yaml`)} (Expand-Token ${psText(windowsKubeletPatch(settings, pool))})
  Write-Text ${ps(`${config}\\join.yaml`)} (Expand-Token ${psText(windowsJoinDocument(settings, pool))})

  if (-not (Test-Path ${ps(`${kubernetes}\\kubelet.conf`)})) {
    Start-Phase 'credential'
    if ((Test-Path ${ps(`${kubernetes}\\bootstrap-kubelet.conf`)}) -or (Test-Path ${ps(`${kubernetes}\\pki\\ca.crt`)})) {
      Invoke-Native ${ps(`${bin}\\kubeadm.exe`)} ${psList(["reset", "--force", "--cri-socket", windowsPaths.criSocket])}
    }
    $until = (Get-Date).AddSeconds(${pool.joinTimeoutSeconds})
    $credential = ''
    while (-not (Test-Credential $credential)) {
      if ((Get-Date) -gt $until) { throw ${ps(`no join credential of pool ${pool.name} that is still good within ${pool.joinTimeoutSeconds} s: do the control-plane nodes run, and their pulumi-kubeadm-pool-credentials.timer?`)} }
      try {
        $credential = (Get-SSMParameter -Name ${ps(joinParameter(settings.name, pool.name))} -WithDecryption $true -Region ${region}).Value
      } catch {
        Say "no credential: $_"
      }
      if (-not (Test-Credential $credential)) { Start-Sleep -Seconds ${CREDENTIAL_INTERVAL} }
    }
    Start-Phase 'join'
    for ($try = 1; -not (Test-NetConnection -ComputerName ${ps(host)} -Port ${port} -InformationLevel Quiet -WarningAction SilentlyContinue); $try++) {
      if ($try -ge 10) { throw ${ps(`${host}:${port} does not answer`)} }
      Start-Sleep -Seconds 5
    }
    try {
      Write-Text ${ps(windowsDiscoveryFile)} $credential
      Invoke-Native ${ps(`${bin}\\kubeadm.exe`)} ${psList(["join", "--config", `${config}\\join.yaml`])}
    } finally {
      Remove-Item -Force -Path ${ps(windowsDiscoveryFile)} -ErrorAction SilentlyContinue
    }
  }

  Start-Phase 'lifecycle'
  Write-Text ${ps(windowsLifecycleScript)} ${psText(windowsLifecycle(settings, pool, aws.region))}
  $action = New-ScheduledTaskAction -Execute powershell.exe -Argument ${ps(`-NoProfile -NonInteractive -ExecutionPolicy Bypass -File ${windowsLifecycleScript}`)}
  $settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 -RestartInterval ([TimeSpan]::FromMinutes(1))
  Register-ScheduledTask -Force -TaskName ${ps(windowsLifecycleTask)} -User 'NT AUTHORITY\\SYSTEM' -RunLevel Highest -Action $action -Trigger (New-ScheduledTaskTrigger -AtStartup) -Settings $settings | Out-Null
  Start-ScheduledTask -TaskName ${ps(windowsLifecycleTask)}
  $script:phase = 'joined'
  Publish 'joined' 0
  New-Item -ItemType File -Force -Path ${ps(joined)} | Out-Null
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
    Start-Sleep -Seconds ${AGAIN}
  }
}
`;
}
