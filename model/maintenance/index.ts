import { hosts } from "../settings/effect";
import { entriesOf } from "../settings/entries";
import type { Path } from "../settings/problems";
import type { AnyInput } from "../settings/schema/cluster";
import type { Resolved } from "../settings/resolved";
import { validateMaintenance } from "./validate";

/** Packages and reboots of hosts: everything that the settings know of them. */
export const maintenance = {
  effects: [
    hosts(
      ["maintenance.now"],
      ["node everywhere"],
      "each node that has something to do is drained, patched, rebooted if needed and let in again, one at a time, after `up` has ended",
    ),
    hosts(
      ["maintenance.packages", "maintenance.reboot", "maintenance.timeZone", "maintenance.windows[].**"],
      ["setup everywhere", "node everywhere"],
      "applies to the next window; nothing restarts",
    ),
  ],
  validate: validateMaintenance,
  lists: ({ maintenance: given }: AnyInput): [Path, readonly string[]][] =>
    entriesOf(given?.windows).map(([index, { days = [] }]) => [
      ["maintenance", "windows", index, "days"],
      days,
    ]),
  advise: ({
    maintenance: given,
    drainTimeoutSeconds,
    machines,
  }: Pick<Resolved, "maintenance" | "drainTimeoutSeconds" | "machines">): string[] => {
    if (given === undefined) return [];
    const nodes = machines.filter(({ role }) => role !== "loadBalancer").length;
    const [longest = 0] = given.windows.map(({ minutes }) => minutes).sort((a, b) => b - a);
    // A reboot of a virtual machine takes a minute or two, that of a server more.
    const wanted = Math.ceil((nodes * (drainTimeoutSeconds + 180)) / 60);
    return given.windows.length === 0 || longest >= wanted
      ? []
      : [
          `maintenance.windows: one node after the other takes up to ${wanted} minutes for ${nodes} nodes, and the longest window is ${longest}; the nodes that are left wait for the next one`,
        ];
  },
};
