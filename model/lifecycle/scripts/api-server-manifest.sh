# shellcheck shell=bash disable=SC2154
# Variables: undo

# The manifest that the API server gets back, where a change was cut off: the next step puts it back first, and the file may be away.
api_server_manifest() {
  local file=/etc/kubernetes/manifests/kube-apiserver.yaml
  if [ -e "$undo/was$file" ]; then file=$undo/was$file; fi
  echo "$file"
}
