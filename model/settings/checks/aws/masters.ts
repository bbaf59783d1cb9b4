import type { AwsFacts } from "../../awsFacts";
import type { Facts } from "../../draft";
import { nearest } from "../../issues";
import type { Problems } from "../../problems";
import { checkMasterCount, MOST_MASTERS } from "../masterCount";

export function countIsOdd({ count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined) return;
  const counted = { path: ["controlPlane", "count"], none: "masters", allowed: "1, 3, 5 or 7" };
  checkMasterCount(count, counted, problems);
}

function namesOf(count: number): string[] {
  return Array.from({ length: Math.min(count, MOST_MASTERS) }, (_, index) => `master-${index + 1}`);
}

export function deletableAreMasters({ input, count }: AwsFacts, _facts: Facts, problems: Problems): void {
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

export function revisionsAreOfMasters({ input, count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined || count < 1) return;
  const names = namesOf(count);
  for (const [name, revision] of Object.entries(input.controlPlane?.revisions ?? {})) {
    if (names.includes(name)) continue;
    problems.add(["controlPlane", "revisions", name], revision, "is the revision of no master", {
      allowed: names.join(", "),
      nearest: nearest(name, names),
    });
  }
}
