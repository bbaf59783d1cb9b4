import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { toYaml } from "../../../model/yaml";

describe("toYaml", () => {
  it.each([
    "yes",
    "on",
    "no",
    "0644",
    "1:30",
    "1e3",
    "0x1f",
    "null",
    "~",
    "",
    "true",
    "1.36",
    "2026-11-22",
    "- a",
    "a: b",
    "# a",
  ])("keeps the string %j a string for readers of YAML 1.1 and of 1.2", (text) => {
    const written = toYaml({ key: text });
    expect(parse(written, { version: "1.1" })).toEqual({ key: text });
    expect(parse(written, { version: "1.2" })).toEqual({ key: text });
  });

  it("reads back as what was written, in both versions", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (value) => {
        // -0 is not valid JSON value.
        const expected = JSON.parse(JSON.stringify(value)) as unknown;
        const written = toYaml(expected);
        expect(parse(written, { version: "1.1", merge: false })).toEqual(expected);
        expect(parse(written, { version: "1.2" })).toEqual(expected);
      }),
    );
  });

  it("writes a key that would merge as the text it is", () => {
    const value = { "<<": { a: 1 }, b: { "<<": "c" } };
    expect(parse(toYaml(value), { version: "1.1" })).toEqual(value);
    expect(parse(toYaml(value), { version: "1.2" })).toEqual(value);
  });

  it("writes the same object twice as itself and not as an alias", () => {
    const shared = { a: 1 };
    expect(toYaml({ one: shared, two: shared })).not.toMatch(/[&*]/);
  });

  it("does not fold long lines, and leaves out what is undefined", () => {
    const long = "word ".repeat(100).trim();
    expect(toYaml({ long, none: undefined })).toBe(`long: ${long}\n`);
  });

  it("separates documents so that each is read by itself", () => {
    const documents = parseAllDocuments(toYaml({ a: 1 }, { b: 2 }, { c: 3 }));
    expect(documents.map((one) => one.toJS() as unknown)).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });
});
