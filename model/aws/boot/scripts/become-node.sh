# shellcheck shell=bash disable=SC2034,SC2154
# Uses: aws/node/scripts/provider-id.sh
# Variables: pool node_setup join_parameter join_template discovery_file least_validity name_token address_token
# Variables: credentials_timer lifecycle_unit joined_mark

# The boot script goes on here, with what it has: node, address, join_timeout, aws, phase, publish and die.
at_exit() { rm -f "$discovery_file"; }
fill() { sed "s/$name_token/$node/g; s/$address_token/$address/g" "$1"; }
phase "node setup"
fill "$node_setup" >/run/pulumi-kubeadm/node-setup
bash /run/pulumi-kubeadm/node-setup </dev/null

if [ ! -e /etc/kubernetes/kubelet.conf ]; then
  phase credential
  if [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.crt ]; then
    kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock
  fi
  fresh() { # asks for a credential; what cannot be read as one is none yet
    (umask 077 && aws parameter "$join_parameter" >"$discovery_file") || return 1
    sed -n 's/^ *client-certificate-data: *//p' "$discovery_file" | base64 -d 2>/dev/null |
      openssl x509 -noout -checkend "$least_validity" >/dev/null 2>&1
  }
  until fresh; do
    if [ "$SECONDS" -gt "$join_timeout" ]; then
      die "no join credential of pool $pool that is still good within $join_timeout s: do the control-plane nodes run, and their $credentials_timer?"
    fi
    sleep 5
  done
  phase join
  (umask 077 && fill "$join_template" >/run/pulumi-kubeadm/join.yaml)
  patch_provider_id
  kubeadm join --config /run/pulumi-kubeadm/join.yaml
fi

phase lifecycle
systemctl enable --now "$lifecycle_unit"
phase=joined
publish joined 0
touch "$joined_mark"
