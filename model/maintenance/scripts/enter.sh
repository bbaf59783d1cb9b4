#!/usr/bin/env bash
# shellcheck disable=SC2154
# Variables: lock_program lock_words
# Prelude: path

[ ! -x "$lock_program" ] || "$lock_program" "${lock_words[@]}"
