/** What others put on a host, and what would stop a node there: looked at before the host becomes one. */
import { hostChecks } from "./host";
import { leftoverChecks, ourFile } from "./leftovers";
import { resolverChecks } from "./resolvers";
import { kubeletConfigFile } from "../paths";
import { packetFilterReport } from "./packetFilters";
import { runtimeChecks } from "./runtime";
import type { HostCheckSpec, SetupMachine } from "../spec";

/** Defines `check_bare`, which setup runs too. An instance of AWS was made from an image a moment ago: nobody used it before. */
export function bareHostChecks(spec: HostCheckSpec, machine: SetupMachine): string {
  if (machine.role === "loadBalancer" || spec.fresh) return "check_bare() { :; }\n";
  const checks = [
    "check_cgroups",
    "check_programs",
    "check_selinux",
    "check_cloud_setup",
    "check_leftovers",
    "check_runtime",
    ...(machine.role === "controlPlane" ? ["check_etcd_folder"] : []),
  ];
  return `${ourFile}${hostChecks(spec, machine)}${leftoverChecks()}${runtimeChecks()}
check_bare() {
  if [ -e ${kubeletConfigFile} ] || joining; then return 0; fi
${checks.map((check) => `  ${check}\n`).join("")}}
`;
}

/** What the preflight step alone asks: CoreDNS' settings are not setup's, and packet filters are judged where the answer arrives. */
export function preflightOnlyChecks(resolvConf: string | undefined, machine: SetupMachine): string {
  const resolvers = machine.role === "loadBalancer" ? "" : `${resolverChecks(resolvConf)}check_resolvers\n`;
  return `${resolvers}${packetFilterReport()}`;
}
