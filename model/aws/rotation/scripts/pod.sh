# shellcheck shell=bash disable=SC2154
# Variables: pod manifest begins slice

# Looks at a pod that runs a script on a node, and starts it first where asked to. One of an earlier run that still runs is waited for;
# what one that has ended did may be old, so it runs again.
in_system() { kubectl --namespace kube-system --request-timeout 20s "$@"; }
state() { in_system get pod "$pod" --ignore-not-found -o 'jsonpath={.status.phase}'; }
now=$(state)
if [ -n "$begins" ]; then
  case $now in
    Succeeded | Failed)
      in_system delete pod "$pod" --timeout 15s >/dev/null
      now=""
      ;;
  esac
  if [ -z "$now" ]; then
    in_system create -f - >/dev/null <<<"$manifest"
    now=Pending
  fi
fi
end=$((SECONDS + slice))
while [ "$SECONDS" -lt "$end" ] && { [ "$now" = Pending ] || [ "$now" = Running ]; }; do
  sleep 1
  now=$(state)
done
echo "##pod ${now:-Gone}"
case $now in
  Pending) in_system get pod "$pod" -o 'jsonpath={range .status.containerStatuses[*]}##waits {.state.waiting.reason} {.state.waiting.message}{"\n"}{end}' ;;
  Succeeded | Failed)
    # The kubelet answers again a moment after its restart.
    said() { log=$(in_system logs "$pod" 2>&1); }
    wait_for 60 2 said || log=$(in_system get pod "$pod" -o 'jsonpath={.status.containerStatuses[*].state.terminated.message}')
    printf '%s\n' "$log"
    ;;
esac
