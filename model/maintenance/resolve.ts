import type { z } from "zod";
import { defined } from "../core/defined";
import { minutesOf, type maintenanceSchema } from "./schema";
import { DAYS, type MaintenanceSettings } from "./settings";

export function resolveMaintenance({
  packages,
  reboot,
  timeZone,
  windows,
  now,
}: z.output<typeof maintenanceSchema>): MaintenanceSettings {
  return {
    packages,
    reboot,
    timeZone,
    windows: windows.map(({ days, start, duration }) => {
      const [hours = 0, minutes = 0] = start.split(":").map(Number);
      return {
        days: DAYS.flatMap((day, index) => (days.includes(day) ? [index] : [])),
        start: hours * 60 + minutes,
        minutes: minutesOf(duration) ?? 0,
      };
    }),
    ...defined({ now }),
  };
}
