/** The provider: every type of resource goes the same way, by its `Kind`, between the engine and the account. */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type {
  CheckFailure,
  CheckRequest,
  CheckResult,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  StandIn,
  UpdateRequest,
} from "../shared/provider";
import {
  containsUnknown,
  isObject,
  plain,
  plainObject,
  textOf,
  unknown,
  type Value,
  type Values,
} from "../shared/values";
import { readAccount, withAccount } from "./account";
import { interfaces } from "./addresses";
import { json } from "./faults";
import { invoke } from "./functions";
import { argumentsOf, has, type Kind, type Naming } from "./kind";
import { kindOf, type StoredName } from "./kinds";
import { ownerOf } from "./kinds/scaling";
import { marked } from "./marks";
import { faultsByTable } from "./original/original";
import { merged, plan, plannedState, refreshedInputs, withDefaults } from "./planning";
import { given, Scope } from "./scope";

/** Default of both types: ec2_instance.go has 20 minutes, group.go 10. */
const DELETE_SECONDS = 600;

const UNIQUE_DIGITS = 26;

export class AwsStandIn implements StandIn {
  private region = "";
  private defaultTags: Values = {};

  constructor(
    readonly version: string,
    private readonly file: string,
  ) {}

  /** Settings that are objects come as JSON (sdk/nodejs/provider.ts of pulumi-aws). */
  configure(args: Values): void {
    const settings = plainObject(args);
    this.region = textOf(settings["region"]) || (process.env["AWS_REGION"] ?? "");
    if (this.region === "") throw new Error("missing region: set aws:region or AWS_REGION");
    const tags = fromJson(settings["defaultTags"])["tags"];
    this.defaultTags = isObject(tags) ? tags : {};
  }

  check({ type, name, olds, news }: CheckRequest): CheckResult {
    const { kind, name: known } = kindOf(type);
    const inputs: Values = {};
    for (const [key, value] of Object.entries(news)) {
      // Documents may be given as objects (TransformJSONDocument of pulumi-aws).
      inputs[key] = has(kind, key, "json") && isObject(plain(value)) ? JSON.stringify(plain(value)) : value;
    }
    if (kind.tagged) inputs["tagsAll"] = this.allTags(inputs["tags"]);
    // provider/region.go of pulumi-aws, applyRegion: a provider that goes to another region replaces everything.
    if (!kind.global) inputs["region"] ??= this.region;
    const named = nameFor(kind, { type, name }, olds, inputs);
    if (named) Object.assign(inputs, named);
    return { inputs, failures: failuresOf(known, kind, plainObject(inputs)) };
  }

  /** A refresh compares with what is ignored, and leaves that to the provider (the bridge's Diff does, too). */
  diff({ type, olds, oldInputs, news, ignoreChanges }: DiffRequest): DiffResult {
    const { kind } = kindOf(type);
    const planned = plan(kind, plainObject(olds), plainObject(oldInputs), plainObject(news));
    const ignored = (name: string): boolean => ignoreChanges.includes(name.split(/[.[]/)[0]);
    const detailed = Object.fromEntries(Object.entries(planned).filter(([name]) => !ignored(name)));
    const replaces = Object.values(detailed).some((change) => change.endsWith("-replace"));
    const deletedFirst = kind.deletedFirst === true || hasOwnName(kind, news);
    return { detailed, deleteBeforeReplace: replaces && deletedFirst };
  }

  create({ type, properties, preview }: CreateRequest): { id: string; properties: Values } {
    const { kind, name } = kindOf(type);
    const inputs = withDefaults(kind, plainObject(properties));
    if (preview)
      return { id: "", properties: marked(kind, plannedState(kind, undefined, {}, inputs), properties) };
    return this.inAccount((scope) => {
      const prefixed = withPrefix(kind, scope, inputs);
      const { id, attributes = {} } = kind.create(scope, prefixed);
      const state = { ...prefixed, ...(kind.global ? {} : { region: scope.region }), ...attributes };
      scope.put(name, id, state);
      return { id, properties: marked(kind, shown(kind, scope, id, state), properties) };
    });
  }

  read({ type, id, properties, inputs }: ReadRequest): ReadResult {
    const { kind, name } = kindOf(type);
    return this.inAccount((scope) => {
      const state = scope.find(name, id);
      if (!state) return { id: "", properties: {}, inputs: {} };
      const there = shown(kind, scope, id, state);
      const before = Object.keys(inputs).length > 0 ? inputs : argumentsIn(kind, there);
      const refreshed = refreshedInputs(kind, plainObject(before), there);
      return { id, properties: marked(kind, there, properties), inputs: marked(kind, refreshed, inputs) };
    });
  }

  update({ type, id, olds, oldInputs, news, preview }: UpdateRequest): Values {
    const { kind, name } = kindOf(type);
    const before = plainObject(olds);
    const inputs = plainObject(news);
    if (preview) return marked(kind, plannedState(kind, before, plainObject(oldInputs), inputs), news);
    return this.inAccount((scope) => {
      const state = scope.find(name, id) ?? (kind.puts ? before : undefined);
      if (!state) throw new Error(`${name} ${id} is not there any more`);
      const planned = merged(kind, state, withDefaults(kind, inputs));
      const next = { ...planned, ...kind.update?.(scope, id, state, planned) };
      scope.put(name, id, next);
      return marked(kind, shown(kind, scope, id, next), news);
    });
  }

  /** What is gone already is as it should be. */
  delete({ type, id, timeout }: DeleteRequest): void | Promise<void> {
    const { kind, name } = kindOf(type);
    this.inAccount((scope) => {
      const state = scope.find(name, id);
      if (!state) return;
      kind.remove?.(scope, id, state, timeout);
      scope.remove(name, id);
    });
    const owner = name === "autoscaling.Group" ? ownerOf(id) : id;
    return this.ending(owner) > 0 ? this.untilEnded(owner, timeout) : undefined;
  }

  private ending(owner: string): number {
    const all = Object.values(readAccount(this.file).objects[interfaces] ?? {});
    return all.filter((there) => there["owner"] === owner && there["_ending"] === true).length;
  }

  /** The original waits until instances are terminated (ec2_instance.go, terminateInstance; group.go, drainGroup). */
  private async untilEnded(owner: string, timeout: number): Promise<void> {
    const until = Date.now() + (timeout || DELETE_SECONDS) * 1000;
    while (this.ending(owner) > 0) {
      if (Date.now() > until)
        throw new Error(`waiting for ${owner} to end: ${this.ending(owner)} instance(s) remaining`);
      await delay(200);
    }
  }

  invoke(token: string, args: Values): Values {
    return this.inAccount((scope) => invoke(token, scope, plainObject(args)));
  }

  private inAccount<T>(work: (scope: Scope) => T): T {
    return withAccount(this.file, (data) => work(new Scope(data, this.region)));
  }

  /** provider/tags.go of pulumi-aws, applyTags: resources' own tags go before the provider's. */
  private allTags(tags: Value | undefined): Value {
    const own = plain(tags ?? null);
    if (containsUnknown(own)) return unknown;
    return { ...this.defaultTags, ...(isObject(own) ? own : {}) };
  }
}

/** State without what is the account's own, and with what others have a hand in. */
function shown(kind: Kind, scope: Scope, id: string, state: Values): Values {
  const there = { ...state, ...kind.read?.(scope, id, state) };
  const entries = Object.entries(there).filter(([name, value]) => !name.startsWith("_") && value !== null);
  return { ...Object.fromEntries(entries), id };
}

function argumentsIn(kind: Kind, state: Values): Values {
  const names = argumentsOf(kind).filter((name) => state[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, state[name]]));
}

function fromJson(value: Value | undefined): Values {
  if (typeof value !== "string") return isObject(value) ? value : {};
  const parsed = JSON.parse(value) as Value;
  return isObject(parsed) ? parsed : {};
}

const NAME_DIGITS = 7;

/** The bridge's automatic names: the resource's, a dash, seven random digits; kept from one update to the next. */
function nameFor(
  { naming }: Kind,
  of: { readonly type: string; readonly name: string },
  olds: Values,
  inputs: Values,
): Values | undefined {
  if (!naming) return undefined;
  const { argument } = naming;
  if (inputs[argument] !== undefined || inputs[`${argument}Prefix`] !== undefined) return undefined;
  const defaults = olds["__defaults"];
  const kept = Array.isArray(defaults) && defaults.includes(argument) ? olds[argument] : undefined;
  return { [argument]: kept ?? nameOf(naming, of), __defaults: [argument] };
}

function nameOf(
  { longest, lowerCase, plain, prefix = "" }: Naming,
  { type, name }: { readonly type: string; readonly name: string },
): string {
  if (plain) return name;
  const stem = `${lowerCase ? name.toLowerCase() : name}-`;
  if (stem.length + NAME_DIGITS > longest) {
    const what = `name '${stem}' plus ${NAME_DIGITS} random chars is longer than maximum length ${longest}`;
    throw new Error(`could not make instance of '${type}': ${what}`);
  }
  const made = `${stem}${randomBytes(4).toString("hex").slice(0, NAME_DIGITS)}`;
  return made.startsWith(prefix) ? made : `${prefix}${made}`;
}

/** The bridge's nameRequiresDeleteBeforeReplace (pkg/tfbridge/schema.go): a name that somebody chose is free only once. */
function hasOwnName(kind: Kind, inputs: Values): boolean {
  if (!kind.naming || kind.naming.plain) return false;
  const { argument } = kind.naming;
  const defaults = inputs["__defaults"];
  return given(inputs[argument]) && !(Array.isArray(defaults) && defaults.includes(argument));
}

function withPrefix(kind: Kind, scope: Scope, inputs: Values): Values {
  const { argument } = kind.naming ?? { argument: "name" };
  const prefix = inputs[`${argument}Prefix`];
  if (inputs[argument] !== undefined || prefix === undefined) return inputs;
  // terraform-plugin-sdk, helper/id, PrefixedUniqueId: a time in 18 digits and a number in 8.
  const unique = `${scope.digits("name")}${scope.digits("name")}`.slice(0, UNIQUE_DIGITS);
  return { ...inputs, [argument]: `${textOf(prefix)}${unique}` };
}

function failuresOf(name: StoredName, kind: Kind, inputs: Values): CheckFailure[] {
  const names = argumentsOf(kind);
  const strange = Object.keys(inputs)
    .filter((name) => !names.includes(name) && !name.startsWith("__"))
    .map((property) => ({ property, reason: `the stand-in for "aws" has no argument ${property} here` }));
  const missing = Object.keys(kind.arguments)
    .filter((name) => has(kind, name, "required") && (inputs[name] ?? null) === null)
    .map((property) => ({
      property,
      reason: `Missing required argument. The argument "${property}" is required`,
    }));
  const documents = Object.keys(kind.arguments)
    .filter((name) => has(kind, name, "json"))
    .flatMap((name) => json(inputs, name));
  const byTable = faultsByTable(name, inputs);
  return [...strange, ...missing, ...documents, ...byTable, ...(kind.refuse?.(inputs) ?? [])];
}
