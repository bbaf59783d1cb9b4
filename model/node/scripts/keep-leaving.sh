# shellcheck shell=bash disable=SC2154,SC2034
# Variables: members_file leaving_file

put "$leaving_file" 0644 firewall-rules < <(grep -vxFf "$members_file" <<<"$former" | sort -u | leaving_rules)
