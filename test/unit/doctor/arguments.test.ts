import { describe, expect, it } from "vitest";
import { parseArguments } from "../../../doctor/arguments";

describe("the words of the doctor", () => {
  it("name a stack, or a state that somebody exported", () => {
    expect(parseArguments(["prod", "--json"])).toEqual({
      source: { kind: "stack", environment: "prod" },
      json: true,
    });
    expect(parseArguments(["--state", "-", "--page", "x.html", "--kubeconfig", "k"])).toEqual({
      source: { kind: "file", file: "-" },
      json: false,
      page: "x.html",
      kubeconfig: "k",
    });
    expect(parseArguments(["prod", "--upgrade", "1.36.4"])).toMatchObject({ upgrade: "1.36.4" });
    expect(parseArguments(["--help"])).toBeUndefined();
  });

  it.each([
    [[], "which cluster?"],
    [["a", "b"], "one environment at a time"],
    [["a", "--state", "f"], "not both"],
    [["--nothing"], "nothing"],
    [
      ["a", "--upgrade", "1.36"],
      "--upgrade 1.36: must be a version such as 1.36.4, of 1.34, 1.35, 1.36, 1.37",
    ],
    [["a", "--upgrade", "1.99.1"], "--upgrade 1.99.1: must be"],
  ])("%j is wrong usage", (words, message) => {
    expect(() => parseArguments(words)).toThrow(message);
  });
});
