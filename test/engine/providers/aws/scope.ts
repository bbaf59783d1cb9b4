/** One look at the account: what the rules of a type of resource work with. */
import { accountId, nextDigits, quotas, type AccountData, type Quota } from "./account";
import { isUnknown, type Value, type Values } from "../shared/values";

export class Scope {
  constructor(
    private readonly data: AccountData,
    readonly region: string,
  ) {}

  /** `vpc-0123...`. */
  newId(prefix: string): string {
    return `${prefix}-0${nextDigits(this.data, prefix)}`;
  }

  digits(seed: string): string {
    return nextDigits(this.data, seed);
  }

  arn(service: string, resource: string, where: "region" | "global" = "region"): string {
    return `arn:${partitionOf(this.region)}:${service}:${where === "region" ? this.region : ""}:${accountId}:${resource}`;
  }

  find(kind: string, id: Value | undefined): Values | undefined {
    return typeof id === "string" ? this.data.objects[kind]?.[id] : undefined;
  }

  all(kind: string): readonly { readonly id: string; readonly state: Values }[] {
    return Object.entries(this.data.objects[kind] ?? {}).map(([id, state]) => ({ id, state }));
  }

  where(kind: string, match: Values): readonly { readonly id: string; readonly state: Values }[] {
    return this.all(kind).filter(({ state }) =>
      Object.entries(match).every(([name, value]) => state[name] === value),
    );
  }

  put(kind: string, id: string, state: Values): void {
    (this.data.objects[kind] ??= {})[id] = state;
  }

  remove(kind: string, id: string): void {
    delete this.data.objects[kind]?.[id];
    if (Object.keys(this.data.objects[kind] ?? {}).length === 0) delete this.data.objects[kind];
  }

  /** How many things the account has had made: what time is to what settles by itself. */
  get changes(): number {
    return Object.values(this.data.objects).reduce((sum, byId) => sum + Object.keys(byId).length, 0);
  }

  quota(name: Quota): number {
    return this.data.controls.quotas?.[name] ?? quotas[name];
  }

  get controls(): AccountData["controls"] {
    return this.data.controls;
  }
}

export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** What AWS refuses: the text is that of the SDK's errors, `operation error <call>, ... api error <code>: <message>`. */
export function refuse(call: string, code: string, message: string): never {
  throw new Error(
    `operation error ${call}, https response error StatusCode: 400, api error ${code}: ${message}`,
  );
}

export function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

export function texts(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
}

export function objects(value: Value | undefined): Values[] {
  return Array.isArray(value)
    ? value.filter((entry): entry is Values => typeof entry === "object" && entry !== null)
    : [];
}

export function object(value: Value | undefined): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** Whether an argument is given with a known value. */
export function known(value: Value | undefined): value is Value {
  return value !== undefined && value !== null && !isUnknown(value);
}

export function given(value: Value | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Numbers, flags and texts as text; anything else is empty. */
export function written(value: Value | undefined): string {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : text(value);
}
