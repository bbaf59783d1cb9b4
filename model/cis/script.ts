import { script } from "../core/script";
import { STRONG_CIPHERS } from "../kubeadm/ciphers";
import { CHECKS, type Place } from "./checks";

/**
 * A read-only script that says of each check on the host where root runs it: `pass`, `fail`, `left` (fails, and why the
 * library leaves it) or `people` (who judge). Its exit status is 1 where one fails.
 */
export function cisScript(): string {
  const words = (place: Place): string[] =>
    CHECKS[place].flatMap(({ id, what, reason = "", test = "" }) => [id, what, reason, test]);
  return script("cis/scripts/cis.sh", {
    strong_ciphers: STRONG_CIPHERS,
    control_plane_checks: words("controlPlane"),
    node_checks: words("node"),
  });
}
