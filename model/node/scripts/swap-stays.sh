# shellcheck shell=bash

phase swap
echo "left as it is: the kubelet's failSwapOn is false"
