#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: kind group counted selector node machine step run_id target folder upgrading well_with max_unavailable grace silence
# Variables: first_for stuck_for tell_every line_held line_waits line_failed line_blocked line_blind silent_status intended_file leaves leaving_taint
# Prelude: path

set -u
umask 077
export KUBECONFIG=/etc/kubernetes/admin.conf
mkdir -p "$folder/holders"
held=$folder/holders/$machine
up() { local seconds rest; read -r seconds rest </proc/uptime; echo "${seconds%.*}"; }
mine() {
  local seen who of rest
  [ -s "$held" ] && read -r seen who of rest <"$held" && [ "$of" = "$step" ]
}
write() { echo "$(up) $machine $step $node $group $alone $run_id $kind" >"$folder/new" && mv -f "$folder/new" "$held"; }
# The machine whose change failed in this run, if one did
failed() {
  local of who
  [ -s "$folder/failed" ] && read -r of who <"$folder/failed" && [ "$of" = "$run_id" ] && echo "$who"
}
# holders: the nodes of other machines that have a lock which counts here; `single`: one of them goes alone. A node that an earlier run
# drained counts by its mark, so its lock need not be waited for.
holders() {
  local file seen who of its_node its_group its_alone its_run its_kind
  others=() single=""
  for file in "$folder"/holders/*; do
    if ! { [ -s "$file" ] && read -r seen who of its_node its_group its_alone its_run its_kind <"$file"; }; then continue; fi
    if [ "$who" = "$machine" ] || [ $(($(up) - seen)) -ge "$grace" ]; then continue; fi
    case $its_group in "$counted" | "$counted".*) ;; *) continue ;; esac
    if [ "$kind" = drain ] && [ "$its_kind" = drain ] && [ "$its_run" != "$run_id" ]; then continue; fi
    others+=("$its_node")
    [ "$its_alone" = no ] || single=yes
  done
}
# one_of NAME NAMES...
one_of() {
  local name=$1 other
  shift
  for other; do [ "$other" != "$name" ] || return 0; done
  return 1
}
# What the settings have by now. A node that they do not have is on its way out.
declared=$(grep -o '"nodeName":"[^"]*"' "$intended_file" 2>/dev/null)
is_declared() { [ -z "$declared" ] || grep -qxF "\"nodeName\":\"$1\"" <<<"$declared"; }
template='{{range .items}}{{.metadata.name}}|{{with .metadata.annotations}}{{if index . "'$upgrading'"}}yes{{end}}{{end}}|'
template+='{{with .metadata.annotations}}{{with index . "'$well_with'"}}{{if eq . "'$target'"}}yes{{end}}{{end}}{{end}}|'
template+='{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True")}}yes{{end}}{{end}}{{"\n"}}{{end}}'
nodes() { kubectl --request-timeout 10s get nodes --selector "$selector" -o "go-template=$template" 2>/dev/null; }
# look: what the API says of the nodes that count. Others that an earlier run left (`left`) or that are not Ready (`unready`);
# whether this one is among them (`marked`, `away`); whether one is well with what this change brings (`tried`). A node that leaves
# and is away for good (`going`) keeps nobody waiting: its own step may come after all others. Its step's lock counts.
look() {
  local rows name mark well ready there=""
  rows=$(nodes) || return 1
  total=0 left=() unready=() going=() marked="" away="" tried=""
  while IFS='|' read -r name mark well ready; do
    [ -n "$name" ] || continue
    total=$((total + 1))
    if [ "$name" = "$node" ]; then
      there=yes marked=$mark
      if [ -n "$mark" ] || [ -z "$ready" ]; then away=yes; fi
    elif { [ -n "$mark" ] || [ -z "$ready" ]; } && ! is_declared "$name"; then
      total=$((total - 1))
      [ -z "$mark" ] || going+=("$name")
    elif [ -n "$mark" ]; then
      left+=("$name")
    elif [ -z "$ready" ]; then
      unready+=("$name")
    elif [ -n "$well" ]; then
      tried=yes
    fi
  done <<<"$rows"
  if [ -n "$leaves" ] && [ -z "$there" ]; then away=yes; fi
}
# bound TOTAL: how many may be unavailable: a share is rounded down, as Deployments have it, and one may always be.
bound() {
  local count
  case $max_unavailable in
    *%) count=$(($1 * ${max_unavailable%\%} / 100)) ;;
    *) count=$max_unavailable ;;
  esac
  if [ "$count" -ge 1 ]; then echo "$count"; else echo 1; fi
}
# unavailable: how many others are, or are about to be
unavailable() {
  local name count=${#others[@]}
  for name in "${left[@]}" "${unready[@]}"; do one_of "$name" "${others[@]}" || count=$((count + 1)); done
  echo "$count"
}
# to_go_first: whether a node that an earlier run left, and that no step has yet, is to have the lock before this one
to_go_first() {
  local name
  if [ -n "$marked" ] || [ "$SECONDS" -ge "$first_for" ]; then return 1; fi
  for name in "${left[@]}"; do one_of "$name" "${others[@]}" || return 0; done
  if [ -n "$leaves" ]; then
    for name in "${going[@]}"; do one_of "$name" "${others[@]}" || return 0; done
  fi
  return 1
}
# mark: says in the API that the node is unavailable, before it is, and takes it back where a step elsewhere said so of another at
# the same time: a lock on this host is lost with the host, and another control-plane node may keep locks too.
mark() {
  local before=("${left[@]}" "${unready[@]}" "${going[@]}") name after=uncordon cordoned
  [ -z "$marked" ] || return 0
  if ! cordoned=$(kubectl get node "$node" -o 'jsonpath={.spec.unschedulable}' 2>/dev/null); then
    # A job of a run that was killed has deleted it, or people have: nothing is taken away, and the step says what it finds.
    after=$(kubectl get node "$node" --ignore-not-found -o name 2>/dev/null) && [ -z "$after" ]
    return
  fi
  [ "$cordoned" != true ] || after=stay
  kubectl annotate node "$node" "$upgrading=$after" >/dev/null 2>&1 || return 1
  if look; then
    for name in "${left[@]}" "${going[@]}"; do
      if ! one_of "$name" "${before[@]}"; then
        unmark
        # The other one has found the same, and must not come back at the same moment.
        sleep "0.$((RANDOM % 10))"
        return 1
      fi
    done
    return 0
  fi
  unmark
  return 1
}
unmark() { kubectl annotate node "$node" "$upgrading-" >/dev/null 2>&1 || true; }
# may_drain: `alone` says whether the step goes alone. The first node that gets a change, and one that an earlier run left, do; a node that
# leaves does not, since no other one gets what it gets.
may_drain() {
  [ -z "$single" ] || return 1
  case $max_unavailable in
    *%) ;;
    *) [ "${#others[@]}" -lt "$max_unavailable" ] || return 1 ;;
  esac
  look || { blind=yes; return 1; }
  limit=$(bound "$total")
  alone=yes
  if [ -n "$leaves" ] || { [ -n "$tried" ] && [ -z "$marked" ]; }; then alone=no; fi
  if [ "$alone" = yes ] && [ "${#others[@]}" -gt 0 ]; then return 1; fi
  [ "${#others[@]}" -lt "$limit" ] || return 1
  ! to_go_first || return 1
  # A node that is unavailable makes no other one so.
  if [ -z "$away" ] && [ "$(unavailable)" -ge "$limit" ]; then
    [ "${#others[@]}" -gt 0 ] || stuck=yes
    return 1
  fi
  mark
}
may_change() {
  [ "${#others[@]}" -lt "$(bound "$total")" ]
}
# take: what an earlier step of the machine had is this one's at once. A change may have failed since this step asked.
take() {
  ! failed >/dev/null || return 1
  holders
  alone=no stuck="" blind="" left=() unready=()
  "may_$kind" || return 1
  write
}
# renew: not after the time in which the step could come back: others may have looked at the lock as given back by then.
renew() {
  local seen who of its_node its_group its_run
  mine && read -r seen who of its_node its_group alone its_run <"$held" && [ $(($(up) - seen)) -lt "$grace" ] && write
}
give_back() { ! mine || rm -f "$held"; }
# by_itself COMMAND: no other script looks at the files meanwhile. In a subshell, so what is found out goes by a file.
by_itself() { (flock 9 && "$@") 9>"$folder/lock"; }
# take_or_tell: what keeps the step waiting, and whether somebody works on it, goes by files.
take_or_tell() {
  take && return
  [ -z "$stuck" ] || echo "$line_blocked$limit $total ${unready[*]:-}|${left[*]:-}" >"$told_by"
  [ -z "$blind" ] || echo "$line_blind" >"$told_by"
  if [ "${#others[@]}" -gt 0 ]; then echo "${others[*]}"; else echo "${left[*]:-} ${unready[*]:-}"; fi >"$waits_by"
  return 1
}
refused() {
  local who
  who=$(failed) && echo "$line_failed$who"
}
# The first node that has a change and is well lets the others have it too.
remember_well() { [ "$kind" != drain ] || [ -n "$leaves" ] || kubectl annotate --overwrite node "$node" "$well_with=$target" >/dev/null 2>&1 || true; }
# Pods that move away meanwhile had better not go to a node that is to leave next.
prefer_others() { [ -z "$leaves" ] || kubectl taint node "$node" --overwrite "$leaving_taint" >/dev/null 2>&1 || true; }
own_mark() { kubectl get node "$node" -o 'go-template={{with .metadata.annotations}}{{with index . "'"$upgrading"'"}}{{.}}{{end}}{{end}}' 2>/dev/null; }
is_cordoned() { [ "$(kubectl get node "$node" -o 'jsonpath={.spec.unschedulable}' 2>/dev/null)" = true ]; }
# stays: a node that does not leave after all takes pods again. What keeps them away that was there before stays, and so does a mark while the
# node is cordoned.
stays() {
  [ -n "$leaves" ] || return 0
  kubectl taint node "$node" "$leaving_taint-" >/dev/null 2>&1 || true
  [ -z "$marked_before" ] || return 0
  if [ "$(own_mark)" = stay ] || ! is_cordoned; then unmark; fi
}
# hear SECONDS: waits for a line of the step
hear() {
  local said="" status=0
  read -r -t "$1" said || status=$?
  case $said in
    done | failed)
      if [ "$said" = failed ]; then echo "$run_id $machine" >"$folder/failed"; else remember_well; fi
      by_itself give_back
      [ "$said" != failed ] || stays
      exit 0
      ;;
  esac
  # Its end, and not the time that is up.
  if [ "$status" -ne 0 ] && [ "$status" -le 128 ]; then exit "$silent_status"; fi
  return "$status"
}
total=0 marked_before=""
if [ -n "$leaves" ]; then marked_before=$(own_mark); fi
if [ "$kind" = change ]; then look || true; fi
told_by=$folder/stuck.$step waits_by=$folder/waits.$step
trap 'rm -f "$told_by" "$waits_by"' EXIT
claim() {
  local told="" stuck_since="" names
  until by_itself renew; do
    if refused; then stays; exit 0; fi
    rm -f "$told_by" "$waits_by"
    if by_itself take_or_tell; then break; fi
    if refused; then stays; exit 0; fi
    if [ ! -e "$told_by" ]; then
      stuck_since=""
    elif [ $((SECONDS - ${stuck_since:=$SECONDS})) -ge "$stuck_for" ]; then
      cat "$told_by"
      stays
      exit 0
    fi
    if [ -z "$told" ] || [ $((SECONDS - told)) -ge "$tell_every" ]; then
      names=""
      read -r names <"$waits_by" || true
      echo "$line_waits${names:+ $names}"
      [ -n "$told" ] || prefer_others
      told=$SECONDS
    fi
    hear 1
  done
  echo "$line_held"
}
claim
while :; do
  hear "$silence" || exit "$silent_status"
  by_itself renew || claim
done
