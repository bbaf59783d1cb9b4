import type { AwsFacts } from "../../awsFacts";
import type { Facts } from "../../draft";
import { nearest } from "../../issues";
import type { Problems } from "../../problems";

const MOST_MASTERS = 7;

/** etcd answers while more than half of its members do (etcd documentation, FAQ). */
export function countIsOdd({ count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined) return;
  const path = ["controlPlane", "count"];
  const allowed = "1, 3, 5 or 7";
  if (count === 0) {
    problems.add(path, count, "masters: nobody serves the API or etcd", { allowed });
  } else if (count > MOST_MASTERS) {
    problems.add(path, count, "masters are too many: every write waits for more than half of them", {
      allowed,
    });
  } else if (count % 2 === 0) {
    const quorum = count / 2 + 1;
    const message =
      `is an even number of masters: etcd needs ${quorum} of ${count} members, so it bears the loss of ` +
      `${count - quorum}, no more than ${count - 1} would, and there is one more to lose`;
    problems.add(path, count, message, { allowed });
  }
}

export function generationsAreOfMasters({ input, count }: AwsFacts, _facts: Facts, problems: Problems): void {
  if (count === undefined || count < 1) return;
  const names = Array.from({ length: Math.min(count, MOST_MASTERS) }, (_, index) => `master-${index + 1}`);
  for (const [name, generation] of Object.entries(input.controlPlane?.generations ?? {})) {
    if (names.includes(name)) continue;
    problems.add(["controlPlane", "generations", name], generation, "is the generation of no master", {
      allowed: names.join(", "),
      nearest: nearest(name, names),
    });
  }
}
