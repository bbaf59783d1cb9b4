import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MaintenanceCluster } from "./maintenanceHost";

let cluster: MaintenanceCluster;
beforeAll(async () => {
  cluster = await MaintenanceCluster.create(["w1"]);
});
afterAll(async () => {
  await cluster.down();
});

interface Case {
  /** Seconds since 1970. */
  readonly now: number;
  readonly zone: string;
  readonly windows: readonly {
    readonly days: readonly number[];
    readonly start: number;
    readonly minutes: number;
  }[];
}

/** What the host's program says: the beginning and the end of the window in seconds since 1970, or nothing. */
function ask(cases: readonly Case[]): ([number, number] | null)[] {
  const lines = [
    "found = []",
    "for case in json.load(sys.stdin):",
    "    now = datetime.datetime.fromtimestamp(case['now'], datetime.timezone.utc)",
    "    window = window_at(now, case['windows'], case['zone'])",
    "    found.append([int(one.timestamp()) for one in window] if window else None)",
    "print(json.dumps(found))",
  ];
  const said = cluster.python("w1", "agent", lines.join("\n"), JSON.stringify(cases));
  return JSON.parse(said) as ([number, number] | null)[];
}

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "America/Sao_Paulo",
];
const formats = new Map(
  ZONES.map((timeZone) => {
    const options = {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    } as const;
    return [timeZone, new Intl.DateTimeFormat("en-US", options)];
  }),
);
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** What a clock on the wall shows: the day of the week, and minutes since midnight. */
function wall(zone: string, seconds: number): { day: number; minute: number } {
  const parts = formats.get(zone)?.formatToParts(seconds * 1000) ?? [];
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return { day: DAYS.indexOf(of("weekday")), minute: Number(of("hour")) * 60 + Number(of("minute")) };
}

/** The same by looking at the clock each minute: whether one of the windows opened so few minutes ago. */
function opened({ now, zone, windows }: Case): boolean {
  return windows.some(({ days, start, minutes }) => {
    for (let back = 0; back < minutes * 60; back += 60) {
      const { day, minute } = wall(zone, now - (now % 60) - back);
      if (minute === start && days.includes(day)) return true;
    }
    return false;
  });
}

const minute = 60;
const at = (text: string): number => Date.parse(text) / 1000;

describe("windows of maintenance", () => {
  it("are those that a clock on the wall shows, in every zone, on days without a change of clocks", () => {
    const window = fc.record({
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
      start: fc.integer({ min: 0, max: 1439 }),
      minutes: fc.integer({ min: 30, max: 1440 }),
    });
    const one = fc.record({
      // A July in which no zone of these changes its clocks.
      now: fc.integer({ min: at("2026-07-02T00:00:00Z"), max: at("2026-07-30T00:00:00Z") }),
      zone: fc.constantFrom(...ZONES),
      windows: fc.array(window, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 40, maxLength: 40 }), (cases) => {
        expect(ask(cases).map((found) => found !== null)).toEqual(cases.map(opened));
      }),
      { numRuns: 3 },
    );
  });

  const sunday = { days: [6], start: 150, minutes: 60 };
  it.each([
    // On 2026-03-29 clocks in Berlin go from 02:00 to 03:00.
    ["a time that clocks skip opens as much later", "2026-03-29T01:30:00Z", true],
    ["and not before", "2026-03-29T01:29:59Z", false],
    ["and is open as long as on other days", "2026-03-29T02:29:59Z", true],
    ["and no longer", "2026-03-29T02:30:00Z", false],
    // On 2026-10-25 they show 02:30 twice, at 00:30 and at 01:30 UTC.
    ["a time that clocks show twice opens at the first", "2026-10-25T00:30:00Z", true],
    ["is open as long as on other days", "2026-10-25T01:29:59Z", true],
    ["and not again", "2026-10-25T01:30:00Z", false],
  ])("%s", (_, now, open) => {
    const [found] = ask([{ now: at(now), zone: "Europe/Berlin", windows: [sunday] }]);
    expect(found !== null).toBe(open);
  });

  it("go over midnight, and belong to the day on which they open", () => {
    const windows = [{ days: [4], start: 23 * 60, minutes: 120 }];
    const friday = at("2026-07-03T23:00:00Z");
    const cases = [-minute, 0, 119 * minute, 120 * minute, -24 * 60 * minute].map((over) => ({
      now: friday + over,
      zone: "UTC",
      windows,
    }));
    expect(ask(cases).map((found) => found?.[0])).toEqual([undefined, friday, friday, undefined, undefined]);
  });

  it("that overlap are one run: that of the window which ends last", () => {
    const windows = [
      { days: [0, 1, 2, 3, 4, 5, 6], start: 0, minutes: 60 },
      { days: [0, 1, 2, 3, 4, 5, 6], start: 30, minutes: 120 },
    ];
    const now = at("2026-07-03T00:45:00Z");
    expect(ask([{ now, zone: "UTC", windows }])).toEqual([[now - 15 * minute, now + 105 * minute]]);
  });

  it("need a zone that the host knows", () => {
    cluster.configure("w1", { ...cluster.settings, timeZone: "Europe/Atlantis" });
    const lines = "try:\n    check()\nexcept Problem as problem:\n    print(problem)";
    expect(cluster.python("w1", "agent", lines)).toBe(
      "this host does not know the time zone Europe/Atlantis: install the package tzdata\n",
    );
  });
});
