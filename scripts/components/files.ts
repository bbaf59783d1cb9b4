/** The page of components and the program of their examples, made from doc comments. */
import { read } from "../settings/content";
import { describeComponents, type DescribedArgument, type DescribedComponent } from "./describe";

export const PAGE = "docs/components.md";
export const PROGRAM = "examples/components/index.ts";

const BEGIN = "<!-- components: written by npm run settings -->";
const END = "<!-- end of components -->";

/** What each generated file should hold, by its path in the project; not formatted. */
export function componentFiles(): ReadonlyMap<string, string> {
  const components = describeComponents();
  const page = read(PAGE);
  const [before, after] = [page.split(BEGIN)[0] ?? "", page.split(END)[1] ?? ""];
  const middle = components.map(section).join("\n\n");
  return new Map([
    [PAGE, `${before}${BEGIN}\n\n${middle}\n\n${END}${after}`],
    [PROGRAM, program(components)],
  ]);
}

function section({ name, entry, text, example, args }: DescribedComponent): string {
  const from = entry === "pulumi-kubeadm" ? "" : ` (\`${entry}\`)`;
  const rows = args.map(row).join("\n");
  return `## ${name}${from}\n\n${text}\n\n\`\`\`ts\n${example}\n\`\`\`\n\n| Argument | Default | Meaning |\n| --- | --- | --- |\n${rows}`;
}

function row({ name, required, defaultValue, meaning }: DescribedArgument): string {
  const [first = ""] = meaning.split("\n\n");
  const cells = [`\`${name}\``, required ? "required" : defaultValue || "none", first];
  return `| ${cells.map((cell) => cell.replaceAll("\n", " ").replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Each example in its own block, after what they share. */
function program(components: readonly DescribedComponent[]): string {
  const text = read(PROGRAM);
  const shared = text.slice(0, text.indexOf(SHARED_END) + SHARED_END.length);
  const blocks = components.map(
    ({ name, example }) => `// ${name}\n{\n${example.replace(/^(?=.)/gm, "  ")}\n}`,
  );
  return `${shared}\n\n${blocks.join("\n\n")}\n`;
}

const SHARED_END = "// The examples, as the components' doc comments have them: npm run settings.";
