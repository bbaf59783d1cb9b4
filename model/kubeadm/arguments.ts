import type { ExtraArgs } from "../settings/resolved";
import type { Arg } from "./v1beta4";

/** The library's flags with the user's laid over them, sorted by name so that the document does not depend on key order. */
export function argumentList(own: ExtraArgs, users: ExtraArgs): Arg[] {
  return Object.entries({ ...own, ...users })
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, value]) =>
      (typeof value === "string" ? [value] : value).map((one) => ({ name, value: one })),
    );
}

/** kubeadm's durations are Go's. */
export function days(count: number): string {
  return `${count * 24}h0m0s`;
}
