import type { AwsFacts } from "../../awsFacts";
import type { Facts } from "../../draft";
import { nearest } from "../../issues";
import type { Problems } from "../../problems";
import { checkControlPlaneCount, MOST_CONTROL_PLANE_NODES } from "../controlPlaneCount";

export function countIsOdd({ count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined) return;
  const counted = { path: ["controlPlane", "count"], none: "control-plane nodes", allowed: "1, 3, 5 or 7" };
  checkControlPlaneCount(count, counted, problems);
}

function namesOf(count: number): string[] {
  return Array.from({ length: Math.min(count, MOST_CONTROL_PLANE_NODES) }, (_, index) => `cp-${index + 1}`);
}

export function validateDeletable({ input, count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined || count < 1) return;
  const names = namesOf(count);
  for (const [index, name] of (input.controlPlane?.deletable ?? []).entries()) {
    if (name === undefined || names.includes(name)) continue;
    problems.add(["controlPlane", "deletable", index], name, "is not a control-plane node", {
      allowed: names.join(", "),
      nearest: nearest(name, names),
    });
  }
}

export function validateRevisions({ input, count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined || count < 1) return;
  const names = namesOf(count);
  for (const [name, revision] of Object.entries(input.controlPlane?.revisions ?? {})) {
    if (names.includes(name)) continue;
    problems.add(["controlPlane", "revisions", name], revision, "is the revision of no control-plane node", {
      allowed: names.join(", "),
      nearest: nearest(name, names),
    });
  }
}
