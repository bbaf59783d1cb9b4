# shellcheck shell=bash disable=SC2154
# Variables: kubernetes_version kubeadm_folder paths checksums downloads_file

# Whatever way downloads take on this host, setup's do too.
if [ -r /etc/pulumi-kubeadm/proxy.env ]; then
  set -a
  # shellcheck source=/dev/null
  . /etc/pulumi-kubeadm/proxy.env
  set +a
fi
case $(uname -m) in x86_64) architecture=amd64 ;; *) architecture=arm64 ;; esac
[ -n "${paths[$architecture]:-}" ] || die "no checksum of kubeadm $kubernetes_version is known for $architecture"
from=$(cat "$downloads_file") || die "setup of this host did not finish: it has no $downloads_file"
install_download "$kubeadm_folder" kubeadm binary "$from${paths[$architecture]}" "${checksums[$architecture]}"
