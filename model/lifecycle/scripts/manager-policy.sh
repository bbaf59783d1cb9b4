# shellcheck shell=bash

# policy MANAGER: which one it has.
policy() { sed -n 's/.*"policyName": *"\([^"]*\)".*/\1/p' "/var/lib/kubelet/$1_manager_state" 2>/dev/null || true; }
