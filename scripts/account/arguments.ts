import { UsageError, parseWords } from "../../model/commandLine";

export interface Arguments {
  /** The stack, whose `Pulumi.<stack>.yaml` has the settings. */
  readonly stack: string;
  /** US dollars; undefined: none was named. */
  readonly budget?: number;
  /** Number of the account that may be used. */
  readonly account?: string;
  /** Prints what would be done. */
  readonly dryRun: boolean;
  /** Continues after the last step that was done. */
  readonly resume: boolean;
  /** Destroys, and looks for what is left; nothing else. */
  readonly clean: boolean;
}

export const USAGE = `Usage: npm run account-test -- <stack> --budget USD --account NUMBER [options]

Runs the whole life of a cluster in an AWS account, which costs money: create, smoke test, replace a control-plane node,
refresh a pool, destroy, and a search by tag that must find nothing.

  <stack>             its Pulumi.<stack>.yaml has the settings; the file is not changed
  --budget USD        the most that the run may cost; it does not start if its estimate is higher
  --account NUMBER    the account to use, 12 digits; it does not start with the credentials of another one
  --dry-run           print everything it would do, and do nothing; needs no credentials
  --resume            continue after the last finished step
  --clean             only destroy the cluster and search for what is left
  --help              print this

Exit status: 0 all is well and nothing is left, 1 a step failed, 2 wrong usage, 130 interrupted.
`;

/** @throws UsageError; undefined when help is asked for */
export function parseArguments(words: readonly string[]): Arguments | undefined {
  const { values, positionals } = parseWords(words, {
    budget: { type: "string" },
    account: { type: "string" },
    "dry-run": { type: "boolean" },
    resume: { type: "boolean" },
    clean: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) return undefined;
  const [stack, ...more] = positionals;
  if (stack === undefined) throw new UsageError("name the stack, such as dev");
  if (more.length > 0) throw new UsageError(`one stack at a time: remove ${more.join(" ")}`);
  if (values.resume === true && values.clean === true) throw new UsageError("--resume or --clean, not both");
  const budget = budgetOf(values.budget);
  const { account } = values;
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw new UsageError(`--account ${account}: an account has 12 digits`);
  return {
    stack,
    ...(budget === undefined ? {} : { budget }),
    ...(account === undefined ? {} : { account }),
    dryRun: values["dry-run"] ?? false,
    resume: values.resume ?? false,
    clean: values.clean ?? false,
  };
}

function budgetOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(given) || Number(given) === 0)
    throw new UsageError(`--budget ${given}: US dollars, more than 0, such as 25`);
  return Number(given);
}
