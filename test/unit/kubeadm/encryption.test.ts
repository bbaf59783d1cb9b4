import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encryptionChange,
  keyId,
  readEncryption,
  reusedNames,
  writeEncryption,
  type EncryptionKey,
  type NodeEncryption,
} from "../../../model/kubeadm/encryption";

const key = (
  name: string,
  provider: EncryptionKey["provider"] = "secretbox",
  secret = name,
): EncryptionKey => ({
  provider,
  name,
  secret: Buffer.from(secret.padEnd(32, "-")).toString("base64"),
});
const [a, b, c, d] = [key("a"), key("b", "aescbc"), key("c"), key("d", "aescbc")];
const node = (machine: string, keys: readonly EncryptionKey[], pending = false): NodeEncryption => ({
  machine,
  keys,
  pending,
});
const ids = (keys: readonly EncryptionKey[] = []) => keys.map(({ name }) => name).join("");

describe("the document", () => {
  it("is read as it was written, with the order of keys across providers", () => {
    for (const keys of [[a], [a, b], [a, c, b, d], [b, a, d, c]])
      expect(readEncryption(writeEncryption(keys))).toEqual(keys);
    expect(writeEncryption([a, b, c]).match(/secretbox|aescbc|identity/g)).toEqual([
      "secretbox",
      "aescbc",
      "secretbox",
      "identity",
    ]);
  });

  it.each([
    ["nothing", ""],
    ["text that is not YAML", "a: [b"],
    ["another provider", writeEncryption([a]).replace("identity: {}", "kms: {name: x}")],
    ["plain text first", writeEncryption([a]).replace("secretbox:", "identity: {}\n    - secretbox:")],
    ["more resources", writeEncryption([a]).replace("- secrets", "- secrets\n      - configmaps")],
  ])("is not allowed where it was changed by hand: %s", (_, text) => {
    expect(readEncryption(text)).toBeUndefined();
  });

  it("is named by ids that do not hold the key", () => {
    expect(keyId(a)).toMatch(/^secretbox:a:[0-9a-f]{12}$/);
    expect(keyId(a)).not.toBe(keyId({ ...a, secret: c.secret }));
  });
});

describe("a change of keys", () => {
  it("is none where all nodes have the keys of the settings", () => {
    expect(encryptionChange([node("cp1", [a, b]), node("cp2", [a, b])], [a, b])).toBeUndefined();
  });

  it("lets all read first, then all write, then takes the old key out", () => {
    const change = encryptionChange([node("cp1", [a]), node("cp2", [a])], [b]);
    expect(change?.rewrite).toBe(true);
    for (const machine of ["cp1", "cp2"]) {
      expect(ids(change?.read.keys[machine])).toBe("ab");
      expect(ids(change?.write.keys[machine])).toBe("ba");
      expect(ids(change?.finish.keys[machine])).toBe("b");
    }
  });

  it("rewrites where another key is the first, where one goes, and where an earlier run did not end; not for a key to come", () => {
    const rewrites = (have: EncryptionKey[], wanted: EncryptionKey[], pending = false) =>
      encryptionChange([node("cp1", have, pending)], wanted)?.rewrite;
    expect(rewrites([a], [b, a])).toBe(true);
    expect(rewrites([a, b], [a])).toBe(true);
    expect(rewrites([a], [a, b])).toBe(false);
    expect(rewrites([b, a], [b, a], true)).toBe(true);
  });

  it("finds names that were given another value, of the provider that would not notice", () => {
    const other = { ...b, secret: a.secret };
    expect(reusedNames([node("cp1", [b])], [other])).toEqual(["b"]);
    expect(reusedNames([node("cp1", [b])], [b, key("e", "aescbc")])).toEqual([]);
    expect(reusedNames([node("cp1", [a])], [{ ...a, secret: b.secret }])).toEqual([]);
  });
});

/**
 * API servers that load their file late, or at once when they start anew, and write Secrets all the time; runs that are cut off
 * anywhere, with other settings after each.
 */
describe("at any moment of any history of changes", () => {
  interface Server {
    file: readonly EncryptionKey[];
    loaded: readonly EncryptionKey[];
    pending: boolean;
  }

  const known = new Map<EncryptionKey, string>();

  const idOf = (one: EncryptionKey): string => {
    const id = known.get(one) ?? keyId(one);
    known.set(one, id);
    return id;
  };

  class Cluster {
    readonly secrets: EncryptionKey[];
    constructor(
      readonly servers: Record<string, Server>,
      first: EncryptionKey,
      private readonly random: () => number,
    ) {
      this.secrets = [first, first, first];
    }

    /** Between two steps of a run: somebody writes a Secret, an API server starts anew; then everything must be readable. */
    moment(): void {
      const all = Object.values(this.servers);
      const some = all[Math.floor(this.random() * all.length)];
      if (this.random() < 0.3) some.loaded = some.file;
      const [writes] = some.loaded;
      this.secrets[Math.floor(this.random() * this.secrets.length)] = writes;
      for (const { loaded } of all) {
        const reads = loaded.map(idOf);
        const unread = this.secrets.map(idOf).find((id) => !reads.includes(id));
        // An assertion for each of half a million looks would take most of the time.
        if (unread !== undefined) expect.fail(`${unread} is read by none of ${reads.join(", ")}`);
      }
    }

    /** @returns whether it ended before `steps` were done */
    run(wanted: readonly EncryptionKey[], steps: number): boolean {
      let left = steps;
      const step = (work: () => void): boolean => {
        if (left-- <= 0) return false;
        work();
        this.moment();
        return true;
      };
      const nodes = Object.entries(this.servers).map(([name, one]) => node(name, one.file, one.pending));
      const change = encryptionChange(nodes, wanted);
      if (change === undefined) return true;
      for (const stage of ["read", "write", "finish"] as const) {
        if (stage === "finish" && change.rewrite)
          for (const index of this.secrets.keys())
            if (!step(() => (this.secrets[index] = Object.values(this.servers)[0].loaded[0]))) return false;
        for (const [name, server] of Object.entries(this.servers)) {
          if (stage === "write" && change.rewrite && !step(() => (server.pending = true))) return false;
          if (!step(() => (server.file = change[stage].keys[name]))) return false;
        }
        for (const server of Object.values(this.servers)) {
          if (!step(() => (server.loaded = server.file))) return false;
          if (stage === "finish" && !step(() => (server.pending = false))) return false;
        }
      }
      return true;
    }
  }

  it("every API server reads every Secret, and in the end all are encrypted with the first key", () => {
    const keys = fc.shuffledSubarray([a, b, c, d], { minLength: 1 });
    const runs = fc.array(fc.record({ wanted: keys, steps: fc.nat(40) }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3),
        keys,
        runs,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (count, start, history, draws) => {
          const server = (): Server => ({ file: start, loaded: start, pending: false });
          const servers = Object.fromEntries(
            Array.from({ length: count }, (_, index) => [`cp${index}`, server()]),
          );
          const random = () => Number(draws.next().value);
          const cluster = new Cluster(servers, start[0], random);
          for (const { wanted, steps } of history) cluster.run(wanted, steps);
          const last = history[history.length - 1].wanted;
          expect(cluster.run(last, 1_000)).toBe(true);
          for (const one of Object.values(servers)) {
            expect(one.file).toEqual(last);
            expect(one.pending).toBe(false);
          }
          const changed = history.some(({ wanted }) => keyId(wanted[0]) !== keyId(start[0]));
          if (changed || keyId(last[0]) === keyId(start[0]))
            expect(new Set(cluster.secrets.map(keyId))).toEqual(new Set([keyId(last[0])]));
          expect(
            encryptionChange(
              Object.entries(servers).map(([name, one]) => node(name, one.file)),
              last,
            ),
          ).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });
});
