# shellcheck shell=bash disable=SC2016,SC2034,SC2154

phase "rewriting Secrets"
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
# What others change meanwhile is tried again.
# rewrite NAMESPACE: 0 done; 1 some were changed by others meanwhile, which encrypted them with the new key; 2 refused.
rewrite() {
  kubectl --namespace "$1" get secrets -o json >"$work/secrets" 2>"$work/errors" || return 2
  kubectl replace -f "$work/secrets" >/dev/null 2>"$work/said" && return 0
  grep -vE '^(Warning:|Error from server \((Conflict|NotFound)\):|error: no objects passed to replace|$)' "$work/said" >"$work/errors" && return 2
  grep -q '^Error from server (Conflict)' "$work/said" || return 0
  return 1
}
rewritten() {
  status=0
  rewrite "$namespace" </dev/null || status=$?
  [ "$status" -eq 0 ]
}
kubectl get namespaces -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' >"$work/namespaces"
count=0
while read -r namespace; do
  retry 10 1 rewritten || [ "$status" -ne 2 ] || die "Secrets of namespace $namespace cannot be encrypted with the new key, so the old keys stay: $(head -n 3 "$work/errors" | paste -sd ' ')"
  count=$((count + 1))
done <"$work/namespaces"
note "the Secrets of $count namespaces are encrypted with the new key"
