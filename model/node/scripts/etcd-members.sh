# shellcheck shell=bash disable=SC2154
# Uses: node/scripts/etcd.sh

find_etcd || die "no etcd runs here"
for round in $(seq 1 6); do
  [ "$round" = 1 ] || sleep 5
  answer=yes
  if ! list=$(etcdctl member list 2>&1); then answer=""; continue; fi
  # Its exit status says that one of them is not well, which is not a failure of the question.
  health=$(etcdctl endpoint health --cluster 2>/dev/null || true)
  [ "$(grep -c ' is healthy' <<<"$health" || true)" -lt "$(wc -l <<<"$list")" ] || break
done
[ -n "$answer" ] || die "etcd does not answer: $(tail -n 1 <<<"$list")"
mapfile -t lines <<<"$list"
printf '##member %s\n' "${lines[@]}"
sed -n 's/^\(.*\) is healthy.*/##healthy \1/p' <<<"$health"
