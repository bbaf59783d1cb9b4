# Variables: mount networkName vipToken nodeToken stateFolder binFolder cniBinFolder

$ErrorActionPreference = 'Stop'
$until = (Get-Date).AddMinutes(5)
while (-not ($network = Get-HnsNetwork | Where-Object { $_.Name -eq $networkName })) {
  if ((Get-Date) -gt $until) { throw "no HNS network ${networkName}: does flannel run on this node?" }
  Start-Sleep -Seconds 2
}
# The network takes over the adapter, and the route to the metadata service is lost with it.
$index = (Get-NetIPAddress -IPAddress $env:NODE_IP).InterfaceIndex
New-NetRoute -DestinationPrefix '169.254.169.254/32' -InterfaceIndex $index -NextHop '0.0.0.0' -PolicyStore ActiveStore -ErrorAction SilentlyContinue | Out-Null
$subnet = $network.Subnets[0].AddressPrefix
$file = "$stateFolder\source-vip"
$kept = @(if (Test-Path $file) { Get-Content $file })
if ($kept.Count -eq 2 -and $kept[0] -eq $subnet) {
  $vip = $kept[1]
} else {
  $env:CNI_COMMAND = 'ADD'
  $env:CNI_CONTAINERID = 'kube-proxy'
  $env:CNI_NETNS = 'none'
  $env:CNI_IFNAME = 'sourcevip'
  $env:CNI_PATH = $cniBinFolder
  $request = @{
    cniVersion = '1.0.0'; name = $networkName
    ipam = @{ type = 'host-local'; ranges = @(, @(@{ subnet = $subnet })); dataDir = '/var/lib/cni/networks' }
  }
  $answer = ConvertTo-Json -Depth 6 -Compress -InputObject $request | & "$cniBinFolder\host-local.exe" | Out-String
  if ($LASTEXITCODE -ne 0) { throw "host-local gives no address: $answer" }
  $vip = (ConvertFrom-Json $answer).ips[0].address.Split('/')[0]
  Set-Content -Path $file -Value @($subnet, $vip)
}
$config = (Get-Content -Raw "$mount\config.json").Replace($vipToken, $vip).Replace($nodeToken, $env:NODE_NAME)
[IO.File]::WriteAllText("$stateFolder\kube-proxy.json", $config)
& "$binFolder\kube-proxy.exe" "--config=$stateFolder\kube-proxy.json"
exit $LASTEXITCODE
