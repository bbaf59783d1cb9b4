import type { ClusterSettings } from "../model/settings/resolved";

/** `3`, or `3 to 6`. */
export function fromTo(least: number, most: number): string {
  return least === most ? String(least) : `${least} to ${most}`;
}

/** `1 worker`, `3 workers`, `1 to 6 workers`. */
export function counted(count: number | string, noun: string): string {
  return `${count} ${noun}${String(count) === "1" ? "" : "s"}`;
}

/** Workers, the fewest and the most: pools of AWS grow and shrink. */
export function workersOf({ machines, aws }: Pick<ClusterSettings, "machines" | "aws">): [number, number] {
  const fixed = machines.filter((machine) => machine.role === "worker").length;
  const sum = (of: "min" | "max") => (aws?.pools ?? []).reduce((total, pool) => total + pool[of], fixed);
  return [sum("min"), sum("max")];
}

/** Nodes, the fewest and the most: each takes a slice of the pod range. */
export function nodesOf(settings: Pick<ClusterSettings, "machines" | "aws">): [number, number] {
  const controlPlane = settings.machines.filter((machine) => machine.role === "controlPlane").length;
  const [least, most] = workersOf(settings);
  return [controlPlane + least, controlPlane + most];
}
