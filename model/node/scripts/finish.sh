# shellcheck shell=bash disable=SC2154

phase finished
reload_units
# Marks of units that this setup no longer has.
rm -f "$pending"/*
