import { setTimeout as delay } from "node:timers/promises";
import {
  leftoversProgram,
  readLeftovers,
  type AccountLeftover,
  type Leftovers,
  type LeftoversCommand,
} from "../../model/aws/leftovers/program";
import { FORCE_VARIABLE } from "../insist";
import { HostProblem } from "../problem";
import type { LeftoversStepSpec, StepResult } from "../protocol";
import type { StepContext } from "../step";
import { anyControlPlaneNode } from "./anyControlPlaneNode";

type Context = StepContext<LeftoversStepSpec>;

/** Milliseconds between two rounds. */
const INTERVAL = 10_000;
/** Milliseconds for which nothing more may go before the step fails: AWS takes some minutes for a load balancer. */
const PATIENCE = 900_000;

const KEPT: readonly AccountLeftover["kind"][] = ["volume", "snapshot"];

/**
 * The first thing that a destroy deletes on AWS itself. The controllers delete the load balancers and volumes themselves, as
 * long as the API and they run; what has no object in the cluster any more is deleted by its tag. Otherwise a VPC with a
 * load balancer in it could not be deleted.
 * @throws HostProblem with what is in the way
 */
export async function leftovers(
  context: Context,
  interval = INTERVAL,
  patience = PATIENCE,
): Promise<StepResult> {
  const { operation, say } = context;
  const node = await controlPlaneNodeOf(context);
  if (node === undefined) return {};
  const run = runner(context, node);
  if (operation !== "delete") {
    // A destroy that was cut off, and undone by an up.
    await run("admit", "admitting load balancers and claims");
    return {};
  }
  const found = await looked(context, run);
  if (found === undefined) return {};
  refuse(context.spec, found);
  const left = isDone(context.spec.leftovers, found)
    ? found
    : await removed(context, run, interval, patience);
  for (const one of left.account)
    say(`left on AWS: ${described(one)}${advice(one, context.spec.leftovers.aws.region)}`);
  return {};
}

/**
 * The first thing that a destroy deletes of a cluster on AWS: it depends on all of it. It changes nothing, and refuses what `leftovers`
 * would refuse when add-ons are on their way out already.
 * @throws HostProblem with what is in the way
 */
export async function destroyGuard(context: Context): Promise<StepResult> {
  if (context.operation !== "delete") return {};
  const node = await controlPlaneNodeOf(context);
  if (node === undefined) return {};
  const found = await looked(context, runner(context, node));
  if (found !== undefined) refuse(context.spec, found);
  return {};
}

type Run = (command: LeftoversCommand, what: string) => Promise<string>;

function runner({ spec, hosts }: Context, node: string): Run {
  const program = leftoversProgram(spec.leftovers);
  return (command, what) => hosts.query(node, what, `python3 -I - ${command}`, program);
}

/** Without the API nothing can be asked; who insists goes on without it. */
function insisted(): boolean {
  return (process.env[FORCE_VARIABLE] ?? "").split(/[\s,]+/).includes("all");
}

/** Without a guard, as after a first run that failed, add-ons may already be gone. */
function untouched(step: LeftoversStepSpec["step"]): string {
  return step === "destroyGuard" ? "Nothing was deleted" : "No node and nothing on AWS was deleted";
}

function goOn({ say, spec }: Context, error: unknown): undefined {
  if (!(error instanceof HostProblem)) throw error;
  if (!insisted())
    throw new HostProblem(
      "",
      `${error.report()}\n${untouched(spec.step)}. Load balancers and volumes that the cluster created on AWS cannot be looked for; ` +
        `to destroy it anyway, run pulumi with ${FORCE_VARIABLE}=all`,
    );
  say(
    `${error.report()}; load balancers and volumes of the cluster were not looked for, because ${FORCE_VARIABLE} is all`,
  );
  return undefined;
}

async function controlPlaneNodeOf(context: Context): Promise<string | undefined> {
  try {
    return await anyControlPlaneNode(context, "load balancers and volumes");
  } catch (error) {
    if (context.operation !== "delete") throw error;
    return goOn(context, error);
  }
}

async function looked(context: Context, run: Run): Promise<Leftovers | undefined> {
  try {
    return readLeftovers(await run("look", "looking for load balancers and volumes"));
  } catch (error) {
    return goOn(context, error);
  }
}

function refuse(
  { step, leftovers: { loadBalancers, volumes, own = [] } }: LeftoversStepSpec,
  found: Leftovers,
): void {
  const isOwn = (of: string): boolean => of.split(", ").every((one) => own.includes(one));
  const balancers = [
    ...found.balanced.filter((one) => !isOwn(one)),
    ...found.account.filter((one) => isBalancing(one) && !isOwn(one.of)).map(described),
  ];
  const kept = [
    ...found.claims.map((claim) => `claim ${claim}`),
    ...found.account.filter(isKept).map(described),
  ];
  const refusals = [
    ...(loadBalancers === "refuse" && balancers.length > 0
      ? [
          `onDestroy.loadBalancers is refuse, and AWS has load balancers for ${balancers.join(", ")}. Delete them, or set onDestroy.loadBalancers to delete and run up`,
        ]
      : []),
    ...(volumes === "refuse" && kept.length > 0
      ? [
          `onDestroy.volumes is refuse, and the cluster has ${kept.join(", ")}. Delete them, or set onDestroy.volumes to keep or delete and run up`,
        ]
      : []),
  ];
  if (refusals.length > 0) throw new HostProblem("", [...refusals, untouched(step)].join("\n"));
}

/** Deletes in rounds until nothing is left that has to go. */
async function removed(context: Context, run: Run, interval: number, patience: number): Promise<Leftovers> {
  const { spec, say } = context;
  let told = "";
  let last = Date.now();
  try {
    for (;;) {
      const found = readLeftovers(await run("remove", "deleting load balancers and volumes"));
      if (isDone(spec.leftovers, found)) return found;
      const waiting = waitingFor(spec.leftovers, found);
      if (waiting !== told) {
        say(`waiting for AWS to delete: ${(told = waiting)}`);
        last = Date.now();
      }
      if (Date.now() + interval > last + patience)
        throw new HostProblem(
          "",
          `not deleted within ${patience / 1000} s: ${waiting}. The events of a Service and the log of the cloud controller manager say why; ` +
            "no node was removed. Repair it, and destroy again",
        );
      await delay(interval);
    }
  } catch (error) {
    // The cluster goes on, and has to take Services and claims again.
    await run("admit", "admitting load balancers and claims").catch(() => undefined);
    throw error;
  }
}

function isBalancing({ kind }: AccountLeftover): boolean {
  return !isKept({ kind });
}

/** Nobody can wait for what no role of the cluster may delete; it is listed at the end. */
function isGoing(one: AccountLeftover): boolean {
  return isBalancing(one) && one.foreign !== true;
}

function isKept({ kind }: Pick<AccountLeftover, "kind">): boolean {
  return KEPT.includes(kind);
}

function isDone(wanted: LeftoversStepSpec["leftovers"], found: Leftovers): boolean {
  return waitingFor(wanted, found) === "";
}

function waitingFor({ loadBalancers, volumes }: LeftoversStepSpec["leftovers"], found: Leftovers): string {
  return [
    ...(loadBalancers === "delete"
      ? [...found.balanced, ...found.account.filter(isGoing).map(described)]
      : []),
    ...(volumes === "delete" ? found.claims.map((claim) => `claim ${claim}`) : []),
  ].join(", ");
}

function described({ kind, id, of, gib }: AccountLeftover): string {
  return `${kind} ${id}${gib === undefined ? "" : ` (${gib} GiB)`}${of === "" ? "" : ` of ${of}`}`;
}

function advice({ kind, id }: AccountLeftover, region: string): string {
  if (!isKept({ kind })) return "";
  return `. If you do not need it: aws ec2 delete-${kind} --region ${region} --${kind}-id ${id}`;
}
