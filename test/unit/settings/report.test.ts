import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { SettingsError, formatProblems } from "../../../model/settings/problems";
import { readStackConfig } from "../../../model/settings/yaml";
import { metalInput } from "../../support/settings";
import { type Change, all, edited, set } from "./edit";

function refused(change: Change, secrets?: Record<string, unknown>): SettingsError {
  return refusedRaw(edited(change), secrets);
}

function refusedRaw(raw: unknown, secrets?: Record<string, unknown>): SettingsError {
  try {
    readCluster(raw, { environment: "metal", secrets });
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error("the settings were taken");
}

const paths = (error: SettingsError) => error.problems.map((problem) => problem.path);

describe("all problems are in one report", () => {
  it("a misspelt key does not hide an overlap, an even number of control-plane nodes or a wrong port", () => {
    const error = refused(
      all(
        set("machines.cp1.hostKye", "x"),
        set("machines.cp2.hostKey", undefined),
        set("machines.w1.port", 0),
        set("machines.cp3.role", "worker"),
        set("network.serviceCidr", "10.244.0.0/24"),
      ),
    );
    expect(paths(error)).toEqual([
      "machines",
      "machines.cp1.hostKye",
      "machines.cp2.hostKey",
      "machines.w1.port",
      "network.serviceCidr",
    ]);
  });

  it("a refused value is not taken for its default", () => {
    // With the default 10.244.0.0/16 in its place the service range would overlap as well.
    const error = refused(
      all(set("cni.podCidr", "10.244.0.0/99"), set("network.serviceCidr", "10.244.0.0/16")),
    );
    expect(paths(error)).toEqual(["cni.podCidr"]);
  });

  const SILENT: readonly [string, Change, string][] = [
    [
      "node slices, of a refused length",
      all(set("network.nodeCidrMaskSize", 8), set("cni.podCidr", "10.244.0.0/25")),
      "network.nodeCidrMaskSize",
    ],
    [
      "renewal, of a refused validity",
      all(set("certificates.validityDays", 0), set("certificates.renewBeforeDays", 400)),
      "certificates.validityDays",
    ],
    [
      "rules of the other mode, of a refused mode",
      set("kubeProxy", { mode: "nft", config: { iptables: { masqueradeBit: 14 } } }),
      "kubeProxy.mode",
    ],
    [
      "a taint of control-plane nodes, of a refused role",
      all(
        set("machines.w1.role", "boss"),
        set("machines.w1.taints", ["node-role.kubernetes.io/control-plane:NoSchedule"]),
      ),
      "machines.w1.role",
    ],
    [
      "a list that lets nobody in, of which the only entry was refused",
      all(set("firewall", "nftables"), set("access", { ssh: ["office"], api: ["192.0.2.0/24"] })),
      "access.ssh[0]",
    ],
  ];

  it.each(SILENT)("nothing is said of %s", (_name, change, path) => {
    expect(paths(refused(change))).toEqual([path]);
  });

  it("its order does not depend on the order of keys", () => {
    const change = all(set("domain", "A"), set("name", "B"), set("machines.w1.port", 0), set("zzz", 1));
    const backwards = edited(change);
    const reversed = Object.fromEntries(Object.entries(backwards).reverse());
    const message = (raw: unknown) => {
      try {
        readCluster(raw, { environment: "metal" });
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(message(reversed)).toBe(message(edited(change)));
  });

  it("reads as a report: path, value, what is wrong, what is allowed, the nearest word", () => {
    const error = refused(all(set("cni.backend", "vxlam"), set("network.mtu", 20)));
    expect(error.message.split("\n")).toEqual([
      "2 problems in the settings of metal",
      '  cni.backend: "vxlam" is not allowed',
      "    allowed: vxlan, host-gw, wireguard",
      "    did you mean: vxlan",
      "  network.mtu: 20 is too small",
      "    allowed: at least 1280",
    ]);
  });

  it("counts one problem as one", () => {
    expect(formatProblems([{ path: "", value: "1", message: "is not a mapping" }])).toBe(
      "1 problem in the settings\n  (settings): 1 is not a mapping",
    );
  });

  it("what no stack file could have is refused by its place, an object within itself too", () => {
    const settings = edited(
      all(
        set("name", () => "shop"),
        set("machines.w1.labels", new Map([["a", "b"]])),
      ),
    );
    const error = refusedRaw({ ...settings, network: { maxNodes: 10n } });
    expect(error.problems.map(({ path, value, message }) => `${path}: ${value} ${message}`)).toEqual([
      "machines.w1.labels: a Map is not a setting",
      "name: a function is not a setting",
      "network.maxNodes: a bigint is not a setting",
    ]);
    const whole: Record<string, unknown> = edited(() => undefined);
    whole["coredns"] = { cache: whole };
    expect(paths(refusedRaw(whole))).toEqual(["coredns.cache"]);
  });

  it("settings are read without an environment, if they have a name", () => {
    const settings = edited(set("name", "shop"));
    expect(readCluster(settings).name).toBe("shop");
    expect(() => readCluster(edited(set("name", undefined)))).toThrow(
      "1 problem in the settings\n  name: is missing, and no environment is given",
    );
  });

  it.each([undefined, null, "text", 7, []])(
    "takes no settings at all for missing machines or a wrong type: %s",
    (raw) => {
      expect(() => readCluster(raw, { environment: "metal" })).toThrow(SettingsError);
    },
  );
});

describe("secrets are not echoed", () => {
  const SECRETS = {
    pem: "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END RSA PRIVATE KEY-----\n",
    password: "correct-horse-battery",
    base64: "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
    hex: "deadbeefcafe0123456789abcdef0123456789ab",
  };
  const PLACES: readonly [string, Change][] = [
    ["a machine's key", set("machines.w1.key", SECRETS.pem)],
    ["a host key", set("machines.w1.hostKey", SECRETS.pem)],
    ["an unknown key", set("machines.w1.privateKey", SECRETS.pem)],
    ["a user", set("machines.w1.user", SECRETS.pem)],
    ["a label", set("machines.w1.labels", { a: SECRETS.pem })],
    ["a number's place", set("network.mtu", SECRETS.pem)],
    ["a whole machine", set("machines.w1", SECRETS.pem)],
    ["an argument", set("etcd.extraArgs", { x: SECRETS.pem })],
    ["an unknown mapping", set("sshKeys", { operator: SECRETS.pem })],
    ["an unknown mapping with a password", set("registry", { password: SECRETS.password })],
    ["an unknown key called token", set("joinToken", SECRETS.password)],
    ["a proxy", set("proxy.http", `http://me:${SECRETS.password}@proxy:3128`)],
    ["a mirror", set("downloads.mirror", `https://me:${SECRETS.password}@mirror.example.com`)],
    ["a registry mirror", set("images.mirrors", { "docker.io": [`https://me:${SECRETS.password}@mirror`] })],
    ["a list of keys", set("encryption.keys", [SECRETS.base64])],
    ["a key name in hexadecimal", set("encryption.keys", [SECRETS.hex])],
    ["an OIDC CA", set("oidc", { issuerUrl: "https://a.example", clientId: "a", ca: SECRETS.base64 })],
    ["an encrypted value", set("machines.w1.key", { secure: SECRETS.base64 })],
  ];

  it.each(PLACES)("%s", (_name, change) => {
    const { message, problems } = refused(change, { operator: SECRETS.pem });
    const report = message + JSON.stringify(problems);
    expect(report).toContain("[hidden]");
    for (const secret of [...Object.values(SECRETS), "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]) {
      expect(report).not.toContain(secret.trim());
      expect(report).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
  });

  it.each(["not a key", SECRETS.base64, SECRETS.password])(
    "a wrong value in kubeadm:secrets: %s",
    (value) => {
      const { message } = refused(() => undefined, { operator: value });
      expect(message).toContain("kubeadm:secrets.operator: [hidden]");
      expect(message).not.toContain(value);
    },
  );

  it("a missing secret is one problem, which names all settings that use it", () => {
    const missing = refused(set("machines.w1.key", "deploy"), { other: SECRETS.pem });
    expect(missing.problems.map(({ path, also }) => [path, also])).toEqual([
      ["machines.cp1.key", ["machines.cp2.key", "machines.cp3.key", "machines.w2.key"]],
      ["machines.w1.key", undefined],
    ]);
    expect(missing.message).toMatch(
      /machines\.cp1\.key: "operator" is not in .*\n {4}also at: machines\.cp2\.key, /,
    );
    const many = Array.from({ length: 30 }, (_, index) => `machines.w${index}.key`);
    const problem = { path: "machines.cp1.key", value: '"operator"', message: "is not there", also: many };
    expect(formatProblems([problem])).toMatch(/ machines\.w9\.key and 20 more$/);
  });

  it("secrets that are not known are not asked for", () => {
    expect(readCluster(metalInput(), { environment: "metal" }).secretNames).toEqual(["operator"]);
  });

  it("the generated encryption key is in no secrets", () => {
    const secrets = { operator: SECRETS.pem, old: SECRETS.base64 };
    const settings = readCluster(edited(set("encryption.keys", ["generated", "old"])), {
      environment: "m",
      secrets,
    });
    expect(settings.secretNames).toEqual(["old", "operator"]);
  });
});

describe("the stack's file", () => {
  it("gives its configuration", () => {
    expect(readStackConfig("config:\n  aws:region: eu-central-1\n")).toEqual({
      "aws:region": "eu-central-1",
    });
    expect(readStackConfig("")).toEqual({});
  });

  const DUPLICATES: readonly [string, string, RegExp][] = [
    ["a machine named twice", "machines:\n  w1: {}\n  w1: {}", /line 3, column 3: "w1" is set twice/],
    ["named twice in one line", "machines: {w1: {}, w2: {}, w1: {}}", /line 1, column 28: "w1" is set twice/],
    [
      "a quoted name",
      'machines:\n  w1: {}\n  "w1": {}',
      /"w1" is set twice.*\n.*machines have different names/,
    ],
    ["a key of a machine", "machines:\n  w1: {port: 1, port: 2}", /"port" is set twice/],
  ];

  it.each(DUPLICATES)("%s", (_name, text, expected) => {
    expect(() => readStackConfig(text)).toThrow(SettingsError);
    expect(() => readStackConfig(text)).toThrow(expected);
  });

  it("that is not valid YAML says where", () => {
    expect(() => readStackConfig("config: [1, 2", "metal")).toThrow(
      /1 problem in the settings of metal\n {2}line 1/,
    );
  });

  it("whose config is not a mapping is refused", () => {
    expect(() => readStackConfig("config: 7")).toThrow(/config: 7 is not a mapping/);
  });

  it("that is not a mapping is refused", () => {
    expect(() => readStackConfig("- config")).toThrow(/the file is not a mapping/);
  });

  const REFERENCES: readonly [string, string][] = [
    ["to no anchor", "config:\n  a: *hunter2\n"],
    ["merged from what is not a mapping", "config:\n  a:\n    <<: 5\n"],
    ["to what holds them", "config:\n  a: &a\n    b: *a\n"],
    ["too many", `config:\n  a: &a [1, 1]\n  b: &b [${"*a, ".repeat(99)}]\n  c: [${"*b, ".repeat(99)}]\n`],
  ];

  it.each(REFERENCES)("with references %s is a problem of the settings, without its text", (_name, text) => {
    expect(() => readStackConfig(text)).toThrow(SettingsError);
    expect(() => readStackConfig(text)).toThrow(/has a reference[^]*allowed: references to an anchor/);
    expect(() => readStackConfig(text)).not.toThrow(/hunter2/);
  });

  it("whose tags are unknown is refused without their text", () => {
    const text = "config:\n  a: !x!hunter2 b\n";
    expect(() => readStackConfig(text)).toThrow(
      /is not valid YAML: Could not resolve tag\n {4}allowed: YAML/,
    );
  });
});
