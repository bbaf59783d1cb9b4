# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: intended_file

[ ! -s "$intended_file" ] || { printf '##intended '; tr -d '\n' <"$intended_file"; echo; }
for _ in $(seq 1 10); do
  kubectl get --raw /readyz >/dev/null 2>&1 && echo "##api answers" && break
  sleep 2
done
true
