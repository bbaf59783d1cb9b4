# shellcheck shell=bash disable=SC2154
# Variables: snapshot restore_folder restored_file backup_target

if [ "$(cat "$restored_file" 2>/dev/null)" = "$snapshot" ]; then echo "##restored"; fi
if [ "$(cat "$restore_folder/ready" 2>/dev/null)" = "$snapshot" ]; then echo "##ready"; fi
if [ -n "$backup_target" ] && [ -e "$backup_target/$snapshot" ]; then echo "##has"; fi
