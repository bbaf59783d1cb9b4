# shellcheck shell=bash disable=SC2154
# Uses: node/scripts/etcd.sh

find_etcd || die "no etcd runs here"
all_healthy() {
  answer=""
  list=$(etcdctl member list 2>&1) || return 1
  answer=yes
  # Its exit status says that one of them is not well, which is not a failure of the question.
  health=$(etcdctl endpoint health --cluster 2>/dev/null || true)
  [ "$(grep -c ' is healthy' <<<"$health" || true)" -ge "$(wc -l <<<"$list")" ]
}
retry 6 5 all_healthy || true
[ -n "$answer" ] || die "etcd does not answer: $(tail -n 1 <<<"$list")"
mapfile -t lines <<<"$list"
printf '##member %s\n' "${lines[@]}"
sed -n 's/^\(.*\) is healthy.*/##healthy \1/p' <<<"$health"
