import { lostSince, unreadableVersion } from "../model/etcd/restore/header";
import type { Counted } from "./objects";
import type { FetchedSnapshot } from "./snapshot";
import type { RehearsedStack } from "./state";

/** What a rehearsal found; free of secrets. */
export interface Rehearsal {
  readonly snapshot: string;
  /** When it was taken, as RFC 3339. */
  readonly time: string;
  readonly ageSeconds: number;
  readonly clusterName: string;
  readonly etcd: string;
  readonly kubernetes: string;
  readonly revision: number;
  readonly keys: number;
  readonly objects: Counted["objects"];
  readonly secrets: Counted["secrets"];
  /** What a restore would suffer from; empty: nothing. */
  readonly problems: readonly string[];
  /** How long it took. */
  readonly seconds: number;
}

/** @param newest it is the newest at the target, whose age tells whether backups run */
export function rehearsalOf(
  { name, header }: FetchedSnapshot,
  { backup, kubernetesVersion }: Pick<RehearsedStack, "backup" | "kubernetesVersion">,
  counted: Counted,
  newest: boolean,
  began: number,
  now: number,
): Rehearsal {
  const ageSeconds = Math.max(0, Math.round((now - Date.parse(header.time)) / 1_000));
  const { secrets, unread } = counted;
  const lost = secrets.total - secrets.decrypted;
  const version = unreadableVersion(header.kubernetes, kubernetesVersion);
  const problems = [
    ...(newest && ageSeconds > 2 * backup.schedule.mostGap
      ? [
          `the newest snapshot is ${lostSince(header.time, now)} old, more than two schedules: journalctl -u pulumi-kubeadm-etcd-backup says why`,
        ]
      : []),
    ...(version === undefined ? [] : [`the snapshot ${version}`]),
    ...(lost === 0
      ? []
      : [
          `${lost} of ${secrets.total} Secrets do not decrypt (${secrets.unreadable.join(", ")}${lost > secrets.unreadable.length ? ", ..." : ""}): encryption must have the keys of that time`,
        ]),
    ...(secrets.plain === 0
      ? []
      : [`${secrets.plain} of ${secrets.total} Secrets are in etcd as plain text`]),
    ...unread.map((one) => `the API server does not read ${one}`),
  ];
  return {
    snapshot: name,
    time: header.time,
    ageSeconds,
    clusterName: header.clusterName,
    etcd: header.etcd,
    kubernetes: header.kubernetes,
    revision: header.revision,
    keys: header.keys,
    objects: counted.objects,
    secrets,
    problems,
    seconds: Math.round((now - began) / 1_000),
  };
}

/** For a terminal. */
export function reportOf(rehearsal: Rehearsal, now: number): string {
  const { snapshot, time, etcd, kubernetes, revision, keys, objects, secrets, problems, seconds } = rehearsal;
  const kinds = Object.entries(objects);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const width = Math.max(0, ...kinds.map(([kind]) => kind.length));
  return [
    snapshot,
    `  taken ${time}, ${lostSince(time, now)} ago, of ${rehearsal.clusterName}`,
    `  etcd ${etcd}, Kubernetes ${kubernetes}, revision ${revision}, ${keys} keys`,
    `  ${total} objects of ${kinds.length} kinds:`,
    ...kinds.map(([kind, count]) => `    ${kind.padEnd(width)} ${count}`),
    `  Secrets: ${secrets.decrypted} of ${secrets.total} decrypt`,
    ...problems.map((one) => `problem: ${one}`),
    `Restored and read in ${seconds} s: ${problems.length === 0 ? "it can be restored" : `${problems.length} found`}.`,
    "",
  ].join("\n");
}
