/** Every component that the package exports: what its doc comment says, its example, and its arguments. */
import * as path from "node:path";
import ts from "typescript";

const ROOT = path.resolve(__dirname, "../..");

/** Large, and no argument is described by them. */
const UNREAD = /^@pulumi\/(aws|kubernetes|tls|command)(\/|$)/;

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
  const program = programOf(["index.ts", "aws.ts"]);
  const checker = program.getTypeChecker();
  const missing: string[] = [];
  const components = ["index.ts", "aws.ts"].flatMap((file) => {
    const source = program.getSourceFile(path.join(ROOT, file));
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing`);
    const entry = file === "index.ts" ? "pulumi-kubeadm" : "pulumi-kubeadm/aws";
    return checker
      .getExportsOfModule(module)
      .filter((symbol) => symbol.declarations?.every(ts.isTypeOnlyImportOrExportDeclaration) !== true)
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter(isComponent)
      .map((symbol) => described(symbol, entry, checker, missing));
  });
  if (missing.length > 0) throw new Error(`there is no doc comment for ${missing.join(", ")}`);
  return components;
}

function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const host = ts.createCompilerHost(options);
  const cache = ts.createModuleResolutionCache(ROOT, (name) => name, options);
  host.resolveModuleNameLiterals = (names, containing, redirected, _options, source) =>
    names.map((name) =>
      UNREAD.test(name.text)
        ? { resolvedModule: undefined }
        : ts.resolveModuleName(
            name.text,
            containing,
            options,
            host,
            cache,
            redirected,
            ts.getModeForUsageLocation(source, name, options),
          ),
    );
  return ts.createProgram({
    rootNames: files.map((file) => path.join(ROOT, file)),
    options,
    host,
  });
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
  const text = comment.replace(/```ts\n[^]*?```/, "").trim();
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
  for (const property of branches.flatMap((type) => checker.getPropertiesOfType(type))) {
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
