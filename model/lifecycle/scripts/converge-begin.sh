# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: kubeconfig

export KUBECONFIG=$kubeconfig
phase "configuration"
