import type { ClusterMachine } from "../model/machine";

/** Machines that are to be removed whatever stands against it, for one run: names, separated by commas, or `all`. */
export const FORCE_VARIABLE = "PULUMI_KUBEADM_FORCE_REMOVAL";

/** Who insists on the removal of the machine, as a message says it; undefined: nobody. */
export function insistedBy(
  machine: Pick<ClusterMachine, "name" | "removal">,
  given = process.env[FORCE_VARIABLE] ?? "",
): string | undefined {
  if (machine.removal === "force") return `machines.${machine.name}.removal is force`;
  const names = given.split(/[\s,]+/);
  return names.includes(machine.name) || names.includes("all")
    ? `${FORCE_VARIABLE}=${given.trim()}`
    : undefined;
}

/** The ways to insist, for the end of an error. */
export function waysToInsist(name: string): string {
  return (
    `To remove ${name} anyway, run pulumi with ${FORCE_VARIABLE}=${name}, or set machines.${name}.removal to force ` +
    `and run up before you remove it; docs/operations.md says what you would lose`
  );
}
