# shellcheck shell=bash disable=SC2154,SC2034
# Variables: restore_folder

phase "restored data"
install -d -m 0700 /var/lib/etcd
# A copy: a run that is cut off from here on begins again with what was prepared.
cp -a "$restore_folder/data/member" /var/lib/etcd/member
sync -f /var/lib/etcd
mount=(--ignore-preflight-errors=DirAvailable--var-lib-etcd)
