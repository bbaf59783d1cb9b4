# shellcheck shell=bash disable=SC2154
# Variables: own_packages

# Packages that people name; one that is there is left in its version.
is_installed() {
  case $package_manager in
    apt) [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    dnf) rpm --query --quiet --whatprovides "$1" ;;
  esac
}
missing=()
for package in "${own_packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then install_packages "${missing[@]}"; fi
