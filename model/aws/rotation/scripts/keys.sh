# shellcheck shell=bash disable=SC2154
# Variables: program path

# AWS verifies tokens of pods by the issuer's documents and knows no other key, so the new one is there before it signs.
phase "public keys of both service-account keys at the issuer"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
read_keys() { kubectl get --raw "/$path" >"$work/keys" 2>/dev/null && kubectl get --raw /.well-known/openid-configuration >"$work/discovery" 2>/dev/null; }
wait_for 120 2 read_keys || die "the API server does not say which keys it accepts (/$path)"
python3 -I -c "$program" putDocument "$work/discovery" "$path" <"$work/keys"
