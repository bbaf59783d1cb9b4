# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: node wanted_labels wanted_taints label_names taint_names given_annotations key_pattern template

phase "labels and taints of $node"
# given LIST PATTERN: an annotation's entries, a line each
given() { tr ',' '\n' <<<"$1" | grep -xE "$2" || true; }
label_and_taint() {
  local seen version labels taints name rest patch wanted="$wanted_labels" list="$wanted_taints"
  seen=$(kubectl get node "$node" -o "go-template=$template") || return 1
  { read -r version; read -r labels; read -r taints; rest=$(cat); } <<<"$seen"
  while read -r name; do
    if [ -n "$name" ] && ! grep -qxF -e "$name" <<<"$label_names"; then wanted+=',"'"$name"'":null'; fi
  done < <(given "$labels" "$key_pattern")
  taints=$(given "$taints" "$key_pattern:(NoSchedule|PreferNoSchedule|NoExecute)")
  while read -r name patch; do
    if [ -n "$name" ] && ! grep -qxF -e "$name" <<<"$taints"$'\n'"$taint_names"; then list+=",$patch"; fi
  done <<<"$rest"
  patch=$(printf '{"metadata":{"resourceVersion":"%s","labels":{%s},"annotations":{%s}},"spec":{"taints":[%s]}}' "$version" "${wanted#,}" "$given_annotations" "${list#,}")
  kubectl patch node "$node" --type merge --patch "$patch" 2>&1
}
labelled() { said=$(label_and_taint); }
retry 60 2 labelled || die "node $node did not get its labels and taints, none of them; the next run of up gives them: $said"
