/** The project's types as the compiler reads them, for the documents that are made from their doc comments. */
import * as path from "node:path";
import ts from "typescript";

import { ROOT } from "./content";

/** What the package exports, each file by its own import. */
export const ENTRIES = { "index.ts": "pulumi-kubeadm", "aws.ts": "pulumi-kubeadm/aws" } as const;

/** What documented types are made of; other packages are large, and no doc comment of ours is in them. */
const READ = /^(\.|@pulumi\/pulumi(\/|$)|zod(\/|$))/;

let program: ts.Program | undefined;

export function typeChecker(): ts.TypeChecker {
  program ??= newProgram();
  return program.getTypeChecker();
}

/** What a file of the project exports, of those that the package's entries lead to. */
export function exportsOf(file: string): readonly ts.Symbol[] {
  const checker = typeChecker();
  const source = program?.getSourceFile(path.join(ROOT, file));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} exports nothing`);
  return checker.getExportsOfModule(module);
}

function newProgram(): ts.Program {
  const { config } = ts.readConfigFile(path.join(ROOT, "tsconfig.json"), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, types: [] }, ROOT);
  const host = ts.createCompilerHost(options);
  const cache = ts.createModuleResolutionCache(ROOT, (name) => name, options);
  host.resolveModuleNameLiterals = (names, containing, redirected, _options, source) =>
    names.map((name) =>
      READ.test(name.text)
        ? ts.resolveModuleName(
            name.text,
            containing,
            options,
            host,
            cache,
            redirected,
            ts.getModeForUsageLocation(source, name, options),
          )
        : { resolvedModule: undefined },
    );
  return ts.createProgram({
    rootNames: Object.keys(ENTRIES).map((file) => path.join(ROOT, file)),
    options,
    host,
  });
}
