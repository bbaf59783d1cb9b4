# shellcheck shell=bash

# Into the journal. The prefix is a syslog level that systemd reads.
say() { echo "<5>$*"; }
