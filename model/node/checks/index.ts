/** What others put on a host, and what would stop a node there: looked at before the host becomes one. */
import { hostChecks } from "./host";
import { leftoverChecks } from "./leftovers";
import { resolverChecks } from "./resolvers";
import { nodeScript } from "../paths";
import { packetFilterReport } from "./packetFilters";
import { runtimeChecks } from "./runtime";
import type { HostCheckSpec, SetupMachine } from "../spec";

/** Defines `check_bare`, which setup runs too. An instance of AWS was made from an image a moment ago: nobody used it before. */
export function bareHostChecks(spec: HostCheckSpec, machine: SetupMachine): string {
  if (machine.role === "loadBalancer" || spec.fresh) return "check_bare() { :; }\n";
  return [
    hostChecks(spec),
    leftoverChecks(),
    runtimeChecks(),
    nodeScript("check-bare", { control_plane: machine.role === "controlPlane" }),
  ].join("");
}

/** What the preflight step alone asks: CoreDNS' settings are not setup's, and packet filters are judged where the answer arrives. */
export function preflightOnlyChecks(resolvConf: string | undefined, machine: SetupMachine): string {
  const resolvers = machine.role === "loadBalancer" ? "" : `${resolverChecks(resolvConf)}check_resolvers\n`;
  return `${resolvers}${packetFilterReport()}`;
}
