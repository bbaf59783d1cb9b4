/**
 * What the original's sources say about the arguments of each type, with the line that says it: facts, no text of it. The
 * stand-in checks values by it (`faultsByTable`), a suite holds its own words against it (rules/original.test.ts), and
 * docs/contributing/provider-rules.md is generated from it.
 */
import type { CheckFailure } from "../../shared/provider";
import { isObject, isUnknown, type Value, type Values } from "../../shared/values";
import { between, longest, oneOf } from "../faults";
import type { Words } from "../kind";
import type { StoredName } from "../kinds";
import { known, text, written } from "../scope";
import addresses from "./addresses.json";
import autoscaling from "./autoscaling.json";
import balancers from "./balancers.json";
import iam from "./iam.json";
import instances from "./instances.json";
import network from "./network.json";
import rest from "./rest.json";
import storage from "./storage.json";

export const repository = "https://github.com/hashicorp/terraform-provider-aws";

/** The commit of all lines: of May 2024, on the way to version 5.52. Its whole tree could be had, of a later one only single files. */
export const commit = "14f56e098a4efbc085d081e3e9387408561bb651";
export const version = "5.52";

export interface Fact {
  /** Where the argument begins; undefined: it came after `commit`. */
  readonly line?: number;
  /** As in `Kind.arguments`. */
  readonly words: Words;
  readonly default?: Value;
  /** Numbers, both ends included. */
  readonly between?: readonly number[];
  /** Characters, both ends included. */
  readonly length?: readonly number[];
  readonly values?: readonly string[];
  readonly numbers?: readonly number[];
  /** A form that the table does not check. */
  readonly form?: string;
  /** Arguments that cannot be given together with it. */
  readonly conflicts?: readonly string[];
  /** Exactly one of it and these has to be given. */
  readonly oneOf?: readonly string[];
  /** At least one of it and these has to be given. */
  readonly anyOf?: readonly string[];
  /** Arguments that have to be given with it. */
  readonly needs?: readonly string[];
  /** The version that was seen to have it, where `commit` does not. */
  readonly later?: string;
  /** The version whose words or limits stand here, where those of `commit` are others. */
  readonly changed?: string;
}

export interface Original {
  readonly file: string;
  /** Seconds that an operation may take, unless the resource has customTimeouts. */
  readonly timeouts?: {
    readonly line: number;
    readonly create?: number;
    readonly read?: number;
    readonly update?: number;
    readonly delete?: number;
  };
  /** By path: `healthCheck.interval` for an argument of a block. */
  readonly arguments: Readonly<Record<string, Fact>>;
}

export const originals: Readonly<Record<StoredName, Original>> = {
  ...network,
  ...addresses,
  ...instances,
  ...autoscaling,
  ...balancers,
  ...iam,
  ...storage,
  ...rest,
};

/** Values that the original refuses by their range, their length, or because they are none of a list. */
export function faultsByTable(name: StoredName, inputs: Values): CheckFailure[] {
  return Object.entries(originals[name].arguments).flatMap(([path, fact]) =>
    blocksAt(inputs, path.split(".").slice(0, -1)).flatMap((block) => faultsOf(path, fact, block)),
  );
}

function faultsOf(path: string, fact: Fact, block: Values): CheckFailure[] {
  const leaf = path.split(".").at(-1) ?? path;
  const value = block[leaf];
  if (!known(value) || value === "") return [];
  const found: CheckFailure[] = [];
  const [least, most] = fact.between ?? [];
  if (least !== undefined && most !== undefined) found.push(...between(block, leaf, least, most));
  const [shortest, longestLength] = fact.length ?? [];
  if (longestLength !== undefined) found.push(...longest(block, leaf, longestLength));
  if (shortest !== undefined && text(value).length < shortest) {
    found.push({
      property: leaf,
      reason: `"${leaf}" cannot be shorter than ${shortest} characters: "${text(value)}"`,
    });
  }
  if (fact.values !== undefined && typeof value === "string") {
    found.push(...oneOf(block, leaf, ...fact.values));
  }
  if (fact.numbers !== undefined && !fact.numbers.includes(Number(value))) {
    const what = `expected ${leaf} to be one of ${fact.numbers.join(", ")}, got ${written(value)}`;
    found.push({ property: leaf, reason: what });
  }
  return found.map((fault) => ({ ...fault, property: path }));
}

/** The blocks that a path leads to, through lists. */
function blocksAt(inputs: Values, path: readonly string[]): Values[] {
  let blocks = [inputs];
  for (const name of path) {
    blocks = blocks.flatMap((block) => [block[name] ?? []].flat().filter((one) => isObject(one)));
  }
  return blocks.filter((block) => !isUnknown(block));
}
