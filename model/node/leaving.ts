/**
 * Addresses that a host's firewall still lets in although the settings no longer have them: their Nodes run pods, and their
 * etcd members vote, until the steps that remove them have run, which is after every other host got its new rules.
 */
import { etcdFunctions } from "./etcd";
import { prelude } from "./shell";
import type { RenderedFile } from "../renderedFile";
import { configFolder, firewallUnit } from "./paths";
import { longAddresses } from "./shortAddresses";
import type { FirewallSpec } from "./spec";

/** As `Source` of flows: who has an address that machines are let in by. */
const KINDS = ["node", "controlPlane", "loadBalancer"] as const;
export type LeavingKind = (typeof KINDS)[number];

/** Every machine of the settings, one `KIND ADDRESS` a line; what the next setup compares with. */
const addressesFile = `${configFolder}/firewall-addresses`;
/** Loaded after the rules. Its comments are lines of `addressesFile` that the settings no longer have. */
export const leavingFile = `${configFolder}/firewall-leaving.nft`;

export function leavingSet(kind: LeavingKind): string {
  return `leaving_${kind.toLowerCase()}`;
}

export function isLeavingKind(source: string): source is LeavingKind {
  return KINDS.some((kind) => kind === source);
}

export function leavingSets(): string {
  return KINDS.map((kind) => `  set ${leavingSet(kind)} { type ipv4_addr; }\n`).join("");
}

export function firewallAddresses({ machines }: Pick<FirewallSpec, "machines">): RenderedFile {
  const lines = KINDS.flatMap((kind) =>
    longAddresses(machines[kind]).map((address) => `${kind} ${address}\n`),
  );
  return { path: addressesFile, mode: "0644", content: [...new Set(lines)].sort().join("") };
}

/** A shell function that turns `KIND ADDRESS` lines into `leavingFile`. */
function leavingRules(table: string): string {
  const cases = KINDS.map((kind) => `    ${kind}) set=${leavingSet(kind)} ;;\n`).join("");
  return `leaving_rules() {
  local kind address set
  while read -r kind address; do
    case $kind in
${cases}    *) continue ;;
    esac
    printf '# %s %s\\nadd element ${table} %s { %s }\\n' "$kind" "$address" "$set" "$address"
  done
}
`;
}

/**
 * Part of setup: whom the former rules let in and the new ones do not stays until `tightenScript` says that he is gone.
 * @param putAddresses shell text that writes `firewallAddresses`
 */
export function keepLeaving(table: string, putAddresses: string): string {
  return `${leavingRules(table)}former=$({ cat ${addressesFile}; sed -n 's/^# //p' ${leavingFile}; } 2>/dev/null || true)
${putAddresses}put ${leavingFile} 0644 firewall-rules < <(grep -vxFf ${addressesFile} <<<"$former" | sort -u | leaving_rules)
`;
}

/** Run on a control-plane node: prints `##uses KIND ADDRESS` of every Node and every member of etcd; fails where one is not known. */
export function inUseScript(): string {
  return `${prelude()}${etcdFunctions()}
nodes=$(kubectl get nodes -o 'jsonpath={range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}') || die "the API did not answer"
if ! find_etcd || ! list=$(etcdctl member list); then die "etcd does not answer"; fi
while read -r address; do [ -z "$address" ] || echo "##uses node $address"; done <<<"$nodes"
sed -n 's|^.*, https://\\([0-9.]*\\):2380, .*$|##uses controlPlane \\1|p' <<<"$list"
`;
}

/** Reads what `inUseScript` printed: lines of `addressesFile`. */
export function inUse(output: string): string[] {
  return output.split("\n").flatMap((line) => /^##uses (\w+ [\d.]+)$/.exec(line)?.[1] ?? []);
}

/** Run on any host with the lines in use as standard input: closes the firewall for all others, and prints whom it still lets in. */
export function tightenScript(table: string, used: readonly string[]): string {
  return `${prelude()}
[ -s ${leavingFile} ] || exit 0
${leavingRules(table)}used=$(cat <<'END'
${used.join("\n")}
END
)
stay=$(sed -n 's/^# //p' ${leavingFile} | grep -xF "$used" || true)
leaving_rules <<<"$stay" >${leavingFile}.new
if ! cmp -s ${leavingFile}.new ${leavingFile}; then
  mv -f ${leavingFile}.new ${leavingFile}
  if systemctl is-active --quiet ${firewallUnit}; then systemctl reload ${firewallUnit}; fi
fi
rm -f ${leavingFile}.new
[ -z "$stay" ] || echo "##stay $(paste -sd ';' <<<"$stay")"
`;
}
