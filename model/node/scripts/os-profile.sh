# shellcheck shell=bash disable=SC2154,SC2034
# Variables: package_managers nginx_modules_of packages_of

# What the family that was found has.
package_manager=${package_managers[$os_family]}
nginx_modules=${nginx_modules_of[$os_family]}
declare -A package_of
for key in "${!packages_of[@]}"; do
  if [ "${key%/*}" = "$os_family" ]; then package_of[${key#*/}]=${packages_of[$key]}; fi
done
