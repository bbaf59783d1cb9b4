/** A rotation of certificates that a host has begun and not ended, or that the stack does not know of. */
import type { HostView, Verdict } from "./finding";

export function isUnderWay({ cluster, facts }: Pick<HostView, "cluster" | "facts">): boolean {
  const { rotation } = facts;
  if (rotation === undefined) return false;
  return (
    rotation.phase !== "finished" ||
    (facts.cluster === rotation.authority && facts.cluster !== (cluster.authority ?? cluster.id))
  );
}

export function rotation({ cluster, facts }: HostView): Verdict[] {
  const { rotation: record } = facts;
  if (record === undefined || !isUnderWay({ cluster, facts })) return [];
  const where =
    record.phase === "finished"
      ? "has reached the host, but the up that began it has not ended"
      : `was cut off after the phase "${record.phase}"`;
  return [
    {
      what: `the rotation ${record.rotation} of certificates ${where}`,
      cure: `pulumi up with certificates.rotation: ${record.rotation} finishes it`,
    },
  ];
}
