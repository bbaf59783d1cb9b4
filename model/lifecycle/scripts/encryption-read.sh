# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: encryption_file rewrite_mark mark_line

[ -e "$encryption_file" ] && cat "$encryption_file"
if [ -e "$rewrite_mark" ]; then echo "${mark_line}yes"; else echo "${mark_line}no"; fi
