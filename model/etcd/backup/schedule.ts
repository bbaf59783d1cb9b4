/** When snapshots are taken: a length of time that divides a day, or a calendar expression of systemd (systemd.time(7)). */

export interface Schedule {
  /** Value of a timer's `OnCalendar`. */
  readonly calendar: string;
  /** Least seconds between two runs. */
  readonly leastGap: number;
  /** Most seconds between two runs. */
  readonly mostGap: number;
}

const MINUTE = 60;
const DAY = 1_440;

/** Minutes between two runs at least: a snapshot, its encryption and its way to the target take some of them. */
export const LEAST_MINUTES = 15;

export const SCHEDULE_RULE =
  "15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 24h, or a calendar of systemd such as 'Mon..Fri 02:30', at most every 15 minutes";

const WORDS: Readonly<Record<string, string>> = {
  hourly: "*-*-* *:00:00",
  daily: "*-*-* 00:00:00",
  weekly: "Mon *-*-* 00:00:00",
  monthly: "*-*-01 00:00:00",
};

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** @returns undefined for what is neither, or runs more often than `LEAST_MINUTES` */
export function parseSchedule(text: string): Schedule | undefined {
  const [, number, unit] = /^(\d{1,4})(m|h|d)$/.exec(text) ?? [];
  if (number !== undefined)
    return everyMinutes(Number(number) * (unit === "d" ? DAY : unit === "h" ? 60 : 1));
  return parseCalendar(WORDS[text] ?? text);
}

/** Lengths that give the same times every day. */
function everyMinutes(minutes: number): Schedule | undefined {
  if (minutes < LEAST_MINUTES || DAY % minutes !== 0) return undefined;
  const at =
    minutes === DAY
      ? "00:00"
      : minutes % 60 === 0
        ? `00/${minutes / 60}:00`
        : 60 % minutes === 0
          ? `*:00/${minutes}`
          : undefined;
  if (at === undefined) return undefined;
  const gap = minutes * MINUTE;
  return { calendar: `*-*-* ${at}:00 UTC`, leastGap: gap, mostGap: gap };
}

const COMPONENT = String.raw`[\d*.,/]+`;
const CALENDAR = new RegExp(
  String.raw`^(?:([A-Za-z][A-Za-z,.]*) ?)?(?:(\*|\d{4})-(${COMPONENT})-(${COMPONENT}) ?)?(?:(${COMPONENT}):(${COMPONENT})(?::(\d{1,2}))?)?(?: UTC)?$`,
);

function parseCalendar(text: string): Schedule | undefined {
  const [whole, days, year, month, day, hour, minute, second = "0"] = CALENDAR.exec(text) ?? [];
  if (whole === undefined || (days === undefined && day === undefined && hour === undefined))
    return undefined;
  // A date of one year has an end.
  if (year !== undefined && year !== "*") return undefined;
  const weekdays = days === undefined ? undefined : parseDays(days);
  const months = parseComponent(month ?? "*", 1, 12);
  const dates = parseComponent(day ?? "*", 1, 31);
  const hours = parseComponent(hour ?? "0", 0, 23);
  const minutes = parseComponent(minute ?? "0", 0, 59);
  if (days !== undefined && weekdays === undefined) return undefined;
  if (months === undefined || dates === undefined || hours === undefined || minutes === undefined)
    return undefined;
  if (Number(second) > 59) return undefined;
  const runs = runsOfFourYears(months, dates, weekdays, hours, minutes);
  const gaps = runs.slice(1).map((run, index) => run - (runs[index] ?? run));
  if (gaps.length === 0) return undefined;
  const [least, most] = [gaps.reduce((a, b) => Math.min(a, b)), gaps.reduce((a, b) => Math.max(a, b))];
  if (least < LEAST_MINUTES) return undefined;
  return { calendar: withZone(text), leastGap: least * MINUTE, mostGap: most * MINUTE };
}

/** Hosts may be in different time zones, and all of them run at once. */
function withZone(text: string): string {
  return text.endsWith(" UTC") ? text : `${text.trim()} UTC`;
}

/** Minutes since the first of January 2027 at which it runs, in the four years in which every date comes up. */
function runsOfFourYears(
  months: ReadonlySet<number>,
  dates: ReadonlySet<number>,
  weekdays: ReadonlySet<number> | undefined,
  hours: ReadonlySet<number>,
  minutes: ReadonlySet<number>,
): number[] {
  const times = [...hours].flatMap((hour) => [...minutes].map((minute) => hour * 60 + minute));
  times.sort((a, b) => a - b);
  const first = Date.UTC(2027, 0, 1);
  const runs: number[] = [];
  for (let day = 0; day < 1_462; day += 1) {
    const date = new Date(first + day * 86_400_000);
    if (!months.has(date.getUTCMonth() + 1) || !dates.has(date.getUTCDate())) continue;
    if (weekdays !== undefined && !weekdays.has((date.getUTCDay() + 6) % 7)) continue;
    for (const time of times) runs.push(day * DAY + time);
  }
  return runs;
}

/** `*`, `7`, `1,15`, `8..18`, `0/6` and lists of these. */
function parseComponent(text: string, from: number, to: number): Set<number> | undefined {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [, start = "", end, step] = /^(\*|\d{1,2})(?:\.\.(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (start === "" || (start === "*" && end !== undefined) || step === "0") return undefined;
    const first = start === "*" ? from : Number(start);
    const last = end !== undefined ? Number(end) : start === "*" || step !== undefined ? to : first;
    if (first < from || last > to || first > last) return undefined;
    for (let value = first; value <= last; value += step === undefined ? 1 : Number(step)) found.add(value);
  }
  return found;
}

/** `Mon`, `Mon,Thu`, `Mon..Fri`; Monday is 0. */
function parseDays(text: string): Set<number> | undefined {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [start = "", end = start, ...rest] = part.split("..");
    const [first, last] = [dayOf(start), dayOf(end)];
    if (rest.length > 0 || first === undefined || last === undefined || first > last) return undefined;
    for (let day = first; day <= last; day += 1) found.add(day);
  }
  return found;
}

function dayOf(word: string): number | undefined {
  const lower = word.toLowerCase();
  const index = DAYS.findIndex((day) => lower.startsWith(day));
  const full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"][index];
  return index >= 0 && (lower === DAYS[index] || lower === full) ? index : undefined;
}
