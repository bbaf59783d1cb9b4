import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { HANGS_AFTER } from "./patience";

const resolve = createRequire(__filename).resolve;

/** Where the parser and PowerShell's grammar are; undefined where they are not installed. */
function parts(): { parser: string; grammar: string } | undefined {
  try {
    return {
      parser: resolve("web-tree-sitter"),
      grammar: resolve("tree-sitter-powershell/tree-sitter-powershell.wasm"),
    };
  } catch {
    return undefined;
  }
}

export const hasPowerShellParser = parts() !== undefined;

/** Reads scripts on standard input, as a list in JSON; prints `script:line: text` for what is not a PowerShell. */
const PROGRAM = `
const [parserPath, grammarPath] = process.argv.slice(1);
const { Parser, Language } = require(parserPath);
const scripts = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
(async () => {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammarPath));
  const found = [];
  scripts.forEach((script, index) => {
    const walk = (node) => {
      if (node.isError || node.isMissing) found.push(index + ":" + (node.startPosition.row + 1) + ": " + node.text.split("\\n")[0]);
      for (let child = 0; child < node.childCount; child++) walk(node.child(child));
    };
    walk(parser.parse(script).rootNode);
  });
  process.stdout.write(JSON.stringify(found));
  process.exit(0);
})();
`;

/**
 * What tree-sitter's grammar of PowerShell does not take in these scripts; empty: all of it parses. In a process of its own:
 * without `--liftoff-only` Node optimises the grammar's automaton for a minute before it ends.
 */
export function powerShellErrors(scripts: readonly string[]): string[] {
  const found = parts();
  if (found === undefined) throw new Error("web-tree-sitter and tree-sitter-powershell are not installed");
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--liftoff-only", "-e", PROGRAM, found.parser, found.grammar],
    {
      input: JSON.stringify(scripts),
      encoding: "utf8",
      timeout: HANGS_AFTER,
    },
  );
  if (status !== 0) throw new Error(`the parser ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as string[];
}
