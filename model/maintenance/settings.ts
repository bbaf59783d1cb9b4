/** Days of the week, from Monday. */
export const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
export type Day = (typeof DAYS)[number];

/** When maintenance may begin on a node. */
export interface MaintenanceWindow {
  /** Days on which it begins; Monday is 0. */
  readonly days: readonly number[];
  /** Minutes after midnight, on the clocks of the time zone. */
  readonly start: number;
  readonly minutes: number;
}

/** Packages and reboots of the nodes' hosts. */
export interface MaintenanceSettings {
  readonly packages: "security" | "all" | "none";
  readonly reboot: "whenNeeded" | "always" | "never";
  /** Name in the IANA database. */
  readonly timeZone: string;
  readonly windows: readonly MaintenanceWindow[];
  /** Once for each value, whatever the windows are; undefined: by the windows alone. */
  readonly now?: string;
}
