/** The stand-in's words, defaults and values against the table of the original, and both against the installed SDK. */
import { describe, expect, it } from "vitest";
import type { Value, Values } from "../../shared/values";
import { kindNames, kindOf } from "../kinds";
import { otherDefaults, otherWords } from "../original/notes";
import { originals, type Fact } from "../original/original";
import { tokenOf } from "../original/page";
import { sdkArguments, sdkFact, sdkSecrets } from "../original/sdk";
import { account } from "./account";

describe.each(kindNames)("%s", (name) => {
  const { kind } = kindOf(tokenOf(name));
  const facts = Object.entries(originals[name].arguments);
  const top = facts.filter(([argument]) => !argument.includes("."));
  const sorted = (words: string): string[] =>
    words
      .split(" ")
      .filter((word) => word !== "")
      .sort();

  it("has the arguments of the table, with its words", () => {
    const ours = Object.entries(kind.arguments).map(
      ([argument, words]) => [argument, sorted(words)] as const,
    );
    const theirs = top.map(([argument, { words }]) => [argument, sorted(words)] as const);
    const others = Object.keys(otherWords[name] ?? {});
    const shared = (entries: typeof ours) =>
      Object.fromEntries(entries.filter(([one]) => !others.includes(one)));
    expect(shared(ours)).toEqual(shared(theirs));
    // A difference that is gone needs no reason any more.
    for (const other of others)
      expect(Object.fromEntries(ours)[other]).not.toEqual(Object.fromEntries(theirs)[other]);
  });

  it("fills in the table's defaults", () => {
    const theirs = top.flatMap(([argument, fact]): [string, unknown][] =>
      fact.default === undefined ? [] : [[argument, fact.default]],
    );
    const others = Object.keys(otherDefaults[name] ?? {});
    expect(kind.defaults ?? {}).toEqual(
      Object.fromEntries(theirs.filter(([argument]) => !others.includes(argument))),
    );
  });

  it("has arguments of the SDK alone, and requires none that the SDK does not", () => {
    const sdk = sdkArguments(name);
    const named = kind.naming?.argument;
    for (const [argument, fact] of top) {
      expect([...sdk.keys()]).toContain(argument);
      // Names that nobody gives are made by Pulumi.
      if (argument === named || argument === "key") continue;
      expect([argument, fact.words.includes("required")]).toEqual([argument, sdk.get(argument)]);
    }
  });

  it("is computed, required and secret where the SDK is, in its blocks too", () => {
    const named = kind.naming?.argument;
    // pulumi-aws fills these in: a name or a description is always there.
    const filled = (argument: string): boolean =>
      argument === named || `${name}.${argument}` === "ec2.SecurityGroup.description";
    for (const [argument, { words }] of facts) {
      const sdk = sdkFact(name, argument);
      const said = words.split(" ");
      expect([argument, sdk?.computed]).toEqual([
        argument,
        said.includes("computed") || (filled(argument) && sdk?.required === false),
      ]);
      if (argument.includes("."))
        expect([argument, sdk?.required]).toEqual([argument, said.includes("required")]);
    }
    const secret = top
      .filter(([, { words }]) => words.split(" ").includes("secret"))
      .map(([argument]) => argument);
    const ofTable = sdkSecrets(name).filter((output) => top.some(([argument]) => argument === output));
    expect(secret.sort()).toEqual(ofTable.sort());
  });

  it("has a region where the SDK has one", () => {
    expect(kind.global !== true).toBe(sdkArguments(name).has("region"));
  });

  const limited = facts.filter(([, fact]) => beyond(fact).length > 0);
  it.runIf(limited.length > 0)(
    "refuses what is beyond a limit of the table, and takes what is within",
    () => {
      for (const [path, fact] of limited) {
        const faultsOf = (value: Value): string[] =>
          account.check(name, nested(path, value)).faults.filter((fault) => fault.startsWith(`${path}: `));
        for (const value of beyond(fact))
          expect([path, value, faultsOf(value).length]).toEqual([path, value, 1]);
        for (const value of within(fact)) {
          const found = faultsOf(value).filter((fault) => /range|expected|longer|shorter/.test(fault));
          expect([path, value, found]).toEqual([path, value, []]);
        }
      }
    },
  );

  function nested(path: string, value: Value): Values {
    return path
      .split(".")
      .reverse()
      .reduce<Value>((inner, part) => ({ [part]: inner }), value) as Values;
  }
});

function beyond({ between: [least, most] = [], length, values, numbers }: Fact): Value[] {
  if (least !== undefined && most !== undefined) return [least - 1, most + 1];
  if (length !== undefined) return ["x".repeat((length[1] ?? 0) + 1)];
  if (values !== undefined) return ["nothing-of-it"];
  return numbers === undefined ? [] : [Math.max(...numbers) + 1];
}

function within({ between, length, values, numbers }: Fact): Value[] {
  if (length !== undefined) return ["x".repeat(length[1] ?? 0)];
  return [...(between ?? values ?? numbers ?? [])];
}

it("a list of blocks is looked through", () => {
  const { faults } = account.check("ec2.LaunchTemplate", {
    blockDeviceMappings: [{ ebs: { throughput: 125 } }, { ebs: { throughput: 124 } }],
  });
  expect(faults).toHaveLength(1);
});
