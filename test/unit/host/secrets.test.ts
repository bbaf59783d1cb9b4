import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StepInput } from "../../../host/protocol";
import { scrubber } from "../../../host/secrets";
import { encryptionConfiguration } from "../../../model/kubeadm";
import { settingsOf } from "../../support/kubeadmSettings";
import { userKey } from "./sshHost";

function input(files: readonly string[], keys: readonly string[] = []): StepInput {
  const connection = (privateKey: string) => ({
    host: "192.0.2.11",
    port: 22,
    user: "ubuntu",
    hostKey: "ssh-ed25519 AAAA",
    privateKey,
  });
  return {
    connections: Object.fromEntries(keys.map((key, index) => [`m${index}`, connection(key)])),
    files: files.map((content) => ({ path: "/etc/secret", content })),
  };
}

const privateKey = userKey.private;
const bodyOf = (pem: string) =>
  pem.split("\n").filter((line) => line.length > 12 && !line.startsWith("-----"));

describe("scrubber", () => {
  it("takes every line of an SSH key out, and leaves its armour so that a reader sees what was there", () => {
    const scrub = scrubber(input([], [privateKey]));
    const lines = privateKey.trim().split("\n").map(scrub);
    expect(lines[0]).toBe("-----BEGIN OPENSSH PRIVATE KEY-----");
    for (const line of bodyOf(privateKey)) expect(lines.join("\n")).not.toContain(line);
  });

  it("takes the bastion's key out like a machine's", () => {
    const all = { ...input([]), bastion: { ...Object.values(input([], [privateKey]).connections)[0] } };
    for (const line of bodyOf(privateKey)) expect(scrubber(all)(`debug: ${line}`)).toBe("debug: [secret]");
  });

  it("finds a key whose line breaks were escaped, as in JSON", () => {
    const shown = scrubber(input([privateKey]))(JSON.stringify({ content: privateKey }));
    for (const line of bodyOf(privateKey)) expect(shown).not.toContain(line);
  });

  it.each([16, 24, 32])("finds an encryption key of %i bytes wherever it is quoted", (bytes) => {
    const secret = Buffer.alloc(bytes, "0123456789abcdef").toString("base64");
    const yaml = encryptionConfiguration(settingsOf(), { generated: secret });
    expect(yaml).toContain(secret);
    const scrub = scrubber(input([yaml]));
    for (const line of [
      secret,
      `error: bad key "${secret}"`,
      `{"secret":"${secret}"}`,
      `key=${secret};`,
      `secret: '${secret}'`,
    ])
      expect(scrub(line)).not.toContain(secret);
  });

  it.each([
    ["JSON", (secret: string) => `{"keys":[{"name":"a","secret":"${secret}"}]}`],
    ["YAML's flow style", (secret: string) => `keys: [{name: a, secret: ${secret}}]`],
    ["a list", (secret: string) => `tokens: one,${secret},two`],
  ])("finds a value that is in %s on one line", (_, file) => {
    const secret = "c2VjcmV0LXZhbHVlLW9mLXRoaXJ0eS1ieXRlcyE=";
    expect(scrubber(input([file(secret)]))(`the value ${secret} is wrong`)).toBe(
      "the value [secret] is wrong",
    );
  });

  it("replaces the longest first, so that no end of a longer secret is left standing", () => {
    const short = "abcdefghijklmnop";
    const long = `${short}qrstuvwxyz`;
    expect(scrubber(input([short, long]))(`<${long}>`)).toBe("<[secret]>");
  });

  it("takes a secret out as often as it is in a line", () => {
    const secret = "abcdefghijklmnop";
    expect(scrubber(input([secret]))(`${secret} ${secret}`)).toBe("[secret] [secret]");
  });

  it("leaves lines alone that hold nothing secret", () => {
    const scrub = scrubber(input([`${privateKey}\n}\nok\n`], [privateKey]));
    for (const line of ["", "}", "ok", "-----END OPENSSH PRIVATE KEY-----", "##phase kubeadm init"])
      expect(scrub(line)).toBe(line);
  });

  it("lets no line of any secret through, whatever surrounds it", () => {
    const secretLine = fc
      .stringMatching(/^[A-Za-z0-9+/=$.*\\-]{12,80}$/)
      .filter((line) => !line.startsWith("-----"));
    fc.assert(
      fc.property(
        fc.array(fc.array(secretLine, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.string(),
        fc.string(),
        (files, before, after) => {
          const scrub = scrubber(input(files.map((lines) => lines.join("\n"))));
          for (const line of files.flat()) expect(scrub(`${before}${line}${after}`)).not.toContain(line);
        },
      ),
    );
  });
});
