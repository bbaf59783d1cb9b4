import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { type Problem, SettingsError } from "../../../model/settings/problems";
import { edited } from "./edit";
import { WRONG, type Wrong } from "./wrong";
import { WRONG_ADDONS } from "./wrongAddons";
import { WRONG_DOCUMENTS } from "./wrongDocuments";
import { WRONG_FILES } from "./wrongFiles";
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
  ...WRONG_LOGINS,
  ...WRONG_ELSEWHERE,
];

function problemsOf(wrong: Wrong): readonly Problem[] {
  try {
    readCluster(edited(wrong.change, wrong.base), {
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

function textOf(problem: Problem): string {
  return [problem.value, problem.message, problem.allowed, problem.nearest].filter(Boolean).join(" ");
}

const classes = new Map<string, Wrong[]>();
for (const wrong of ALL) classes.set(wrong.class, [...(classes.get(wrong.class) ?? []), wrong]);

describe.each([...classes])("wrong settings: %s", (_name, cases) => {
  it.each(cases)("$name", (wrong) => {
    const problems = problemsOf(wrong);
    expect(problems.map((problem) => problem.path)).toEqual([wrong.path]);
    expect(problems.map(textOf)[0]).toMatch(wrong.text);
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
