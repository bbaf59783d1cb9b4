/** What a schema takes, in words with its keys: `a mapping` alone helps nobody who wrote a list. */
export function shapeOf(schema: unknown): string | undefined {
  const def = defOf(schema);
  if (def === undefined) return undefined;
  switch (def.type) {
    case "object":
      return `a mapping ${keysText(def.shape)}`;
    case "record": {
      const inner = defOf(unwrapped(def.valueType));
      return inner?.type === "object"
        ? `a mapping from names to mappings ${keysText(inner.shape)}`
        : undefined;
    }
    case "array": {
      const inner = defOf(unwrapped(def.element));
      return inner?.type === "object" ? `a list of mappings ${keysText(inner.shape)}` : undefined;
    }
    case "union": {
      const { discriminator } = def;
      if (discriminator === undefined) return undefined;
      const kinds = (def.options ?? []).flatMap((option) =>
        (defOf(defOf(option)?.shape?.[discriminator])?.values ?? []).map(String),
      );
      return `a mapping with ${discriminator}: ${kinds.join(" or ")}`;
    }
    default:
      return undefined;
  }
}

/** What this file reads of zod's definitions. */
interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly innerType?: unknown;
  readonly discriminator?: string;
  readonly options?: readonly unknown[];
  readonly values?: readonly unknown[];
}

function defOf(schema: unknown): Def | undefined {
  return (schema as { readonly _zod?: { readonly def?: Def } } | null | undefined)?._zod?.def;
}

function unwrapped(schema: unknown): unknown {
  const inner = defOf(schema)?.innerType;
  return inner === undefined ? schema : unwrapped(inner);
}

/** Enough to recognise it by. */
const MOST_KEYS = 6;

/** Keys that have to be there first. */
function keysText(shape: Def["shape"] = {}): string {
  const keys = Object.keys(shape);
  const needed = keys.filter(
    (key) => !["optional", "default", "prefault"].includes(defOf(shape[key])?.type ?? ""),
  );
  const shown = [...needed, ...keys.filter((key) => !needed.includes(key))].slice(0, MOST_KEYS);
  return `with ${shown.join(", ")}${keys.length > shown.length ? " and others" : ""}`;
}
