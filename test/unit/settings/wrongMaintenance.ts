import { REGION, smallAws } from "../../support/awsInput";
import { set } from "./edit";
import { cases, casesOf, type Wrong } from "./wrong";

const WINDOW = { start: "02:00", duration: "4h" };
const maintenance = (over: object) => set("maintenance", { windows: [WINDOW], ...over });
const window = (over: object) => maintenance({ windows: [{ ...WINDOW, ...over }] });
const at = (key: string) => `maintenance.windows[0].${key}`;

export const WRONG_MAINTENANCE: readonly Wrong[] = [
  ...cases("maintenance: what and when", [
    [
      "nothing at all",
      set("maintenance", {}),
      "maintenance.windows",
      /no maintenance would ever begin.*or now/,
    ],
    ["a word", set("maintenance", true), "maintenance", /mapping|keys/],
    ["an unknown key", maintenance({ reboots: "always" }), "maintenance.reboots", /unknown key.*reboot/],
    [
      "neither packages nor reboots",
      maintenance({ packages: "none", reboot: "never" }),
      "maintenance",
      /upgrades no package and reboots no host.*whenNeeded/,
    ],
    ["other packages", maintenance({ packages: "kernel" }), "maintenance.packages", /security/],
    [
      "a zone that does not exist",
      maintenance({ timeZone: "Europe/Atlantis" }),
      "maintenance.timeZone",
      /IANA.*Europe\/Berlin/,
    ],
    [
      "a zone in small letters",
      maintenance({ timeZone: "europe/berlin" }),
      "maintenance.timeZone",
      /spelled differently.*Europe\/Berlin$/,
    ],
    [
      "an older name in small letters",
      maintenance({ timeZone: "us/pacific" }),
      "maintenance.timeZone",
      /spelled differently.*America\/Los_Angeles$/,
    ],
    ["a day twice", window({ days: ["Sat", "Sun", "Sat"] }), at("days[2]"), /listed twice/],
    [
      "a window twice, in other words",
      maintenance({
        windows: [WINDOW, { ...WINDOW, days: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] }],
      }),
      "maintenance.windows[1]",
      /listed twice/,
    ],
    ["a number that quotes do not mend", window({ start: 120 }), at("start"), /is a number.*such as 02:00$/],
    ["an offset", maintenance({ timeZone: "+02:00" }), "maintenance.timeZone", /not a time zone/],
    ["a time without minutes", window({ start: "2" }), at("start"), /00:00 to 23:59/],
    ["a time after midnight", window({ start: "24:00" }), at("start"), /00:00 to 23:59/],
    ["a day that does not exist", window({ days: ["Sun", "Son"] }), at("days[1]"), /Sun/],
    ["no day", window({ days: [] }), at("days"), /1/],
    ["too short a window", window({ duration: "29m" }), at("duration"), /30m to 24h/],
    ["too long a window", window({ duration: "25h" }), at("duration"), /30m to 24h/],
    ["a length without a unit", window({ duration: "4" }), at("duration"), /90m or 4h/],
    ["no length", maintenance({ windows: [{ start: "02:00" }] }), at("duration"), /is missing/],
    ["a value of now with a space", maintenance({ now: "1 December" }), "maintenance.now", /2026-12-01/],
  ]),
  ...casesOf(
    "maintenance on AWS",
    [
      ["in windows", maintenance({}), "maintenance", /your own machines.*image.*workers\.<pool>\.revision/],
      ["at once", set("maintenance", { now: "1" }), "maintenance", /controlPlane\.revisions\.<name>/],
      [
        "reboots alone",
        maintenance({ packages: "none", reboot: "always" }),
        "maintenance",
        /publisher's newest image/,
      ],
    ],
    { base: smallAws, region: REGION },
  ),
];
