import { closest } from "fastest-levenshtein";
import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { type Problem, SettingsError } from "../../../model/settings/problems";
import type { RawSettings } from "../../support/settings";
import { edited } from "./edit";
import { WRONG, type Wrong } from "./wrong";
import { WRONG_ADDONS } from "./wrongAddons";
import { WRONG_DOCUMENTS } from "./wrongDocuments";
import { WRONG_FILES } from "./wrongFiles";
import { WRONG_BACKUP } from "./wrongBackup";
import { WRONG_MAINTENANCE } from "./wrongMaintenance";
import { WRONG_LOGINS } from "./wrongLogins";
import { WRONG_ELSEWHERE } from "./wrongElsewhere";
import { WRONG_FLAGS } from "./wrongFlags";
import { WRONG_CILIUM } from "./wrongCilium";
import { WRONG_CNI } from "./wrongCni";
import { WRONG_AWS } from "./wrongAws";
import { WRONG_AWS_PARTS } from "./wrongAwsParts";
import { WRONG_INSIDE } from "./wrongInside";
import { WRONG_TENANCY } from "./wrongTenancy";
import { WRONG_WINDOWS } from "./wrongWindows";

const ALL: readonly Wrong[] = [
  ...WRONG,
  ...WRONG_CNI,
  ...WRONG_CILIUM,
  ...WRONG_TENANCY,
  ...WRONG_AWS,
  ...WRONG_AWS_PARTS,
  ...WRONG_ADDONS,
  ...WRONG_INSIDE,
  ...WRONG_WINDOWS,
  ...WRONG_FLAGS,
  ...WRONG_DOCUMENTS,
  ...WRONG_FILES,
  ...WRONG_BACKUP,
  ...WRONG_MAINTENANCE,
  ...WRONG_LOGINS,
  ...WRONG_ELSEWHERE,
];

function problemsOf(wrong: Wrong, mend?: (settings: RawSettings) => void): readonly Problem[] {
  try {
    const settings = structuredClone(edited(wrong.change, wrong.base));
    mend?.(settings);
    readCluster(settings, {
      environment: "metal",
      region: wrong.region,
      secrets: wrong.secrets,
      files: wrong.files,
    });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

const reports = new Map<Wrong, readonly Problem[]>();

/** The report of a case as it stands, which several tests look at. */
function reportOf(wrong: Wrong): readonly Problem[] {
  const known = reports.get(wrong) ?? problemsOf(wrong);
  reports.set(wrong, known);
  return known;
}

function textOf(problem: Problem): string {
  return [problem.value, problem.message, problem.allowed, problem.nearest].filter(Boolean).join(" ");
}

const classes = new Map<string, Wrong[]>();
for (const wrong of ALL) classes.set(wrong.class, [...(classes.get(wrong.class) ?? []), wrong]);

describe.each([...classes])("wrong settings: %s", (_name, cases) => {
  it.each(cases)("$name", (wrong) => {
    const problems = reportOf(wrong);
    expect(problems.map((problem) => problem.path)).toEqual([wrong.path]);
    expect(problems.map(textOf)[0]).toMatch(wrong.text);
  });
});

/** A value that a report proposes, as it would be written: text stands without quotes where it is not a number. */
function proposed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Keys of a path as reports write it. */
const keysOf = (path: string): string[] =>
  [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, index, quoted, plain]) => index ?? quoted ?? plain ?? "",
  );

type Node = Record<string, unknown>;

const below = (node: unknown, key: string): unknown => (node as Node | undefined)?.[key];

/** Said of keys that are none; a value may be wrong under a key that is right. */
const NO_KEY =
  /unknown key|renamed key|not a name of|not a flag of|does not have|not taken here|not name a control-plane node/;

/** The text with the word in it that is most like another one replaced by that. */
function withWord(value: unknown, word: string): unknown {
  if (Array.isArray(value)) {
    const most = closest(word, value.map(String));
    return value.map((one: unknown) => (one === most ? withWord(one, word) : one));
  }
  if (typeof value !== "string") return value;
  const words = value.split(/([,=]|^-)/);
  const most = closest(word, words);
  return words.map((one) => (one === most ? word : one)).join("");
}

/**
 * What is wrong at the place of a problem once its proposal is put in: as a value, as a word of the value, or as a key, whichever
 * it is meant to be.
 */
function refusals(wrong: Wrong, { path, message }: Problem, text: string): readonly string[] {
  if (path === "aws:region") return problemsOf({ ...wrong, region: text }).map((one) => one.message);
  const keys = keysOf(path);
  const last = keys.at(-1) ?? "";
  const put = (change: (parent: Node) => void, place: string): string[] =>
    problemsOf(wrong, (settings) => {
      const parent = keys.slice(0, -1).reduce<unknown>(below, settings);
      if (parent !== null && typeof parent === "object") change(parent as Node);
    }).flatMap((one) => (one.path === path || one.path === place ? [one.message] : []));
  const value = put((parent) => (parent[last] = proposed(text)), path);
  if (value.length === 0) return [];
  // The rest of the value may be wrong still.
  const word = put((parent) => (parent[last] = withWord(parent[last], text)), path);
  if (word.every((said) => said !== message && !said.includes(text))) return [];
  const key = put(
    (parent) => {
      parent[text] = parent[last];
      delete parent[last];
    },
    `${path.slice(0, path.length - last.length)}${text}`,
  );
  return key.some((message) => NO_KEY.test(message)) ? [...value, ...key] : [];
}

/** The path leads into the text of a document, which nobody edits here. */
const inDocument = ({ path }: Problem): boolean => /files\[|dropIn|policy\.|\.config\./.test(path);

const REPORTED = ALL.flatMap((wrong) => reportOf(wrong).map((problem) => ({ wrong, problem })));

describe("what a report proposes", () => {
  it("is never empty", () => {
    const empty = REPORTED.filter(({ problem }) => problem.allowed === "" || problem.nearest === "");
    expect(empty).toEqual([]);
  });

  it("is allowed: put in, nothing is wrong there any more", () => {
    const meant = REPORTED.filter(
      ({ problem }) =>
        problem.nearest !== undefined && !problem.path.startsWith("kubeadm:secrets") && !inDocument(problem),
    );
    expect(meant.length).toBeGreaterThan(50);
    const refused = meant.flatMap(({ wrong, problem }) =>
      refusals(wrong, problem, problem.nearest ?? "").map(
        (message) =>
          `${wrong.name}: ${problem.path} ${problem.message}; meant ${problem.nearest}: ${message}`,
      ),
    );
    expect(refused).toEqual([]);
  });

  it("is allowed where it is a list of words or one value", () => {
    const listed = REPORTED.flatMap(({ wrong, problem }) => {
      const words = (problem.allowed ?? "").split(", ");
      const plain = words.every((word) => /^[A-Za-z0-9][A-Za-z0-9./:_-]*$/.test(word));
      const keys = /key/.test(problem.message) || problem.path === "" || inDocument(problem);
      return plain && !keys ? words.map((word) => ({ wrong, problem, word })) : [];
    });
    expect(listed.length).toBeGreaterThan(50);
    const refused = listed.flatMap(({ wrong, problem, word }) =>
      refusals(wrong, problem, word)
        .filter((message) => message === problem.message)
        .map((message) => `${wrong.name}: ${problem.path}; allowed ${word}: ${message}`),
    );
    expect(refused).toEqual([]);
  });
});

describe("the table of wrong settings", () => {
  it("has 90 cases or more, and three or more in each class", () => {
    expect(ALL.length).toBeGreaterThanOrEqual(90);
    expect([...classes].filter(([, cases]) => cases.length < 3).map(([name]) => name)).toEqual([]);
  });

  it("names each case once", () => {
    const names = ALL.map((wrong) => `${wrong.class}: ${wrong.name}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
