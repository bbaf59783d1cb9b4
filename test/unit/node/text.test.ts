import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemdEnvironment } from "../../../model/core/systemd";
import { heredoc, sh, tomlString } from "../../../model/text";
import { bash } from "./support";

const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => !value.includes("\0"));
/** Strings that are hard on a shell. */
const hard = fc
  .array(
    fc.constantFrom("'", '"', "$", "`", "\\", "\n", " ", "!", "*", "{", "}", "$(x)", "END_OF_FILE", "é", "-"),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(""));

describe("sh", () => {
  it("gives back any value as one word", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, hard), { minLength: 1, maxLength: 8 }), (values) => {
        const ran = bash(`printf '%s\\0' ${values.map(sh).join(" ")}`);
        expect(ran.stdout).toBe(values.map((value) => `${value}\0`).join(""));
      }),
      { numRuns: 60 },
    );
  });

  it("leaves plain words readable and quotes the empty one", () => {
    expect(sh("/etc/containerd/config.toml")).toBe("/etc/containerd/config.toml");
    expect(sh("")).toBe("''");
    expect(sh("it's")).toBe(`'it'\\''s'`);
  });

  it("refuses what no shell can hold", () => {
    expect(() => sh("a\0b")).toThrow(/NUL/);
  });
});

describe("heredoc", () => {
  it("hands over any content byte for byte", () => {
    fc.assert(
      fc.property(fc.oneof(text, hard), (value) => {
        const content = value === "" ? "" : `${value}\n`;
        expect(bash(`cat ${heredoc(content)}`).stdout).toBe(content);
      }),
      { numRuns: 60 },
    );
  });

  it("takes a delimiter that no line of the content is", () => {
    expect(heredoc("END_OF_FILE\nEND_OF_FILE_2\n")).toMatch(/^<<'END_OF_FILE_3'\n/);
  });

  it("refuses content that does not end in a newline", () => {
    expect(() => heredoc("a")).toThrow(/newline/);
  });
});

describe("systemdEnvironment", () => {
  it("keeps specifiers, quotes and backslashes from being read", () => {
    expect(systemdEnvironment("HTTP_PROXY", 'http://u:%40"\\@p')).toBe('"HTTP_PROXY=http://u:%%40\\"\\\\@p"');
  });
  it("refuses line breaks", () => {
    expect(() => systemdEnvironment("A", "b\nc")).toThrow(/line break/);
  });
});

describe("tomlString", () => {
  it("escapes quotes, backslashes and control characters", () => {
    expect(tomlString('a"b\\\u007f\n')).toBe('"a\\"b\\\\\\u007f\\n"');
  });
});
