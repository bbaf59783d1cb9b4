import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NAME_PATTERN, parseSnapshotName } from "../../../model/etcd/backup/names";
import { parseSchedule } from "../../../model/etcd/backup/schedule";
import { have } from "../../support/have";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TAKEN: readonly [text: string, calendar: string, least: number, most: number][] = [
  ["15m", "*-*-* *:00/15:00 UTC", 15 * MINUTE, 15 * MINUTE],
  ["60m", "*-*-* 00/1:00:00 UTC", HOUR, HOUR],
  ["6h", "*-*-* 00/6:00:00 UTC", 6 * HOUR, 6 * HOUR],
  ["24h", "*-*-* 00:00:00 UTC", DAY, DAY],
  ["1d", "*-*-* 00:00:00 UTC", DAY, DAY],
  ["daily", "*-*-* 00:00:00 UTC", DAY, DAY],
  ["weekly", "Mon *-*-* 00:00:00 UTC", 7 * DAY, 7 * DAY],
  ["monthly", "*-*-01 00:00:00 UTC", 28 * DAY, 31 * DAY],
  ["02:30", "02:30 UTC", DAY, DAY],
  ["Mon..Fri 02:30", "Mon..Fri 02:30 UTC", DAY, 3 * DAY],
  ["Sat,Sun 00/12:15:30 UTC", "Sat,Sun 00/12:15:30 UTC", 12 * HOUR, 5.5 * DAY],
  ["*-*-1,15 4:00", "*-*-1,15 4:00 UTC", 14 * DAY, 17 * DAY],
  ["8..18/2:00", "8..18/2:00 UTC", 2 * HOUR, 14 * HOUR],
  ["*-02-29 01:00", "*-02-29 01:00 UTC", 0, 0],
];

const REFUSED = [
  "",
  "14m",
  "45m",
  "7h",
  "2d",
  "0h",
  "every 6h",
  "*:00/10",
  "*-*-* *:*:*",
  "2027-01-01 00:00",
  "*-13-01 00:00",
  "24:00",
  "Mon..Mit 02:00",
  "Fri..Mon 02:00",
  "02:30 Europe/Berlin",
  "*:0,5",
  "*-*-* */0:00",
  "02:30\nExecStart=/bin/sh",
];

describe("a schedule of backups", () => {
  it.each(TAKEN.filter(([, , least]) => least > 0))("%s", (text, calendar, leastGap, mostGap) => {
    expect(parseSchedule(text)).toEqual({ calendar, leastGap, mostGap });
  });

  it.each(REFUSED)("refuses %j", (text) => {
    expect(parseSchedule(text)).toBeUndefined();
  });

  it("refuses what comes once in four years: nobody could tell an old backup from a lost one", () => {
    expect(parseSchedule("*-02-29 01:00")).toBeUndefined();
  });

  it.skipIf(!have("systemd-analyze", "the lab starts the timer"))(
    "is what systemd takes for the same times",
    () => {
      const texts = TAKEN.map(([text]) => parseSchedule(text)?.calendar).filter((one) => one !== undefined);
      for (const calendar of texts) {
        const { status, stdout } = spawnSync("systemd-analyze", ["calendar", "--iterations=40", calendar], {
          encoding: "utf8",
          env: { ...process.env, TZ: "UTC" },
        });
        expect([calendar, status]).toEqual([calendar, 0]);
        const times = [
          ...stdout.matchAll(/(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w+ ([\d-]+ [\d:]+) UTC/g),
        ];
        const seconds = times.map(([, at = ""]) => Date.parse(`${at.replace(" ", "T")}Z`) / 1_000);
        const gaps = seconds.slice(1).map((time, index) => time - (seconds[index] ?? time));
        const { leastGap = 0, mostGap = 0 } = parseSchedule(calendar) ?? {};
        expect(gaps.length).toBeGreaterThan(30);
        expect([calendar, Math.min(...gaps) >= leastGap, Math.max(...gaps) <= mostGap]).toEqual([
          calendar,
          true,
          true,
        ]);
      }
    },
  );

  it("never takes anything that could leave its line in a unit file", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseSchedule(text)?.calendar ?? "").toMatch(/^[\w*.,:/ -]*$/);
      }),
    );
  });
});

describe("the name of a snapshot", () => {
  const name = "etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k1.36.4.snapshot";

  it("says whose it is, when it was taken, and by which versions", () => {
    expect(parseSnapshotName(name)).toEqual({
      cluster: "0123456789abcdef",
      time: new Date("2026-11-29T01:55:00Z"),
      revision: 123456n,
      etcd: "3.6.8",
      kubernetes: "1.36.4",
    });
  });

  it.each([
    name.replace("snapshot", "db"),
    `../${name}`,
    `${name}\n`,
    ` ${name}`,
    name.replace("20261129", "20261329"),
    name.replace("0123", "0xyz"),
    "",
  ])("is not %j", (other) => {
    expect(parseSnapshotName(other)).toBeUndefined();
  });

  it("is safe to write into a command of sftp and into a URL", () => {
    expect(new RegExp(NAME_PATTERN).test(name)).toBe(true);
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (new RegExp(NAME_PATTERN).test(text)) expect(text).toMatch(/^[a-zA-Z0-9.-]+$/);
      }),
    );
  });
});
