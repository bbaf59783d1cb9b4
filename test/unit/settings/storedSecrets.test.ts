import { describe, expect, it } from "vitest";
import {
  isEncrypted,
  plainSecretProblems,
  secretCommand,
  storedSecrets,
} from "../../../model/settings/storedSecrets";

const plainOf = (value: unknown): string[] => [...storedSecrets(value).plain.keys()];

describe("what is under kubeadm:secrets", () => {
  it("has names and nothing plain where each is encrypted, and no names where the whole is", () => {
    const one = { operator: { secure: "v1:AAAA:BBBB==" }, weave: { secure: "AAABAC+/==" } };
    expect(storedSecrets(one)).toEqual({ names: ["operator", "weave"], plain: new Map() });
    expect(storedSecrets({ secure: "v1:AAAA:BBBB" })).toEqual({ names: undefined, plain: new Map() });
    for (const none of [undefined, null, {}])
      expect(storedSecrets(none)).toEqual({ names: [], plain: new Map() });
  });

  it.each([
    ["text", { operator: "a key" }],
    ["text that is empty", { operator: "" }],
    ["a number", { operator: 4711 }],
    ["null", { operator: null }],
    ["a list", { operator: ["a key"] }],
    ["a mapping with more than the ciphertext", { operator: { secure: "AAA", note: "x" } }],
    ["a mapping further down", { operator: { key: { secure: "AAA" } } }],
    ["a key written where the ciphertext belongs", { operator: { secure: "-----BEGIN KEY-----\nabc" } }],
    ["a list as the ciphertext", { operator: { secure: ["AAA"] } }],
  ])("is not encrypted when it is %s, beside one that is", (_, value) => {
    expect(plainOf({ ...value, weave: { secure: "v1:A:B" } })).toEqual(["operator"]);
  });

  it.each([["{}"], [["a"]], [7]])("is not an object: %j", (value) => {
    expect(plainOf(value)).toEqual([""]);
  });
});

describe("the report of a secret in plain text", () => {
  it("names it, hides it, and has the command that puts it right", () => {
    const [problem] = plainSecretProblems(["operator"], "Pulumi.metal.yaml");
    expect(problem).toMatchObject({
      path: "kubeadm:secrets.operator",
      value: "[hidden]",
      message: "is not encrypted in Pulumi.metal.yaml",
    });
    expect(problem?.allowed).toContain("pulumi config set --secret --path 'kubeadm:secrets.operator' < FILE");
  });

  it("has a path that the CLI reads, for a name with a dot too", () => {
    expect(secretCommand("a.b")).toBe(`pulumi config set --secret --path 'kubeadm:secrets["a.b"]' < FILE`);
  });

  it("takes base64 with or without a version for encrypted, and nothing else", () => {
    expect(isEncrypted({ secure: "v1:TMb+5Q==:h/5s" })).toBe(true);
    expect(isEncrypted({ secure: "a word and another" })).toBe(false);
    expect(isEncrypted("v1:A:B")).toBe(false);
  });
});
