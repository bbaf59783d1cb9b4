# shellcheck shell=bash disable=SC2154
# Variables: changed_by_key undo_folder node

# mark_maps NAME...: ConfigMaps as written by the change that is under way.
mark_maps() { kubectl --namespace kube-system annotate --overwrite configmap "$@" "$changed_by_key=$(cat "$undo_folder/id" 2>/dev/null || echo "$node")" >/dev/null || true; }
