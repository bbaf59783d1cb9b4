import { expect, it } from "vitest";
import { parseArguments } from "../../../rehearse/arguments";

const NAME = "etcd-0123456789abcdef-20261129T015500Z-r123456-e3.6.8-k1.36.4.snapshot";

it.each([
  [["prod"], { source: { kind: "stack", environment: "prod" }, wanted: { kind: "newest" }, json: false }],
  [
    ["--state", "-", "--snapshot", NAME, "--json"],
    { source: { kind: "file", file: "-" }, wanted: { kind: "named", name: NAME }, json: true },
  ],
  [
    ["prod", "--file", `/srv/${NAME}`, "--bin", "/opt/etcd"],
    {
      source: { kind: "stack", environment: "prod" },
      wanted: { kind: "file", file: `/srv/${NAME}` },
      bin: "/opt/etcd",
      json: false,
    },
  ],
  [["--help"], undefined],
])("%j is understood", (words, meant) => {
  expect(parseArguments(words)).toEqual(meant);
});

it.each([
  [[], "which cluster?"],
  [["prod", "dev"], "one environment at a time: remove dev"],
  [["prod", "--state", "x"], "an environment or --state, not both"],
  [["prod", "--snapshot", NAME, "--file", "x"], "--snapshot or --file, not both"],
  [["prod", "--snapshot", "newest"], "--snapshot newest is not the name of a snapshot"],
  [["prod", "--page", "x"], "--page"],
])("%j is refused", (words, why) => {
  expect(() => parseArguments(words)).toThrow(why);
});
