#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: program
# Runs a program in Python, where a host has one.

for python in python3 /usr/libexec/platform-python; do
  if command -v "$python" >/dev/null; then exec "$python" -IBc "$program"; fi
done
echo "##nopython"
