import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { type Problem, SettingsError } from "../../../model/settings/problems";
import { RENAMED } from "../../../model/settings/renamed";
import { type RawSettings, metalInput } from "../../support/settings";
import { type Change, edited, set } from "./edit";
import { largeAws } from "../../support/awsInput";

interface Case {
  /** Under its old key, as somebody's file has it. */
  readonly old: Change;
  readonly path: string;
  readonly value: string;
  /** The same under the key that the error names. */
  readonly now: Change;
  readonly allowed: string;
  readonly base?: () => RawSettings;
}

const CASES: Readonly<Record<string, Case>> = {
  "network.nodeMask": {
    old: set("network.nodeMask", 25),
    path: "network.nodeMask",
    value: "25",
    allowed: "network.nodeCidrMaskSize",
    now: set("network.nodeCidrMaskSize", 25),
  },
  drainTimeout: {
    old: set("drainTimeout", 60),
    path: "drainTimeout",
    value: "60",
    allowed: "drainTimeoutSeconds",
    now: set("drainTimeoutSeconds", 60),
  },
  "workers.*.joinTimeout": {
    old: set("workers.general.joinTimeout", 600),
    path: "workers.general.joinTimeout",
    value: "600",
    allowed: "workers.general.joinTimeoutSeconds",
    now: set("workers.general.joinTimeoutSeconds", 600),
    base: largeAws,
  },
  "certificates.leafDays": {
    old: set("certificates", { leafDays: 90 }),
    path: "certificates.leafDays",
    value: "90",
    allowed: "certificates.validityDays",
    now: set("certificates", { validityDays: 90 }),
  },
};

function problemsOf(change: Change, base: () => RawSettings = metalInput): readonly Problem[] {
  try {
    readCluster(edited(change, base), { environment: "metal", region: "eu-central-1" });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("a key under its old name", () => {
  it("has a case here for each", () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(RENAMED).sort());
  });

  it.each(Object.entries(CASES))(
    "%s: the error names the new key, and nothing else is reported",
    (_, one) => {
      const { path, value, allowed } = one;
      expect(problemsOf(one.old, one.base)).toEqual([
        { path, value, message: "is under a renamed key", allowed },
      ]);
    },
  );

  it.each(Object.entries(CASES))("%s: the new key takes the same value", (_, one) => {
    expect(problemsOf(one.now, one.base)).toEqual([]);
  });
});
