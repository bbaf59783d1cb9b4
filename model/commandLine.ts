import { parseArgs, type ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Words that a program does not know, or that do not go together; the message is for a terminal. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/**
 * The options and other words of a command line.
 * @throws UsageError for an option that is not in `options`, or lacks its value
 */
export function parseWords<T extends Options>(
  words: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: T }>> {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options });
  } catch (error) {
    // Node's own message goes on with advice about positional arguments.
    throw new UsageError((error as Error).message.split(". ")[0] ?? "");
  }
}
