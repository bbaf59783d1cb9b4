# shellcheck shell=bash disable=SC2154,SC2034
# Variables: members_file leaving_file

former=$({ cat "$members_file"; sed -n 's/^# //p' "$leaving_file"; } 2>/dev/null || true)
