/** What the provider takes as inputs; texts as sdk/go/common/util/mapper/errors.go of pulumi/pulumi makes them. */
import type { CheckFailure } from "../shared/provider";
import { containsUnknown, isObject, isUnknown, plain, type Value, type Values } from "../shared/values";

interface Kind {
  readonly goType: string;
  readonly test: (value: Value) => boolean;
}

const text: Kind = { goType: "string", test: (value) => typeof value === "string" };
const flag: Kind = { goType: "bool", test: (value) => typeof value === "boolean" };
const list: Kind = { goType: "[]interface {}", test: Array.isArray };
const texts: Kind = {
  goType: "[]string",
  test: (value) => Array.isArray(value) && value.every((entry) => typeof entry === "string"),
};
const map: Kind = {
  goType: "map[string]string",
  test: (value) => isObject(value) && Object.values(value).every((entry) => typeof entry === "string"),
};

/** Fields of CommandInputs: common/inputs.go and local/base.go. */
const fields: Record<string, Kind> = {
  triggers: list,
  create: text,
  update: text,
  delete: text,
  stdin: text,
  logging: text,
  interpreter: texts,
  dir: text,
  environment: map,
  assetPaths: texts,
  archivePaths: texts,
  addPreviousOutputInEnv: flag,
};

const notStoodInFor = ["assetPaths", "archivePaths"];

export function checkInputs(news: Values): CheckFailure[] {
  const failures: CheckFailure[] = [];
  for (const [property, value] of Object.entries(news)) {
    const kind = fields[property];
    const known = plain(value);
    if (property === "__internal" || known === null) continue;
    if (!kind) {
      failures.push({ property, reason: `Unrecognized field '${property}' on 'local.CommandInputs'` });
    } else if (notStoodInFor.includes(property)) {
      failures.push({ property, reason: `the stand-in for the provider "command" does not do ${property}` });
    } else if (!isUnknown(known) && !containsUnknown(known) && !kind.test(known)) {
      failures.push({
        property,
        reason: `Field '${property}' on 'local.CommandInputs' must be a '${kind.goType}'`,
      });
    }
  }
  return failures;
}
