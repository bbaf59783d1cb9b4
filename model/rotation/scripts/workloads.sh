# shellcheck shell=bash disable=SC2016,SC2154
# Variables: mark_key mark keep_key within

# Programs read their CA when they start, so whatever asks the API from a pod restarts while both are trusted.
phase "restart of workloads that ask the API"
# Fields may be empty, and `read` takes tabs that follow each other for one.
work=$(mktemp -d /run/pulumi-kubeadm.XXXXXX)
at_exit() { rm -rf "$work"; }
owners='{{$owner := "\t"}}{{range .metadata.ownerReferences}}{{if .controller}}{{$owner = printf "%s\t%s" .kind .name}}{{end}}{{end}}{{$owner}}'
kubectl get pods --all-namespaces -o go-template='{{range .items}}{{$token := ""}}{{range .spec.volumes}}{{with .projected}}{{range .sources}}{{if .serviceAccountToken}}{{$token = "yes"}}{{end}}{{end}}{{end}}{{end}}{{if $token}}{{.metadata.namespace}}{{"\t"}}'"$owners"'{{"\t"}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}' >"$work/pods"
kubectl get replicasets --all-namespaces -o go-template='{{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{"\t"}}'"$owners"'{{"\n"}}{{end}}' >"$work/sets"
{
  read_kind() {
    kubectl get "$1" --all-namespaces -o go-template="{{range .items}}{{.metadata.namespace}}|$2|{{.metadata.name}}|{{with .spec.template.metadata.annotations}}{{with index . \"$mark_key\"}}{{if eq . \"$mark\"}}marked{{end}}{{end}}{{end}}|{{with .metadata.annotations}}{{with index . \"$keep_key\"}}{{if eq . \"keep\"}}keep{{end}}{{end}}{{end}}|$3{{\"\\n\"}}{{end}}"
  }
  read_kind deployments Deployment '{{.spec.replicas}} {{or .status.readyReplicas 0}}|'
  read_kind daemonsets DaemonSet '{{.status.desiredNumberScheduled}} {{.status.numberReady}}|{{.spec.updateStrategy.type}}'
  read_kind statefulsets StatefulSet '{{.spec.replicas}} {{or .status.readyReplicas 0}}|{{.spec.updateStrategy.type}}'
} >"$work/workloads"
# namespace, kind and name of what owns a pod with a token; a pod without such an owner is told.
awk -F '\t' -v OFS='|' 'NR == FNR { kind[$1] = $2; name[$1] = $3; next }
  $2 == "ReplicaSet" && ($1 "/" $3) in kind && kind[$1 "/" $3] != "" { print $1, kind[$1 "/" $3], name[$1 "/" $3], $4; next }
  { print $1, $2, $3, $4 }' "$work/sets" "$work/pods" >"$work/owned"
: >"$work/waits"
while IFS='|' read -r namespace kind name marked kept ready strategy; do
  grep -qF "$namespace|$kind|$name|" "$work/owned" || continue
  if [ "$kept" = keep ]; then
    note "$kind $namespace/$name keeps running, because its annotation $keep_key is keep"
    continue
  fi
  if [ "$strategy" = OnDelete ]; then
    note "$kind $namespace/$name keeps running, because its update strategy is OnDelete: delete its pods when it suits you"
    continue
  fi
  [ -n "$marked" ] || kubectl --namespace "$namespace" patch "$kind" "$name" --type merge \
    --patch '{"spec":{"template":{"metadata":{"annotations":{"'"$mark_key"'":"'"$mark"'"}}}}}' >/dev/null
  read -r wanted now <<<"$ready"
  printf '%s|%s|%s|%s\n' "$namespace" "$kind" "$name" "$([ "$wanted" = "$now" ] && echo well || echo ill)" >>"$work/waits"
done <"$work/workloads"
while IFS='|' read -r namespace kind name pod; do
  case $kind in
    Deployment | DaemonSet | StatefulSet) ;;
    Node) ;;
    *) note "pod $namespace/$pod keeps running, because no Deployment, DaemonSet or StatefulSet would create it again" ;;
  esac
done <"$work/owned"
end=$((SECONDS + within))
while IFS='|' read -r namespace kind name before; do
  left=$((end - SECONDS))
  if ! kubectl --namespace "$namespace" rollout status "$kind/$name" --timeout "$((left > 1 ? left : 1))s" >"$work/said" 2>&1 </dev/null; then
    [ "$before" = ill ] || die "$kind $namespace/$name is not ready $within s after its restart: $(tail -n 1 "$work/said"). Nothing is signed by the new CAs yet. Mend it and run up again"
    note "$kind $namespace/$name was not ready before its restart either; continuing"
  fi
done <"$work/waits"
rm -rf "$work"
