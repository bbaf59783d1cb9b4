/** The account behind the stand-in for `aws`, from a test's side: what is in it, and what happens in it behind Pulumi's back. */
import { readAccount, withAccount, type Controls } from "./providers/aws/account";
import type { Values } from "./providers/shared/values";

/** What exists, as `ec2.Vpc vpc-0123`; interfaces as `interface eni-0123`, which is all there is of a group's instances. */
export function awsObjects(file: string): string[] {
  const { objects } = readAccount(file);
  return Object.entries(objects).flatMap(([kind, byId]) => Object.keys(byId).map((id) => `${kind} ${id}`));
}

/** One thing's attributes; those that start with `_` are the account's own. */
export function awsObject(file: string, kind: string, id: string): Values | undefined {
  return readAccount(file).objects[kind]?.[id];
}

/** Public parameters with another value, images, hosted zones, quotas; each replaces what was set before. */
export function controlAws(file: string, controls: Controls): void {
  withAccount(file, (data) => {
    data.controls = { ...data.controls, ...controls };
  });
}

/** What is in the account before the stack: a thing of somebody else, with the attributes that the rules look at. */
export function addAws(file: string, kind: string, id: string, state: Values): void {
  withAccount(file, (data) => {
    (data.objects[kind] ??= {})[id] = state;
  });
}

/** Every thing of a kind. */
export function awsObjectsOf(file: string, kind: string): Values[] {
  return Object.values(readAccount(file).objects[kind] ?? {});
}

/** Somebody else changes a thing, or takes it away. */
export function changeAws(file: string, kind: string, id: string, change: Values | "remove"): void {
  withAccount(file, (data) => {
    const there = data.objects[kind]?.[id];
    if (!there) throw new Error(`there is no ${kind} ${id}`);
    if (change === "remove") delete data.objects[kind][id];
    else data.objects[kind][id] = { ...there, ...change };
  });
}
