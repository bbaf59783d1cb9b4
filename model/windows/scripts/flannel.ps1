# Variables: mount addressToken binFolder cniConfFolder

$ErrorActionPreference = 'Stop'
New-Item -ItemType Directory -Force -Path $cniConfFolder | Out-Null
$conf = (Get-Content -Raw "$mount\cni-conf.json").Replace($addressToken, $env:NODE_IP)
[IO.File]::WriteAllText("$cniConfFolder\10-flannel.conflist", $conf)
& "$binFolder\flanneld.exe" '--kube-subnet-mgr' "--iface=$env:NODE_IP" "--kubeconfig-file=$mount\kubeconfig.conf" "--net-config-path=$mount\net-conf.json"
exit $LASTEXITCODE
