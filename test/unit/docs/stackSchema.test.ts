import * as fs from "node:fs";
import * as path from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { read } from "../../../scripts/settings/content";
import { type RawSettings, metalInput } from "../../support/settings";

const STACK_SCHEMA = "schema/stack.schema.json";
const ROOT = path.resolve(__dirname, "../../..");
const validate = new Ajv({ allErrors: true, allowUnionTypes: true, code: { optimize: false } }).compile(
  JSON.parse(read(STACK_SCHEMA)) as object,
);

/** Where a stack file differs from the schema, with the validator's words. */
function errorsOf(file: unknown): string[] {
  if (validate(file)) return [];
  return (validate.errors ?? []).map(({ instancePath, params, message }) =>
    [instancePath, ...Object.values(params as object).map(String), message].join(" "),
  );
}

const stackFile = (cluster: RawSettings, more: object = {}) => ({
  config: { "kubeadm:cluster": cluster, ...more },
});
const CLUSTER = "/config/kubeadm:cluster";

describe("the JSON Schema of stack files", () => {
  it.each(["dev", "prod", "metal", "lab"])(
    "is named in the first line of Pulumi.%s.yaml, which it accepts",
    (environment) => {
      const text = fs.readFileSync(path.join(ROOT, `Pulumi.${environment}.yaml`), "utf8");
      expect(text.split("\n")[0]).toBe(`# yaml-language-server: $schema=./${STACK_SCHEMA}`);
      expect(errorsOf(parse(text))).toEqual([]);
    },
  );

  it("accepts what the Pulumi CLI writes beside the settings", () => {
    const secrets = { operator: { secure: "AAABAB" } };
    const file = stackFile(metalInput(), { "kubeadm:secrets": secrets, "other:key": { secure: "AAABAB" } });
    expect(errorsOf({ ...file, encryptionsalt: "v1:abc", secretsprovider: "passphrase" })).toEqual([]);
    expect(errorsOf(stackFile(metalInput(), { "kubeadm:secrets": { secure: "AAABAB" } }))).toEqual([]);
  });

  const metal = metalInput();
  const machines = metal["machines"] as Record<string, RawSettings>;
  const WRONG: readonly [string, unknown, string][] = [
    ["a misspelt key", stackFile({ ...metal, netwrok: {} }), `${CLUSTER} netwrok must NOT have`],
    [
      "a misspelt key of a machine",
      stackFile({ ...metal, machines: { ...machines, w1: { ...machines["w1"], hostKye: "x" } } }),
      `${CLUSTER}/machines/w1 hostKye must NOT have`,
    ],
    [
      "a missing key",
      stackFile({ ...metal, machines: { w1: { role: "worker" } } }),
      `${CLUSTER}/machines/w1 host must have`,
    ],
    ["a key of the other platform", stackFile({ ...metal, workers: {} }), `${CLUSTER} workers must NOT have`],
    [
      "a number out of bounds",
      stackFile({ ...metal, network: { maxNodes: 0 } }),
      `${CLUSTER}/network/maxNodes >= 1`,
    ],
    ["a word that is none", stackFile({ ...metal, cni: { kind: "flanel" } }), `${CLUSTER}/cni`],
    [
      "text for a number",
      stackFile({ ...metal, network: { mtu: "1500" } }),
      `${CLUSTER}/network/mtu integer must be`,
    ],
    ["settings under a misspelt key", { config: { "kubeadm:clusters": metal } }, "/config/kubeadm:clusters"],
    [
      "a plain secret",
      stackFile(metal, { "kubeadm:secrets": { operator: "hunter2" } }),
      "/config/kubeadm:secrets/operator",
    ],
    ["a misspelt key of the file", { confg: {} }, " confg must NOT have"],
  ];

  it.each(WRONG)("refuses %s", (_name, file, expected) => {
    expect(errorsOf(file).filter((error) => error.startsWith(expected))).not.toEqual([]);
  });
});
