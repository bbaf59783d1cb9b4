# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: wanted_encryption encryption_file

# The first keys that the API server reads. Later ones reach it in stages, whatever the settings say.
if [ -e "$wanted_encryption" ]; then install -D -m 0600 "$wanted_encryption" "$encryption_file"; fi
# A file system of its own has lost+found at its top, which kubeadm takes for data of etcd.
mount=()
if [ "$(ls -A /var/lib/etcd 2>/dev/null)" = lost+found ]; then mount=(--ignore-preflight-errors=DirAvailable--var-lib-etcd); fi
