# shellcheck shell=bash disable=SC2154,SC2034
# Variables: used leaving_file firewall_unit

[ -s "$leaving_file" ] || exit 0
stay=$(sed -n 's/^# //p' "$leaving_file" | grep -xF "$used" || true)
leaving_rules <<<"$stay" >"$leaving_file".new
if ! cmp -s "$leaving_file".new "$leaving_file"; then
  sync "$leaving_file".new
  cp -p "$leaving_file" "$leaving_file".former
  mv -f "$leaving_file".new "$leaving_file"
  # The file says what is loaded, or the next run would find nothing to do.
  if systemctl is-active --quiet "$firewall_unit" && ! systemctl reload "$firewall_unit"; then
    mv -f "$leaving_file".former "$leaving_file"
    die "$firewall_unit does not take its new rules"
  fi
  rm -f "$leaving_file".former
fi
rm -f "$leaving_file".new
[ -z "$stay" ] || echo "##stay $(paste -sd ';' <<<"$stay")"
