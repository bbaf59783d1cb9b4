import * as pulumi from "@pulumi/pulumi";
import { pathText, type Path, type Problem } from "../model/settings/problems";

/** Whether the value is there only later. */
export function isLater<T>(value: pulumi.Input<T>): value is pulumi.Output<T> | Promise<T> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** An output or a promise where only a plain value is taken. */
export function notPlain(path: Path, value: unknown, allowed: string): Problem {
  return {
    path: pathText(path),
    value: pulumi.Output.isInstance(value) ? "an output" : "a promise",
    message: "must be a plain value: it determines which resources exist",
    allowed,
  };
}
