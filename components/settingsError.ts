import * as pulumi from "@pulumi/pulumi";
import { SettingsError, type Problem } from "../model/settings/problems";

/** Invalid settings or arguments, in one report. Pulumi prints it without a stack trace. */
export class ClusterSettingsError extends pulumi.RunError {
  /** Every problem found. */
  readonly problems: readonly Problem[];

  constructor(error: SettingsError) {
    super(error.message);
    this.problems = error.problems;
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
