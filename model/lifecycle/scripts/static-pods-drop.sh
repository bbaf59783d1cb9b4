# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: pods pods_prefix pods_folder

for old in "$pods_prefix"*.yaml; do
  [[ $'\n'"$(printf '%s\n' "${pods[@]}")"$'\n' == *$'\n'"$old"$'\n'* ]] || rm -f "$old"
done
if [ "${#pods[@]}" -gt 0 ]; then
  phase "static pods"
  mkdir -p "$pods_folder"
fi
