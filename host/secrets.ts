import type { StepInput } from "./protocol";

/** Shorter lines than this are too common (`-----END`, `}`) to be treated as a secret. */
const SHORTEST = 12;

/** The shortest value that is looked for inside a longer line: 16 bytes in base64. */
const SHORTEST_VALUE = 24;

/**
 * Takes what came in as secret out of every line that goes out: a failing command may print a file it was given.
 * PEM armour is not secret and stays, so that a reader sees what was there.
 */
export function scrubber(
  input: Pick<StepInput, "connections" | "bastion" | "files">,
): (line: string) => string {
  const keys = [...Object.values(input.connections), ...(input.bastion ? [input.bastion] : [])].map(
    (c) => c.privateKey,
  );
  const needles = new Set<string>();
  for (const text of [...keys, ...input.files.map((file) => file.content)]) {
    for (const raw of text.split("\n")) {
      const line = raw.trim();
      if (line.length >= SHORTEST && !line.startsWith("-----")) needles.add(line);
      // A YAML or JSON value inside a longer line is searched for on its own.
      for (const word of line.split(/[\s"'`{}[\],]+/)) if (word.length >= SHORTEST_VALUE) needles.add(word);
    }
  }
  const sorted = [...needles].sort((a, b) => b.length - a.length);
  return (line) => sorted.reduce((text, needle) => text.replaceAll(needle, "[secret]"), line);
}
