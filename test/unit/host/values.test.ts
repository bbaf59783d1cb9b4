import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HostProblem } from "../../../host/problem";
import { lateValues, withValues } from "../../../host/values";

describe("late values", () => {
  it("take the place of their tokens in every text, however deep, and of nothing else", () => {
    const given = {
      flags: [{ name: "issuer", value: "${issuer}" }, { value: "${issuer}/jwks,${issuer}" }],
      "${issuer}": 1,
      none: null,
      yes: true,
      script: 'echo "${HOME}"',
    };
    expect(withValues(given, { "${issuer}": "https://a.example" })).toEqual({
      flags: [
        { name: "issuer", value: "https://a.example" },
        { value: "https://a.example/jwks,https://a.example" },
      ],
      "${issuer}": 1,
      none: null,
      yes: true,
      script: 'echo "${HOME}"',
    });
  });

  it("are taken to the letter, whatever a replacement means to JavaScript", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, value, after) => {
        fc.pre(!`${before}${after}`.includes("${t}"));
        expect(withValues(`${before}\${t}${after}`, { "${t}": value })).toBe(before + value + after);
      }),
    );
    expect(withValues("a${t}b", { "${t}": "$&$1$$" })).toBe("a$&$1$$b");
  });

  it("leave everything as it is where there are none", () => {
    const given = { a: ["${issuer}"] };
    expect(withValues(given, lateValues(null))).toBe(given);
  });

  it.each([["a text"], [[1]], [{ "${issuer}": 1 }], [{ "": "value" }], [7]])("are refused as %j", (given) => {
    expect(() => lateValues(given)).toThrow(HostProblem);
  });
});
