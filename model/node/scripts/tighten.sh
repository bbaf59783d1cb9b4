# shellcheck shell=bash disable=SC2154,SC2034
# Variables: used leaving_file firewall_unit

[ -s "$leaving_file" ] || exit 0
stay=$(sed -n 's/^# //p' "$leaving_file" | grep -xF "$used" || true)
leaving_rules <<<"$stay" >"$leaving_file".new
if ! cmp -s "$leaving_file".new "$leaving_file"; then
  sync "$leaving_file".new
  mv -f "$leaving_file".new "$leaving_file"
  if systemctl is-active --quiet "$firewall_unit"; then systemctl reload "$firewall_unit"; fi
fi
rm -f "$leaving_file".new
[ -z "$stay" ] || echo "##stay $(paste -sd ';' <<<"$stay")"
