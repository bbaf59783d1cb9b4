import { defined } from "../core/defined";
import { nearest } from "../text";
import { entriesOf } from "./entries";

/** One thing wrong with the settings. */
export interface Problem {
  /** Path of the setting, such as `machines.cp1.hostKey` or `network.peers[0].cidr`; "" is the whole object. */
  readonly path: string;
  /** The value given, cut to one line; `[hidden]` if it may be a secret. */
  readonly value: string;
  /** What is wrong, continuing the sentence "<path> <value> ...". */
  readonly message: string;
  /** Paths of further settings with the same problem. */
  readonly also?: readonly string[];
  /** What is allowed. */
  readonly allowed?: string;
  /** The valid word that is most similar to a misspelt one. */
  readonly nearest?: string;
  /** The lines of the stack file that are concerned, without their values. */
  readonly excerpt?: string;
}

/** All problems of the settings. `message` is the report for a terminal. */
export class SettingsError extends Error {
  constructor(
    readonly problems: readonly Problem[],
    environment?: string,
  ) {
    super(formatProblems(problems, environment));
    this.name = "SettingsError";
  }
}

/**
 * What `read` returns, where nothing was wrong before.
 *
 * @throws SettingsError with what was found before, and what `read` finds besides
 */
export function reportedWith<T>(before: readonly Problem[], title: string, read: () => T): T {
  const problems = [...before];
  try {
    const value = read();
    if (problems.length === 0) return value;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    if (problems.length === 0) throw error;
    problems.push(...error.problems.filter(({ path }) => !before.some((one) => one.path === path)));
  }
  throw new SettingsError(problems, title);
}

/** The report for a terminal: a heading, then each problem with its path, value, and what is allowed. */
export function formatProblems(problems: readonly Problem[], environment?: string): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const head =
    environment === undefined ? `${count} in the settings` : `${count} in the settings of ${environment}`;
  const entries = problems.map((problem) => {
    const lines = [`  ${problem.path || "(settings)"}: ${statement(problem)}`];
    if (problem.also !== undefined) lines.push(`    also at: ${listed(problem.also)}`);
    if (problem.allowed !== undefined) lines.push(`    allowed: ${problem.allowed}`);
    if (problem.nearest !== undefined) lines.push(`    did you mean: ${problem.nearest}`);
    for (const line of problem.excerpt?.split("\n") ?? []) lines.push(`    ${line}`);
    return lines.join("\n");
  });
  return [head, ...entries].join("\n");
}

/** How many paths a report lists of one problem. */
const LISTED = 10;

function listed(paths: readonly string[]): string {
  const more = paths.length - LISTED;
  return more > 0 ? `${paths.slice(0, LISTED).join(", ")} and ${more} more` : paths.join(", ");
}

/** A key that nobody reads. */
export const UNKNOWN_KEY = "unknown key";

/** Messages that need no value: the key is what is wrong, or there is none. */
const WITHOUT_VALUE = /^(unknown|renamed) key|^is missing/;

function statement({ value, message }: Problem): string {
  return WITHOUT_VALUE.test(message) ? message : `${value} ${message}`;
}

export type Path = readonly (string | number)[];

export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      // Escaped, so that a key cannot write lines of its own into the report.
      if (!/^[A-Za-z0-9_:-]+$/.test(part)) return `[${cut(JSON.stringify(part))}]`;
      return index === 0 ? cut(part) : `.${cut(part)}`;
    })
    .join("");
}

/** What is in place of a secret among the settings. */
export const NAME_OF_SECRET = "the name of an entry in kubeadm:secrets, in settings that take one";

/** The same problem where its settings are called otherwise. */
export function relocated(problem: Problem, pathOf: (path: string) => string): Problem {
  const { path, also } = problem;
  return { ...problem, path: pathOf(path), ...(also === undefined ? {} : { also: also.map(pathOf) }) };
}

interface Further {
  readonly also?: readonly Path[];
  readonly allowed?: string | undefined;
  readonly nearest?: string | undefined;
  readonly oneOf?: readonly string[];
}

/** Collects problems; two with the same path and message are one. */
export class Problems {
  constructor(
    private readonly found = new Map<string, Problem>(),
    private readonly refused?: { holds(path: Path): boolean },
  ) {}

  /** The same report, to which nothing is added about values that were refused, or parts of them. */
  except(refused: { holds(path: Path): boolean }): Problems {
    return new Problems(this.found, refused);
  }

  /** @param more what is allowed, and the nearest word of it; `oneOf` makes both of the words that are allowed */
  add(path: Path, value: unknown, message: string, { oneOf = [], ...more }: Further = {}): void {
    if (this.refused?.holds(path) === true) return;
    const text = pathText(path);
    const key = `${text}\n${message}`;
    if (this.found.has(key)) return;
    // A list of what is allowed may be empty where another problem took it away; that one says what to do.
    const allowed = (more.allowed ?? oneOf.join(", ")) || undefined;
    const near = more.nearest ?? (typeof value === "string" ? nearest(value, oneOf) : undefined);
    const also = more.also?.length ? more.also.map(pathText) : undefined;
    this.found.set(key, {
      path: text,
      value: show(value),
      message,
      ...defined({ also, allowed, nearest: near }),
    });
  }

  /**
   * Refuses entries of a list that are there already.
   *
   * @param of what of an entry a report shows; default: all of it
   * @param key what two entries may not share; undefined: it is like no other
   */
  addTwins<T>(
    list: readonly T[] | undefined,
    path: (index: number) => Path,
    {
      of = (entry) => entry,
      key = of,
      allowed = "each once",
    }: { of?: (entry: T) => unknown; key?: (entry: T) => unknown; allowed?: string } = {},
  ): void {
    const seen = new Set<unknown>();
    for (const [index, entry] of entriesOf(list)) {
      const own = key(entry);
      if (own !== undefined && seen.has(own))
        this.add(path(index), of(entry), "is listed twice", { allowed });
      seen.add(own);
    }
  }

  has(path: Path): boolean {
    const text = pathText(path);
    return [...this.found.values()].some((problem) => problem.path === text);
  }

  /** By path, so that the report does not depend on the order of checks. */
  sorted(): Problem[] {
    return sortedProblems([...this.found.values()]);
  }
}

/** By path, numbers as numbers. */
export function sortedProblems(problems: readonly Problem[]): Problem[] {
  const order = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
  return [...problems].sort((a, b) => order(a.path, b.path) || order(a.message, b.message));
}

/** Stands for a value that must not be printed. */
export const HIDDEN = Symbol("hidden");

const LONGEST = 100;

/** The value on one line; anything that looks like a secret is hidden. */
export function show(value: unknown): string {
  if (value === HIDDEN || looksSecret(value)) return "[hidden]";
  if (value === undefined) return "(not given)";
  // JSON has no word for .nan and .inf.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return cut(jsonOf(value) ?? typeof value);
}

/** Undefined for what JSON cannot say, such as an object of a program that holds itself. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/** Words in a key that say its value is a secret; a host's key is public. */
export const SECRET_KEY = /pass(word|wd|phrase)?$|secret|token|private_?key|credential|(?<!host[_-]?)keys?$/i;

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/;
const PASSWORD_IN_URL = /\b[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i;

/** Wider than the one before: a token before @, a password that holds a slash, no scheme, a token in the query. */
const MAY_HOLD_PASSWORD =
  /:\/\/[^\s"]*@|[^\s:@"]:[^\s@"]+@(?!sha256:)|[?&][^=\s]*(token|secret|password|key)=/i;

export function isPrivateKey(text: string): boolean {
  return PRIVATE_KEY.test(text);
}

export function hasPassword(url: string): boolean {
  return PASSWORD_IN_URL.test(url);
}

/** True for private keys, URLs that may hold a password, Pulumi's encrypted values, and anything that holds one of them. */
function looksSecret(value: unknown): boolean {
  if (typeof value === "string") return isPrivateKey(value) || MAY_HOLD_PASSWORD.test(value);
  if (Array.isArray(value)) return value.some(looksSecret);
  if (value !== null && typeof value === "object") {
    return Object.entries(value).some(
      ([key, inner]) => key === "secure" || SECRET_KEY.test(key) || looksSecret(inner),
    );
  }
  return false;
}
