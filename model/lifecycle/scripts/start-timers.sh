# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: timers

systemctl daemon-reload
for timer in "${timers[@]}"; do systemctl enable --now "$timer"; done
