import type { Day } from "./settings";

/** OS packages and reboots of the nodes' hosts, node by node. Your own machines only. */
export interface MaintenanceInput {
  /**
   * Which packages are upgraded: `security`, those for which the distribution has a security update; `all`; or `none`.
   * Kubernetes and containerd are not packages: `kubernetesVersion` and `versions` upgrade them.
   *
   * @defaultValue `security`
   */
  packages?: "security" | "all" | "none";
  /**
   * When a host is rebooted: `whenNeeded`, if it says so or has a new kernel, C library, systemd or D-Bus; `always`, once in each
   * window; or `never`.
   *
   * @defaultValue `whenNeeded`
   */
  reboot?: "whenNeeded" | "always" | "never";
  /**
   * Time zone of the windows, of the IANA database, such as `Europe/Berlin`.
   *
   * @defaultValue `UTC`
   */
  timeZone?: string;
  /**
   * When a node may begin. One that has begun ends its maintenance, also after the window.
   *
   * @defaultValue none: only `now` starts maintenance
   */
  windows?: readonly MaintenanceWindowInput[];
  /**
   * Starts maintenance at once, once for each value, such as a date; whatever the windows are.
   *
   * @defaultValue none
   */
  now?: string;
}

/** When maintenance may begin on a node. */
export interface MaintenanceWindowInput {
  /**
   * Days on which the window opens: `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat`, `Sun`.
   *
   * @defaultValue every day
   */
  days?: readonly Day[];
  /**
   * When it opens, `HH:MM` on the clocks of `timeZone`. On the day on which clocks skip that time it opens as much later; where they
   * show it twice, at the first.
   */
  start: string;
  /** How long it is open: minutes or hours such as `90m` or `4h`, from 30 minutes to 24 hours. */
  duration: string;
}
