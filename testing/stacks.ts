import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

type Watch = (promise: Promise<unknown>, what: unknown) => Promise<unknown>;

interface Debuggable {
  debuggablePromise?: Watch;
  readonly debugPromiseLeaks?: boolean;
}

// Not by an import: what is replaced is a property of the module's own object.
const debuggable = createRequire(__filename)("@pulumi/pulumi/runtime/debuggable") as Debuggable;

/**
 * The SDK takes a stack for each of its promises, some four for each property of a resource, and one for the place in the program
 * where each resource is made. No record has them, and they are a third of what a record takes. Where PULUMI_DEBUG_PROMISE_LEAKS
 * asks for the stacks of promises, they stay. @returns a function that ends it
 */
export function takeNoStacks(): () => void {
  const { debuggablePromise: watch, debugPromiseLeaks } = debuggable;
  const resource = pulumi.Resource as unknown as { callsites?: () => unknown[] };
  const { callsites } = resource;
  if (watch !== undefined && debugPromiseLeaks !== true)
    debuggable.debuggablePromise = (promise, what) => {
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 0;
      try {
        return watch(promise, what);
      } finally {
        Error.stackTraceLimit = limit;
      }
    };
  if (callsites !== undefined) resource.callsites = () => [];
  return () => {
    if (watch !== undefined) debuggable.debuggablePromise = watch;
    if (callsites !== undefined) resource.callsites = callsites;
  };
}
