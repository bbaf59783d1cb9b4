/**
 * Addresses that a host's firewall still lets in although the settings no longer have them: their Nodes run pods, and their
 * etcd members vote, until the steps that remove them have run, which is after every other host got its new rules.
 */
import { prelude } from "./shell";
import type { RenderedFile } from "../renderedFile";
import { configFolder, nodeScript } from "./paths";
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

/** `leaving_rules` turns `KIND ADDRESS` lines into `leavingFile`. */
function leavingRules(): string {
  return nodeScript("leaving-rules", {
    sets: Object.fromEntries(KINDS.map((kind) => [kind, leavingSet(kind)])),
  });
}

/**
 * Part of setup: whom the former rules let in and the new ones do not stays until `tightenScript` says that he is gone.
 * @param putAddresses shell text that writes `firewallAddresses`
 */
export function keepLeaving(putAddresses: string): string {
  const files = { members_file: addressesFile, leaving_file: leavingFile };
  return `${leavingRules()}${nodeScript("former-members", files)}${putAddresses}${nodeScript("keep-leaving", files)}`;
}

/** Run on a control-plane node: prints `##uses KIND ADDRESS` of every Node and every member of etcd; fails where one is not known. */
export function inUseScript(): string {
  return `${prelude()}${nodeScript("in-use")}`;
}

/** Reads what `inUseScript` printed: lines of `addressesFile`. */
export function inUse(output: string): string[] {
  return output.split("\n").flatMap((line) => /^##uses (\w+ [\d.]+)$/.exec(line)?.[1] ?? []);
}

/** Run on any host with the lines in use as standard input: closes the firewall for all others, and prints whom it still lets in. */
export function tightenScript(used: readonly string[]): string {
  return `${prelude()}${leavingRules()}${nodeScript("tighten", { leaving_file: leavingFile, used: used.join("\n") })}`;
}
