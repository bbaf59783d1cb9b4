/** Every component that the package exports: what its doc comment says, its example, and its arguments. */
import * as path from "node:path";
import ts from "typescript";

import { ROOT } from "../settings/content";
import { ENTRIES, exportsOf, typeChecker } from "../settings/types";

export interface DescribedArgument {
  readonly name: string;
  readonly required: boolean;
  /** What `@defaultValue` says. */
  readonly defaultValue: string;
  readonly meaning: string;
}

export interface DescribedComponent {
  readonly name: string;
  /** Where it is imported from. */
  readonly entry: string;
  readonly text: string;
  /** TypeScript. */
  readonly example: string;
  readonly args: readonly DescribedArgument[];
}

/** @throws Error for a component without an example, and for an argument without a description */
export function describeComponents(): DescribedComponent[] {
  const checker = typeChecker();
  const missing: string[] = [];
  const components = Object.entries(ENTRIES).flatMap(([file, entry]) =>
    exportsOf(file)
      .filter((symbol) => symbol.declarations?.every(ts.isTypeOnlyImportOrExportDeclaration) !== true)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter(isComponent)
      .map((symbol) => described(symbol, entry, checker, missing)),
  );
  if (missing.length > 0) throw new Error(`there is no doc comment for ${missing.join(", ")}`);
  return components;
}

function isComponent({ valueDeclaration: declaration }: ts.Symbol): boolean {
  if (declaration === undefined || !ts.isClassDeclaration(declaration)) return false;
  return (declaration.heritageClauses ?? []).some((clause) =>
    clause.types.some((type) => type.expression.getText().endsWith("ComponentResource")),
  );
}

function described(
  symbol: ts.Symbol,
  entry: string,
  checker: ts.TypeChecker,
  missing: string[],
): DescribedComponent {
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const [, example = ""] = /```ts\n([^]*?)```/.exec(comment) ?? [];
  if (example === "") missing.push(`an example of ${symbol.name}`);
  const text = comment
    .replace(/```ts\n[^]*?```/, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return {
    name: symbol.name,
    entry,
    text,
    example: example.trimEnd(),
    args: argumentsOf(symbol, checker, missing),
  };
}

function argumentsOf(symbol: ts.Symbol, checker: ts.TypeChecker, missing: string[]): DescribedArgument[] {
  const declaration = symbol.valueDeclaration as ts.ClassDeclaration;
  const [signature] = checker.getSignaturesOfType(
    checker.getTypeOfSymbolAtLocation(symbol, declaration),
    ts.SignatureKind.Construct,
  );
  const parameter = signature?.parameters[1];
  if (parameter === undefined) throw new Error(`${symbol.name} takes no arguments`);
  const given = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, declaration));
  const branches = given.isUnion() ? given.types : [given];
  const found = new Map<string, DescribedArgument>();
  const properties = branches.flatMap((type) => checker.getPropertiesOfType(type));
  for (const property of inOrder(properties, declaration.getSourceFile())) {
    const meaning = ts.displayPartsToString(property.getDocumentationComment(checker));
    if (meaning === "") missing.push(`${symbol.name}.${property.name}`);
    const tag = property.getJsDocTags(checker).find(({ name }) => name === "defaultValue");
    found.set(property.name, {
      name: property.name,
      required:
        (property.flags & ts.SymbolFlags.Optional) === 0 &&
        branches.every((type) => type.getProperty(property.name) !== undefined),
      defaultValue: ts.displayPartsToString(tag?.text),
      meaning,
    });
  }
  return [...found.values()].sort((left, right) => Number(right.required) - Number(left.required));
}

/**
 * As they are declared: settings, the component's own, then those it shares with other components. The compiler lists the members of a
 * mapped type as it came upon their names anywhere in the program.
 */
function inOrder(properties: readonly ts.Symbol[], own: ts.SourceFile): ts.Symbol[] {
  const placed = properties.map((property) => {
    const [first] = property.declarations ?? [];
    const source = first?.getSourceFile();
    const file = source === undefined ? "" : path.relative(ROOT, source.fileName);
    return {
      property,
      rank: file.startsWith("model/") ? 0 : source === own ? 1 : 2,
      file,
      at: first?.pos ?? 0,
    };
  });
  placed.sort((a, b) => a.rank - b.rank || a.file.localeCompare(b.file) || a.at - b.at);
  return placed.map(({ property }) => property);
}
