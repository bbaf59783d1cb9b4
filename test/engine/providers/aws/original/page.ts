/** docs/contributing/provider-rules.md, from the table, the notes, the installed SDK and the stand-in's own words. */
import { isDeepStrictEqual } from "node:util";
import type { Value } from "../../shared/values";
import { sdkVersion } from "../../shared/launch";
import { kindNames, kindOf, type StoredName } from "../kinds";
import {
  conditions,
  notAsOriginal,
  otherDefaults,
  otherWords,
  readInVersion6,
  waits,
  type Note,
  type Wait,
} from "./notes";
import { laidOver, laidOverText, overAll } from "./laidOver";
import { commit, originals, repository, version, type Fact, type Original } from "./original";
import { sdkArguments } from "./sdk";

/** The page, by its path in the project. */
export const PROVIDER_RULES = "docs/contributing/provider-rules.md";

const HEAD = `# Rules of the AWS provider

For each type of resource in use: which arguments replace it, which the provider or AWS computes, what an operation waits for, and which values and combinations
the provider refuses. Written from the sources of hashicorp/terraform-provider-aws, which pulumi-aws wraps. The stand-in for \`aws\`
(\`test/engine/providers/aws\`) checks values by the same table (\`original/*.json\`), and \`rules/original.test.ts\` holds its words, its defaults and the arguments of the
installed SDK against it. \`npm run provider-rules\` writes this page.

- **Line** is a line of the file above the table, at commit
  [\`${commit.slice(0, 10)}\`](${repository}/tree/${commit}) (on the way to ${version}). \`5.100\` and \`6\` mark what was seen to have come or changed by that version; those words are the stand-in's.
- Version 5.100.0, the last before 6, was asked in its built form about every argument of the tables: what its schema says, what a plan replaces for another value and keeps for a
  value left out, which defaults a plan fills in, and which values at and beyond each limit, and which pairs of arguments, it refuses. It refused nothing that the plans of \`dev\` and \`prod\` give.
- Of version 6, @pulumi/aws VERSION says which arguments there are, nested ones too, and which are required, computed and secret; \`rules/original.test.ts\` holds the table against it.
  Its sources could not be had whole (the repository's snapshot is too large to bring over, those of its forks are too, or end in 2024, and single files are stored in whichever version), so lines are
  not of version 6; what was read of it stands under "In version 6".
- pulumi-aws lays its own rules over the original. Places in it are file and line at the commit it was read at, with the name of what begins there; in the long file of overrides the
  lines were counted by hand, so the name decides.
- **replaces** is ForceNew: a change makes a new resource. **computed**: leaving it out keeps what is there. **set**: no order. **json**: compared by meaning.
  **secret**: Sensitive.
- Times are minutes; \`customTimeouts\` of a resource replace those of its operations, not the other waits.
- "Not in the stand-in" lists arguments of @pulumi/aws VERSION that it refuses, because no component passes them.

The stand-in waits for nothing but the end of instances, is consistent at once, and asks for no permissions; what else differs stands beside each type.
`;

export function providerRules(): string {
  const services = [...new Set(kindNames.map((name) => name.split(".")[0]))].sort();
  const sections = services.flatMap((service) => [
    `## ${service}`,
    ...kindNames.filter((name) => name.startsWith(`${service}.`)).map(sectionOf),
  ]);
  const over = `## Laid over every type by pulumi-aws\n\n${overAll.map((one) => `- ${laidOverText(one)}`).join("\n")}`;
  const head = HEAD.replaceAll("VERSION", sdkVersion("aws")).trimEnd();
  return `${[head, over, ...sections].join("\n\n")}\n`;
}

function sectionOf(name: StoredName): string {
  const original = originals[name];
  const same = kindNames.find((other) => isDeepStrictEqual(originals[other], original));
  if (same !== undefined && same !== name) return `### ${name}\n\nAs ${same}.`;
  const rows = Object.entries(original.arguments).map(([argument, fact]) => rowOf(argument, fact));
  const table = [
    "| Argument | Line | Words | Default | Accepts | With others |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  const lists = [
    listOf("Decided when planning", (conditions[name] ?? []).map(written)),
    listOf("Waits", [...timesOf(original), ...(waits[name] ?? []).map(waited)]),
    listOf("In version 6", versionSix(name)),
    listOf(
      "Laid over by pulumi-aws",
      (laidOver[name] ?? []).map((one) => laidOverText(one, name)),
    ),
    listOf("The stand-in differs", differencesOf(name)),
  ].filter((list) => list !== "");
  const absent = absentArguments(name).map((one) => `\`${one}\``);
  const rest = absent.length === 0 ? [] : [`Not in the stand-in: ${absent.join(", ")}.`];
  const link = `[\`${original.file}\`](${repository}/blob/${commit}/${original.file})`;
  return [`### ${name}`, link, [...table, ...rows].join("\n"), ...lists, ...rest].join("\n\n");
}

function rowOf(argument: string, fact: Fact): string {
  const line = [fact.line, fact.later, fact.changed].filter((part) => part !== undefined).join(", ");
  const cells = [`\`${argument}\``, line, fact.words, shown(fact.default), acceptsOf(fact), othersOf(fact)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function shown(value: Value | undefined): string {
  return value === undefined ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function acceptsOf({ between, length, values, numbers, form }: Fact): string {
  const parts = [
    between && `${between[0]} to ${between[1]}`,
    length &&
      (length[0] === 0 ? `at most ${length[1]} characters` : `${length[0]} to ${length[1]} characters`),
    (values ?? numbers)?.map((one) => `\`${one}\``).join(", "),
    form,
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("; ");
}

function othersOf({ conflicts, oneOf, anyOf, needs }: Fact): string {
  const parts = [
    ["not with", conflicts],
    ["exactly one of it and", oneOf],
    ["at least one of it and", anyOf],
    ["only with", needs],
  ] as const;
  return parts
    .flatMap(([what, names]) =>
      names === undefined || names.length === 0 ? [] : [`${what} ${names.join(", ")}`],
    )
    .join("; ");
}

function listOf(title: string, entries: readonly string[]): string {
  return entries.length === 0 ? "" : `${title}:\n\n${entries.map((entry) => `- ${entry}`).join("\n")}`;
}

function written({ line, file, what }: Note): string {
  return `${what} (${file === undefined ? "" : `${file}, `}line ${line})`;
}

function timesOf({ timeouts }: Original): string[] {
  if (timeouts === undefined) return [];
  const { line, ...times } = timeouts;
  const each = Object.entries(times).map(([operation, seconds]) => `${operation} ${seconds / 60}`);
  return [`${each.join(", ")} (line ${line})`];
}

function waited({ on, seconds, line, what }: Wait): string {
  return `${on}, ${seconds / 60}: ${what} (line ${line})`;
}

function versionSix(name: StoredName): string[] {
  const read = readInVersion6[name];
  if (read === undefined) return [];
  if (read.commit === undefined) return [read.what];
  const link = `[\`${read.commit.slice(0, 10)}\`](${repository}/blob/${read.commit}/${originals[name].file})`;
  return [`${read.what} (${link})`];
}

function differencesOf(name: StoredName): string[] {
  const reasons = { ...otherWords[name], ...otherDefaults[name] };
  return [
    ...Object.entries(reasons).map(([argument, why]) => `\`${argument}\`: ${why}`),
    ...(notAsOriginal[name] ?? []),
  ];
}

/** Arguments of the installed SDK that the stand-in refuses. */
export function absentArguments(name: StoredName): string[] {
  const { kind } = kindOf(tokenOf(name));
  const common = ["region", "tags", "tagsAll"];
  return [...sdkArguments(name).keys()]
    .filter((argument) => !(argument in kind.arguments) && !common.includes(argument))
    .sort();
}

export function tokenOf(name: StoredName): string {
  const [module = "", type = ""] = name.split(".");
  return `aws:${module}/${type.charAt(0).toLowerCase()}${type.slice(1)}:${type}`;
}
