/** What a type of resource is to the stand-in: its arguments, and what happens to the account. */
import type { CheckFailure } from "../shared/provider";
import type { Values } from "../shared/values";
import type { Scope } from "./scope";

/**
 * Words about an argument, as in the original's schema: `required`; `replaces` is ForceNew; `computed` is
 * Optional and Computed, so that leaving it out keeps what is there; `set` has no order; `json` is a document, compared by
 * meaning; `secret` is Sensitive.
 */
export type Word = "required" | "replaces" | "computed" | "set" | "json" | "secret";

/** Words apart by spaces, or none. */
export type Words = string;

export interface Kind {
  /** Below internal/service/ of hashicorp/terraform-provider-aws, where the rules are from. */
  readonly source: string;
  readonly arguments: Readonly<Record<string, Words>>;
  readonly defaults?: Values;
  /** Has `tags` and `tagsAll`, which the provider's default tags are merged into. */
  readonly tagged?: boolean;
  /** Of no region: it has no argument `region`. */
  readonly global?: boolean;
  /** pulumi-aws: always deleted before its replacement is made. */
  readonly deletedFirst?: boolean;
  /** Sets of blocks that are told by these parts alone: what else changes of a block that is there goes unseen. */
  readonly toldBy?: Readonly<Record<string, readonly string[]>>;
  /** Attributes that are only read. */
  readonly outputs?: readonly string[];
  readonly naming?: Naming;
  /** Faults beyond missing and unknown arguments; values may be unknown during a preview. */
  readonly refuse?: (inputs: Values) => CheckFailure[];
  /** Arguments whose change replaces under conditions (CustomizeDiff), among `changed`. */
  readonly replaces?: (changed: readonly string[], olds: Values, news: Values) => readonly string[];
  /** Attributes that a change of `changed` makes unknown in the plan. */
  readonly recomputed?: (changed: readonly string[], news: Values) => readonly string[];
  /** Makes the thing; what it returns comes on top of the arguments with their defaults. */
  readonly create: (scope: Scope, inputs: Values) => Made;
  /** An update makes the thing where it is gone. */
  readonly puts?: boolean;
  /** What changes besides the arguments; `inputs` has the defaults and what was computed before. */
  readonly update?: (scope: Scope, id: string, state: Values, inputs: Values) => Values;
  /** Attributes that others have a hand in. */
  readonly read?: (scope: Scope, id: string, state: Values) => Values;
  /** `timeout`: seconds of the resource's customTimeouts, 0 where it has none. */
  readonly remove?: (scope: Scope, id: string, state: Values, timeout: number) => void;
}

/** The argument that gets a name where none is given: the resource's own and seven digits. */
export interface Naming {
  readonly argument: string;
  /** Of the name with its digits; longer ones are refused. */
  readonly longest: number;
  readonly lowerCase?: boolean;
  /** Before a name that does not begin with it. */
  readonly prefix?: string;
  /** The resource's name as it is; a name that somebody chose does not make way for its replacement. */
  readonly plain?: boolean;
}

export interface Made {
  readonly id: string;
  readonly attributes?: Values;
}

const words: readonly Word[] = ["required", "replaces", "computed", "set", "json", "secret"];

export function has(kind: Kind, argument: string, word: Word): boolean {
  const given = (kind.arguments[argument] ?? "").split(" ").filter((entry) => entry !== "");
  const strange = given.find((entry) => !words.includes(entry as Word));
  if (strange !== undefined) throw new Error(`${kind.source}: ${argument} is said to be "${strange}"`);
  return given.includes(word);
}

/** With those that every such type takes (v7: resources have a region of their own). */
export function argumentsOf(kind: Kind): string[] {
  return [
    ...Object.keys(kind.arguments),
    ...(kind.tagged ? ["tags", "tagsAll"] : []),
    ...(kind.global ? [] : ["region"]),
  ];
}
