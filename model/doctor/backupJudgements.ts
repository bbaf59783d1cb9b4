/** Whether there is a snapshot of etcd that a restore could begin with. */
import { backupUnit } from "../etcd/backup/files";
import { ageText } from "../etcd/restore/header";
import type { ClusterView, HostView, Verdict } from "./finding";

/** Schedules that the newest snapshot may be old by. */
const MOST_SCHEDULES = 2;

/** The newest that any control-plane node finds: with a folder target each has the snapshots that it took. */
export function newest({ expected: { backup }, hosts }: ClusterView): Verdict[] {
  if (backup === undefined) return [];
  const facts = Object.values(hosts).flatMap((host) => host.backup ?? []);
  const looked = facts.filter(({ problem }) => problem === undefined);
  const [first] = looked.filter((one) => one.newest !== "").sort((a, b) => a.age - b.age);
  const cure = `on a control-plane node: systemctl start ${backupUnit}; journalctl -u ${backupUnit} says why the timer's runs take none`;
  // Nobody could look: then each host says why.
  if (looked.length === 0) return [];
  if (first === undefined) return [{ what: `${backup.target} has no snapshot of etcd`, cure }];
  return first.age > MOST_SCHEDULES * backup.mostGap
    ? [
        {
          what: `the newest snapshot of etcd is ${ageText(first.age)} old, more than two schedules: ${first.newest}`,
          cure,
        },
      ]
    : [];
}

/** What one control-plane node cannot do. */
export function runs({ cluster: { backup }, facts }: HostView): Verdict[] {
  if (backup === undefined || facts.backup === undefined) return [];
  const { problem, failed } = facts.backup;
  const again = `systemctl start ${backupUnit}`;
  return [
    ...(problem === undefined
      ? []
      : [
          {
            what: `snapshots at ${backup.target} cannot be listed: ${problem}`,
            cure: `let this host reach the target with the key of etcd.backup.target; then ${again}`,
          },
        ]),
    // The same cause twice would read like two.
    ...(failed === undefined || problem !== undefined
      ? []
      : [
          {
            what: `the last backup on this host failed: ${failed}`,
            cure: `repair that, then ${again}`,
          },
        ]),
  ];
}
