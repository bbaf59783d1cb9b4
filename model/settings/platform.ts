import { z } from "zod";

import { isMapping, type Mapping } from "../core/tree";
import { nearest } from "../text";
import type { Problems } from "./problems";
import { awsShape } from "../aws/schema";
import { PLATFORMS } from "./schema/cluster";
import { machinesShape } from "./schema/machines";
import type { Platform } from "./resolved";

type Shape = Readonly<Record<string, z.core.$ZodType>>;

const SHAPES: Record<Platform, Shape> = { machines: machinesShape, aws: awsShape };

/** Without a platform: `machines`. Undefined, with a problem, for an unknown platform. */
export function platformOf(raw: unknown, problems: Problems): Platform | undefined {
  const given = isMapping(raw) ? raw["platform"] : undefined;
  if (given === undefined) return "machines";
  const known = PLATFORMS.find((platform) => platform === given);
  if (known !== undefined) return known;
  problems.add(["platform"], given, "is not allowed", {
    allowed: PLATFORMS.join(", "),
    nearest: typeof given === "string" ? nearest(given, PLATFORMS) : undefined,
  });
  return undefined;
}

/**
 * Reports keys that only the other platform has, and hands back the settings without them: that they "do not exist" would
 * send people looking for a typing error.
 */
export function withoutOtherPlatform(raw: unknown, platform: Platform, problems: Problems): unknown {
  if (!isMapping(raw)) return raw;
  const other = platform === "aws" ? "machines" : "aws";
  const left: Record<string, unknown> = { ...raw };
  for (const [key, value] of Object.entries(raw)) {
    const mine = SHAPES[platform][key];
    const theirs = SHAPES[other][key];
    if (theirs === undefined) continue;
    if (mine === undefined) {
      refuse([key], value);
      delete left[key];
    } else if (isMapping(value)) {
      left[key] = withoutKeys(value, key, keysOf(theirs), keysOf(mine));
    }
  }
  return left;

  function withoutKeys(
    value: Mapping,
    at: string,
    theirs: readonly string[],
    mine: readonly string[],
  ): Mapping {
    const foreign = Object.keys(value).filter((key) => theirs.includes(key) && !mine.includes(key));
    for (const key of foreign) refuse([at, key], value[key]);
    return Object.fromEntries(Object.entries(value).filter(([key]) => !foreign.includes(key)));
  }

  function refuse(path: readonly string[], value: unknown): void {
    const named = (raw as Mapping)["platform"] === undefined ? `${platform}, the default` : platform;
    problems.add(path, value, `is a setting of platform ${other}; the platform here is ${named}`, {
      allowed: `platform: ${other}, or no ${path.join(".")}`,
    });
  }
}

/** Keys of an object or of any branch of a union; none for what is neither. */
function keysOf(schema: z.core.$ZodType): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return keysOf(schema.unwrap());
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => keysOf(option));
  return [];
}
