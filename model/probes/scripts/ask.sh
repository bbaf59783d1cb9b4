#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: questions at_once
# Uses: probes/scripts/exchange.sh
# Prelude: path
# Asks other machines for their ports, and prints a line `##answer NUMBER WORD SIZE` for each. Changes nothing.

set -u
# ask NUMBER KIND ADDRESS PORT MTU
ask() {
  local number=$1 answer
  case $2 in
    server) answer=$(serves "$3" "$4") ;;
    tcp) answer=$(exchange "$3" "$4" "$5") ;;
    udp) answer=$(datagrams "$3" "$4" "$5") ;;
  esac
  # One write: others print at the same time.
  printf '##answer %s %s\n' "$number" "$answer"
}
under_way=0
for question in "${questions[@]}"; do
  if [ "$under_way" -ge "$at_once" ]; then
    wait -n
    under_way=$((under_way - 1))
  fi
  # Words on purpose.
  # shellcheck disable=SC2086
  ask $question &
  under_way=$((under_way + 1))
done
wait
