# shellcheck shell=bash disable=SC2154
# Variables: snapshot restore_folder restored_file

phase "kubelet after the restore"
# Its Node may be younger than the snapshot: it registers only when it starts.
systemctl restart kubelet
rm -rf "$restore_folder"
# In place of the name of an earlier one: that one may be wanted again.
echo "$snapshot" >"$restored_file"
