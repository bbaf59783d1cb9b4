/** The order of a rotation: no host begins a phase before all hosts have ended the one before. */

/**
 * `trusted`: both CAs are trusted, and both service-account keys accepted. `signed`: the control plane has certificates of the new CAs
 * and signs with the new keys. `issued`: the kubelet has certificates of the new CA, and its pods have tokens of the new key.
 * `finished`: nothing of the old is left.
 */
export const PHASES = ["trusted", "signed", "issued", "finished"] as const;
export type Phase = (typeof PHASES)[number];

/** What a host keeps of its rotation, in `rotation.json`. */
export interface RotationRecord {
  /** The value of `certificates.rotation`. */
  readonly rotation: string;
  /** SHA-256 in hex of the new cluster CA's certificate. */
  readonly authority: string;
  /** The last phase that the host ended; `begun`: none. */
  readonly phase: Phase | "begun";
  /** `clusterId`: the identity of the cluster does not change. */
  readonly cluster: string;
}

/** A phase's number among them, from 1. */
export function phaseNumber(name: Phase): number {
  return PHASES.indexOf(name) + 1;
}

/** How many phases a host has behind it. */
export function phasesDone(record: RotationRecord | undefined, authority: string): number {
  return record?.authority === authority ? PHASES.findIndex((phase) => phase === record.phase) + 1 : 0;
}

/** Reads the record; undefined for a file that a power cut emptied: the phases before are done again. */
export function recordIn(text: string): RotationRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<RotationRecord> | null;
    return typeof record?.authority === "string" ? (record as RotationRecord) : undefined;
  } catch {
    return undefined;
  }
}
