import * as fs from "node:fs";
import * as path from "node:path";
import { awsOf } from "../../model/aws/spec";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { Arguments } from "./arguments";
import { budgetRefusal, estimate, quotaNeeds } from "./estimate";
import { Journal } from "./journal";
import { StackFile } from "./settings";
import { shown, type Command, type Shell } from "./shell";
import { cleaning, OBJECTS, story, type Files, type Step } from "./steps";
import { sweep, sweepCommand, tagFilters } from "./sweep";

/** The run cannot start or go on; the message says what to do. */
export class AccountTestError extends Error {}

/** The same, before anything was created. */
export class NotBegunError extends AccountTestError {}

/** Somebody pressed Ctrl-C; the command that ran has ended. */
export class InterruptedError extends Error {}

export interface Run {
  readonly args: Arguments;
  readonly settings: ClusterSettings;
  /** The stack's own file. */
  readonly source: string;
  /** Where the run keeps its files, readable by its user only. */
  readonly folder: string;
  readonly shell: Shell;
  readonly say: (line: string) => void;
  /** Whether somebody wants the run to end. */
  readonly interrupted: () => boolean;
  /** Milliseconds between two looks for what is left, and how many looks. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly looks?: number;
}

/** The tagging service names what was deleted for up to some minutes. */
const LOOKS = 30;
const LOOK_PAUSE = 30_000;

/**
 * The whole run: budget, account and quotas before anything is created, then the story, then the search by tag.
 * @throws AccountTestError, InterruptedError
 */
export async function accountTest(run: Run): Promise<void> {
  const { args, settings, say } = run;
  const expected = estimate(settings);
  say(`estimate: ${expected.cost} US dollars at the most, for ${expected.hours} hours`);
  const files = filesOf(run.folder);
  const given = { stack: args.stack, settings, files };
  const steps = args.clean ? cleaning(given) : story(given);
  if (args.dryRun) return tell(run, steps);
  // Cleaning ends the cost; a budget must not stand against it.
  const refusal = args.clean ? undefined : budgetRefusal(expected, args.budget);
  if (refusal !== undefined) throw new NotBegunError(refusal);
  await checkAccount(run);
  const journal = new Journal(path.join(run.folder, "done.json"));
  const done = args.resume ? journal.done() : [];
  if (!args.clean && done.length === 0) {
    await checkQuotas(run);
    await refuseLeftovers(run);
    journal.forget();
  }
  const stackFile = prepare(run, files, args.resume || args.clean);
  for (const step of steps.filter(({ name }) => !done.includes(name))) {
    await perform(run, stackFile, files, step);
    journal.add(step.name);
  }
  await expectNothing(run);
  journal.forget();
  fs.rmSync(files.kubeconfig, { force: true });
  say("done: nothing of the cluster is left in the account");
}

function filesOf(folder: string): Files {
  const file = (name: string) => path.join(folder, name);
  return { stackFile: file("stack.yaml"), kubeconfig: file("kubeconfig"), objects: file("objects.yaml") };
}

function identityCommand(): Command {
  return ["aws", "sts", "get-caller-identity", "--query", "Account", "--output", "text"];
}

function quotaCommand(region: string, code: string): Command {
  return [
    ...["aws", "service-quotas", "get-service-quota", "--region", region, "--service-code", "ec2"],
    ...["--quota-code", code, "--query", "Quota.Value", "--output", "text"],
  ];
}

function kubeconfigCommand(stack: string): Command {
  return ["pulumi", "stack", "output", "kubeconfig", "--show-secrets", "--stack", stack];
}

/** A dry run: every command, in order, and every change of the settings before it. */
function tell({ args, settings, say }: Run, steps: readonly Step[]): void {
  const { region } = awsOf(settings);
  say(`would check: ${shown(identityCommand())}`);
  for (const { name, code, need } of quotaNeeds(settings))
    say(`would check that ${name} are ${need} or more: ${shown(quotaCommand(region, code))}`);
  const sweeps = tagFilters(settings.name).map((filter) => shown(sweepCommand(region, filter)));
  for (const command of sweeps) say(`would check that nothing is there: ${command}`);
  for (const { name, changes = [], commands } of steps) {
    say(`${name}:`);
    for (const { path: where, value } of changes)
      say(
        `  would ${value === undefined ? "remove" : "set"} ${where.join(".")}${value === undefined ? "" : ` to ${JSON.stringify(value)}`}`,
      );
    for (const command of commands) say(`  would run: ${shown(command)}`);
    if (name === "create the cluster")
      say(`  would write the kubeconfig: ${shown(kubeconfigCommand(args.stack))}`);
  }
  for (const command of sweeps) say(`would check that nothing is left: ${command}`);
}

async function checkAccount({ args, shell }: Run): Promise<void> {
  if (args.account === undefined)
    throw new NotBegunError("name the account with --account: the run uses no other one");
  const found = (await shell.read(identityCommand())).trim();
  if (found !== args.account)
    throw new NotBegunError(`the credentials are of account ${found}, not of ${args.account}`);
}

async function checkQuotas({ settings, shell, say }: Run): Promise<void> {
  const short: string[] = [];
  for (const { name, code, need } of quotaNeeds(settings)) {
    const has = Number((await shell.read(quotaCommand(awsOf(settings).region, code))).trim());
    say(`quota: ${name}: ${need} of ${has}`);
    if (!(has >= need)) short.push(`${name}: ${need}, and the account has ${has} (${code})`);
  }
  if (short.length > 0)
    throw new NotBegunError(
      `the account has too little: ${short.join("; ")}. Request more with aws service-quotas request-service-quota-increase`,
    );
}

async function refuseLeftovers({ args, settings, shell }: Run): Promise<void> {
  const there = await sweep(shell, awsOf(settings).region, settings.name);
  if (there.length > 0)
    throw new NotBegunError(
      `the account already has something of a cluster ${settings.name}: ${there.join(", ")}. If an earlier run made it, continue with --resume ` +
        `or end it with npm run account-test -- ${args.stack} --clean --account NUMBER; otherwise use another name`,
    );
}

/** A resumed run goes on with the settings that it had. */
function prepare({ folder, source }: Run, files: Files, keep: boolean): StackFile {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(files.objects, OBJECTS);
  return keep && fs.existsSync(files.stackFile)
    ? new StackFile(files.stackFile)
    : StackFile.copy(source, files.stackFile);
}

async function perform(run: Run, stackFile: StackFile, files: Files, step: Step): Promise<void> {
  const { args, shell, say, interrupted } = run;
  say(`${step.name}`);
  for (const { path: where, value } of step.changes ?? []) stackFile.set(where, value);
  for (const command of step.commands) {
    if (interrupted()) throw new InterruptedError(step.name);
    say(`  $ ${shown(command)}`);
    const status = await shell.run(command);
    if (interrupted()) throw new InterruptedError(step.name);
    if (status !== 0)
      throw new AccountTestError(`${step.name}: ${command[0] ?? ""} ended with status ${status}`);
  }
  if (step.name !== "create the cluster") return;
  const kubeconfig = await shell.read(kubeconfigCommand(args.stack));
  fs.writeFileSync(files.kubeconfig, kubeconfig, { mode: 0o600 });
}

async function expectNothing(run: Run): Promise<void> {
  const { settings, shell, say, pause, interrupted, looks = LOOKS } = run;
  for (let look = 1; ; look++) {
    if (interrupted()) throw new InterruptedError("search for what is left");
    const left = await sweep(shell, awsOf(settings).region, settings.name);
    if (left.length === 0) return;
    say(`still tagged: ${left.join(", ")}`);
    if (look >= looks)
      throw new AccountTestError(
        `left in the account: ${left.join(", ")}. If one of them does not exist any more, the tagging service will forget it; delete the others`,
      );
    await pause(LOOK_PAUSE);
  }
}

/** What to do about a run that did not end, which goes on costing money. */
export function afterwards({ stack, account }: Arguments): string {
  const command = `npm run account-test -- ${stack} --account ${account ?? "NUMBER"}`;
  return (
    `What was created is still there and costs money. Take it away with: ${command} --clean\n` +
    `Or continue with: ${command} --resume --budget USD\nAfter a killed pulumi, first run: pulumi cancel --stack ${stack}`
  );
}
