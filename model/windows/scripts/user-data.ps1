# Variables: packed program stateFolder

# Unpacks what makes this instance a node, and runs it.
$ErrorActionPreference = 'Stop'
$bytes = [Convert]::FromBase64String($packed)
$memory = New-Object IO.MemoryStream -ArgumentList @(, $bytes)
$stream = New-Object IO.Compression.GZipStream -ArgumentList @($memory, [IO.Compression.CompressionMode]::Decompress)
$script = (New-Object IO.StreamReader -ArgumentList @($stream, [Text.Encoding]::UTF8)).ReadToEnd()
New-Item -ItemType Directory -Force -Path $stateFolder | Out-Null
[IO.File]::WriteAllText($program, $script, [Text.Encoding]::UTF8)
& powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $program
