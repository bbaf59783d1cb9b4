# shellcheck shell=bash disable=SC2154
# Variables: snapshot restore_folder backup_program

# Nothing of the cluster is touched here: what can fail with the snapshot fails now.
phase "snapshot $snapshot"
if [ "$(cat "$restore_folder/ready" 2>/dev/null)" = "$snapshot" ]; then
  echo "it is here already"
else
  rm -rf "$restore_folder/ready" "$restore_folder/data" "$restore_folder/snapshot.db"
  install -d -m 0700 "$restore_folder"
  said=$("$backup_program" fetch "$snapshot" "$restore_folder/snapshot.db" 2>&1 >"$restore_folder/header.json") || die "${said##*$'\n'}"
fi
