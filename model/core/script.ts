/**
 * Scripts that run on hosts are files beside the code that renders them: `*.sh`, `*.py`, `*.ps1`. A file names its variables in a line
 * `# Variables: a b`; rendering writes their values, quoted, in front of its text. `# Uses: path` names files whose text comes before its
 * own, with their variables: functions that several scripts have. `# Prelude: path` sets the search path and the locale.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { searchPath } from "./searchPath";
import { sh, shWords } from "../text";
import { psList, psString } from "./powershell";

/** A list is an array of the language; a record is an associative array of bash. A boolean is `yes` or empty in bash. */
export type ScriptValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;
export type ScriptVariables = Readonly<Record<string, ScriptValue>>;

interface ScriptFile {
  /** The line that names an interpreter, with its end; "" where the file is a part of a script. */
  readonly interpreter: string;
  readonly variables: readonly string[];
  /** Files whose text comes before this one's. */
  readonly uses: readonly string[];
  readonly searches: boolean;
  readonly text: string;
}

const files = new Map<string, ScriptFile>();

/** The head of a file, for editors and linters: its interpreter, and lines of comment up to the first other line. */
const HEAD = /^(#!.*\n)?((?:#.*\n)*)\n?/;

/** PowerShell goes without comments and indentation: user data has little room. @param name path below `model/` */
function scriptFile(name: string): ScriptFile {
  const known = files.get(name);
  if (known !== undefined) return known;
  const whole = fs.readFileSync(path.join(__dirname, "..", name), "utf8");
  const [head = "", interpreter = "", comments = ""] = HEAD.exec(whole) ?? [];
  const named = (what: string): string[] =>
    [...comments.matchAll(new RegExp(`^# ${what}: (.*)$`, "gm"))].flatMap(([, names = ""]) =>
      names.split(" "),
    );
  const file = {
    interpreter,
    variables: named("Variables"),
    uses: named("Uses"),
    searches: named("Prelude").includes("path"),
    text: name.endsWith(".ps1")
      ? whole.slice(head.length).replace(/^ *#.*\n|^ +/gm, "")
      : whole.slice(head.length),
  };
  files.set(name, file);
  return file;
}

/** The files that make up a script, in their order: what one uses comes before it, and once. */
function partsOf(name: string): ScriptFile[] {
  const file = scriptFile(name);
  return [...new Set([...file.uses.flatMap(partsOf), file])];
}

/** What a script is made of but for its values. */
interface Script {
  readonly variables: ReadonlySet<string>;
  readonly searches: boolean;
  readonly text: string;
}

const scripts = new Map<string, Script>();

function joined(name: string): Script {
  const known = scripts.get(name);
  if (known !== undefined) return known;
  const parts = partsOf(name);
  const made = {
    variables: new Set(parts.flatMap((part) => part.variables)),
    searches: parts.some((part) => part.searches),
    text: parts.map((part) => part.text).join(""),
  };
  scripts.set(name, made);
  return made;
}

const isList = (value: ScriptValue): value is readonly string[] => Array.isArray(value);

const ASSIGNMENTS: Readonly<Record<string, (name: string, value: ScriptValue) => string>> = {
  ".sh": (name, value) => {
    if (isList(value)) return `${name}=(${shWords(value)})`;
    if (typeof value === "boolean") return `${name}=${value ? "yes" : ""}`;
    if (typeof value !== "object") return `${name}=${value === "" ? "" : sh(String(value))}`;
    const entries = Object.entries(value).map(([key, one]) => `[${sh(key)}]=${sh(one)}`);
    return `declare -A ${name}=(${entries.join(" ")})`;
  },
  ".py": (name, value) =>
    `${name} = ${typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value)}`,
  ".ps1": (name, value) => {
    if (isList(value)) return `$${name} = ${psList(value)}`;
    if (typeof value === "boolean") return `$${name} = $${value}`;
    if (typeof value === "number") return `$${name} = ${value}`;
    if (typeof value === "object") throw new TypeError(`${name}: records are not for PowerShell`);
    return `$${name} = ${psString(value)}`;
  },
};

/**
 * A script, or a part of one, as a host gets it.
 * @param name path below `model/`
 * @param shared values of variables that the file may name or not
 * @throws RangeError where the file names a variable that has no value, or does not name one of `variables`
 */
export function script(name: string, variables: ScriptVariables = {}, shared: ScriptVariables = {}): string {
  const { interpreter } = scriptFile(name);
  const { variables: named, searches, text } = joined(name);
  const unnamed = Object.keys(variables).filter((key) => !named.has(key));
  if (unnamed.length > 0) throw new RangeError(`${name} does not name ${unnamed.join(", ")}`);
  const assign = ASSIGNMENTS[path.extname(name)];
  if (assign === undefined) throw new RangeError(`${name} is not a script`);
  const lines = [...named].map((key) => {
    const value = variables[key] ?? shared[key];
    if (value === undefined) throw new RangeError(`${name}: ${key} has no value`);
    return `${assign(key, value)}\n`;
  });
  const surroundings = searches ? `export LC_ALL=C PATH="${searchPath}"\n` : "";
  return [interpreter, surroundings, ...lines, text].join("");
}
