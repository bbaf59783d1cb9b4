# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# Variables: component_folders kept_files

for folder in "${component_folders[@]}"; do
  for old in "$folder"/*; do
    [[ $'\n'"$(printf '%s\n' "${kept_files[@]}")"$'\n' == *$'\n'"$old"$'\n'* ]] || rm -f "$old"
  done
done
