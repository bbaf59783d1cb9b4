import type { AwsLayout } from "../layout";
import { nearest } from "../../text";
import type { Path, Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/entries";
import { checkControlPlaneCount, MOST_CONTROL_PLANE_NODES } from "../../settings/checks/controlPlaneCount";

export function validateCount({ count }: AwsLayout, problems: Problems): void {
  const counted = { path: ["controlPlane", "count"], none: "control-plane nodes", allowed: "1, 3, 5 or 7" };
  checkControlPlaneCount(count, counted, problems);
}

/** What names control-plane nodes names those that there are. */
export function validateNamed({ input: { controlPlane }, count }: AwsLayout, problems: Problems): void {
  if (count < 1) return;
  const names = Array.from(
    { length: Math.min(count, MOST_CONTROL_PLANE_NODES) },
    (_, index) => `cp-${index + 1}`,
  );
  const wrong = (path: Path, name: string, value: unknown, message: string) => {
    if (names.includes(name)) return;
    problems.add(path, value, message, { allowed: names.join(", "), nearest: nearest(name, names) });
  };
  for (const [index, name] of entriesOf(controlPlane.deletable))
    wrong(["controlPlane", "deletable", index], name, name, "is not a control-plane node");
  for (const [name, revision] of Object.entries(controlPlane.revisions ?? {}))
    wrong(["controlPlane", "revisions", name], name, revision, "does not name a control-plane node");
}
