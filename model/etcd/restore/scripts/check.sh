# shellcheck shell=bash disable=SC2154
# Variables: snapshot restored_file

phase "restored cluster"
# Every Secret is decrypted by that.
said=$(kubectl get secrets --all-namespaces --output name 2>&1) || die "Secrets of the snapshot cannot be read: ${said##*$'\n'}. encryption.keys must name the keys of that time"
note "restored: $(grep -c . <<<"$said" || true) Secrets can be read"
echo "$snapshot" >"$restored_file"
sync "$restored_file"
