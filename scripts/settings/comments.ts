/** The doc comments of the input types: what editors show at a key, and the one source of its description elsewhere. */
import ts from "typescript";

import type { Json } from "./json";
import { exportsOf, typeChecker } from "./types";

const INPUT = "model/settings/input/cluster.ts";

export interface Comment {
  readonly text: string;
  /** What `@defaultValue` says. */
  readonly defaultValue: string | undefined;
}

/**
 * Calls `found` with every key of a JSON Schema and the comment of the same key of an input type.
 *
 * @throws Error for a key that only one of the two has
 */
export function eachComment(
  typeName: string,
  schema: Json,
  found: (key: Json, comment: Comment, at: string) => void,
): void {
  const checker = typeChecker();
  walk(schema, inputType(typeName), "");

  function walk(json: Json, given: ts.Type, at: string): void {
    const inner = checker.getNonNullableType(given);
    for (const branch of json.anyOf ?? json.oneOf ?? []) {
      const member = membersOf(inner).find((one) => fits(one, branch));
      if (member !== undefined) walk(branch, member, at);
    }
    const [object = inner] = membersOf(inner).filter((one) => fits(one, json));
    if (json.properties !== undefined) keys(json.properties, object, at);
    const values = object.getStringIndexType();
    if (typeof json.additionalProperties === "object" && values !== undefined)
      walk(json.additionalProperties, values, `${at}.<name>`);
    const elements = object.getNumberIndexType();
    if (json.items !== undefined && elements !== undefined) walk(json.items, elements, `${at}[]`);
  }

  function keys(properties: Readonly<Record<string, Json>>, type: ts.Type, at: string): void {
    const extra = type.getProperties().find((property) => !(property.name in properties));
    if (extra !== undefined) throw new Error(`${at}.${extra.name}: in the input type, and not in the schema`);
    for (const [name, json] of Object.entries(properties)) {
      const place = at === "" ? name : `${at}.${name}`;
      const property = type.getProperty(name);
      // A Record has a type for any key, and a comment for none.
      if (property === undefined && type.getStringIndexType() !== undefined) continue;
      if (property === undefined) throw new Error(`${place}: in the schema, and not in the input type`);
      found(json, commentOf(property, checker), place);
      walk(json, checker.getTypeOfSymbol(property), place);
    }
  }

  /** Whether a member of a union is the one that a branch of the schema describes. */
  function fits(type: ts.Type, json: Json): boolean {
    if (json.properties === undefined)
      return json.items === undefined
        ? type.getStringIndexType() !== undefined && typeof json.additionalProperties === "object"
        : checker.isArrayType(type);
    return Object.entries(json.properties).every(([name, { const: word }]) => {
      const property = type.getProperty(name);
      if (property === undefined || word === undefined) return property !== undefined;
      const member = checker.getNonNullableType(checker.getTypeOfSymbol(property));
      return !member.isStringLiteral() || member.value === word;
    });
  }
}

function membersOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

function inputType(name: string): ts.Type {
  const found = exportsOf(INPUT).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${INPUT} exports no ${name}`);
  return typeChecker().getDeclaredTypeOfSymbol(found);
}

function commentOf(symbol: ts.Symbol, checker: ts.TypeChecker): Comment {
  const inLines = (parts: ts.SymbolDisplayPart[] | undefined) =>
    ts.displayPartsToString(parts).replace(/\s+/g, " ").trim();
  const tag = symbol.getJsDocTags(checker).find(({ name }) => name === "defaultValue");
  return {
    text: inLines(symbol.getDocumentationComment(checker)),
    defaultValue: tag === undefined ? undefined : inLines(tag.text),
  };
}
