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
    expect(parseArguments(["--help"])).toBeUndefined();
  });

  it.each([
    [[], "which cluster?"],
    [["a", "b"], "one environment at a time"],
    [["a", "--state", "f"], "not both"],
    [["--nothing"], "nothing"],
  ])("%j is wrong usage", (words, message) => {
    expect(() => parseArguments(words)).toThrow(message);
  });
});
