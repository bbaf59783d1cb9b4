import * as pulumi from "@pulumi/pulumi";
import { SettingsError, type Problem } from "../model/settings/problems";

/** Invalid settings or arguments, in one report. Pulumi prints it without a stack trace. */
export class ClusterSettingsError extends pulumi.RunError {
  /** Every problem found. */
  readonly problems: readonly Problem[];

  constructor(error: SettingsError) {
    super(error.message);
    this.name = "ClusterSettingsError";
    this.problems = error.problems;
    // Of an error in an `apply` the SDK changes the message: once more for every property and resource that waits for it.
    const { message } = error;
    Object.defineProperty(this, "message", { get: () => message, set: () => undefined });
  }
}

/** What the function returns; problems that it finds are shown as one report. */
export function reporting<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (error instanceof SettingsError) throw new ClusterSettingsError(error);
    throw error;
  }
}
