import { z } from "zod";

import { matching, text } from "../settings/schema/primitives";
import { DAYS } from "./settings";

/** @returns undefined for any other text */
export function minutesOf(duration: string): number | undefined {
  const [, number, unit] = /^(\d{1,4})(m|h)$/.exec(duration) ?? [];
  const minutes = Number(number) * (unit === "h" ? 60 : 1);
  return number !== undefined && minutes >= 30 && minutes <= 1_440 ? minutes : undefined;
}

function isTimeZone(name: string): boolean {
  // Offsets such as +02:00 are not names of the database.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const timeZone = text((value) =>
  isTimeZone(value)
    ? undefined
    : {
        message: "is not a time zone",
        allowed: "a name of the IANA database such as Europe/Berlin, America/New_York or UTC",
      },
);

const duration = text((value) =>
  minutesOf(value) === undefined
    ? {
        message: "is not the length of a window",
        allowed: "minutes or hours from 30m to 24h, such as 90m or 4h",
      }
    : undefined,
);

const window = z.strictObject({
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .default([...DAYS]),
  start: matching(/^([01]\d|2[0-3]):[0-5]\d$/, "a time from 00:00 to 23:59, such as 02:00"),
  duration,
});

export const maintenanceSchema = z.strictObject({
  packages: z.enum(["security", "all", "none"]).default("security"),
  reboot: z.enum(["whenNeeded", "always", "never"]).default("whenNeeded"),
  timeZone: timeZone.default("UTC"),
  windows: z.array(window).default([]),
  now: matching(
    /^[A-Za-z0-9][A-Za-z0-9:._-]{0,59}$/,
    "up to 60 letters, digits, ':', '.', '_' and '-', such as 2026-12-01",
  ).optional(),
});
