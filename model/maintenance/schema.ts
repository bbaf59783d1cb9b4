import { z } from "zod";

import { matching, text } from "../settings/schema/primitives";
import { DAYS } from "./settings";

/** @returns undefined for any other text */
export function minutesOf(duration: string): number | undefined {
  const [, number, unit] = /^(\d{1,4})(m|h)$/.exec(duration) ?? [];
  const minutes = Number(number) * (unit === "h" ? 60 : 1);
  return number !== undefined && minutes >= 30 && minutes <= 1_440 ? minutes : undefined;
}

/** As the database spells it, but for the case of letters; undefined: there is no such zone. */
function timeZoneOf(name: string): string | undefined {
  // Offsets such as +02:00 are not names of the database.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

const ZONE_RULE = "a name of the IANA database such as Europe/Berlin, America/New_York or UTC";

/** Hosts find a zone as a file of its name, so capitals matter; an older name of a zone has them in each part too. */
const timeZone = text((value) => {
  const known = timeZoneOf(value);
  if (known === undefined) return { message: "is not a time zone", allowed: ZONE_RULE };
  const sameLetters = known.toLowerCase() === value.toLowerCase();
  const spelled = sameLetters ? known === value : value.split("/").every((part) => /^[A-Z]/.test(part));
  return spelled
    ? undefined
    : { message: "is spelled differently in the IANA database", allowed: ZONE_RULE, nearest: known };
});

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
