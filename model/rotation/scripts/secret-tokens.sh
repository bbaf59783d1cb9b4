# shellcheck shell=bash disable=SC2154
# Uses: rotation/scripts/key-of.sh
# Variables: key_id

# Tokens in Secrets have no end: the controller manager makes a new one where it is missing.
phase "tokens in Secrets"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
stale=0
look() {
  local namespace name token
  stale=0
  kubectl get secrets --all-namespaces --field-selector type=kubernetes.io/service-account-token \
    -o go-template='{{range .items}}{{.metadata.namespace}} {{.metadata.name}} {{with .data}}{{with .token}}{{.}}{{end}}{{end}}{{"\n"}}{{end}}' >"$work/secrets" 2>/dev/null || return 1
  while read -r namespace name token; do
    [ "$(base64 -d <<<"$token" 2>/dev/null | key_of)" != "$key_id" ] || continue
    stale=$((stale + 1))
    [ -z "$token" ] || kubectl --namespace "$namespace" patch secret "$name" --type json --patch '[{"op":"remove","path":"/data/token"}]' >/dev/null 2>&1 || true
  done <"$work/secrets"
  [ "$stale" -eq 0 ]
}
wait_for 120 2 look || die "$stale Secrets of type kubernetes.io/service-account-token still have a token of the old key, or none: does their ServiceAccount exist?"
