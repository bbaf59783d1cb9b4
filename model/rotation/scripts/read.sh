# shellcheck shell=bash disable=SC2154
# Variables: pki rotation_file

# What the host trusts and signs with: certificates, and of private keys no more than the hash of their public half.
public() { openssl pkey -in "$1" -pubout -outform DER 2>/dev/null | sha256sum | cut -d ' ' -f 1; }
for name in ca etcd/ca front-proxy-ca; do
  if [ -s "$pki/$name.crt" ]; then printf '##trusted %s %s\n' "$name" "$(base64 -w 0 <"$pki/$name.crt")"; fi
  if [ -s "$pki/$name.key" ]; then printf '##signer %s %s\n' "$name" "$(public "$pki/$name.key")"; fi
done
if [ -s "$pki/sa.pub" ]; then printf '##trusted sa %s\n' "$(base64 -w 0 <"$pki/sa.pub")"; fi
if [ -s "$rotation_file" ]; then printf '##record %s\n' "$(tr -d '\n' <"$rotation_file")"; fi
