/** Asks the API for what an upgrade is judged by. It changes nothing. */
import { script } from "../core/script";
import { ADMIN, prelude } from "../node/shell";
import type { UpgradeFacts } from "./objects";

/** Run on a control-plane node. @param apiServers URLs of all of them */
export function clusterLookScript(apiServers: readonly string[]): string {
  return `${prelude()}export KUBECONFIG=${ADMIN}\n${script("upgrade/scripts/look.sh", { api_servers: apiServers })}`;
}

/** @throws RangeError where the script did not come to its end */
export function readClusterLook(output: string): UpgradeFacts {
  const lines = output.split("\n");
  const items = <T>(name: string): readonly T[] => {
    const line = lines.find((one) => one.startsWith(`##fact ${name} `));
    if (line === undefined) throw new RangeError(`nothing is said of ${name}`);
    return (JSON.parse(line.slice(`##fact ${name} `.length)) as { readonly items: readonly T[] }).items;
  };
  return {
    nodes: items("nodes"),
    pods: items("pods"),
    namespaces: items("namespaces"),
    budgets: items("budgets"),
    validating: items("validating"),
    mutating: items("mutating"),
    services: items("services"),
    slices: items("slices"),
    apiServers: lines
      .filter((line) => line.startsWith("##api-server "))
      .map((line) => line.slice("##api-server v".length)),
    metrics: lines
      .filter((line) => line.startsWith("##metric "))
      .map((line) => line.slice("##metric ".length)),
  };
}
