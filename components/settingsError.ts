import * as pulumi from "@pulumi/pulumi";
import type { Problem, SettingsError } from "../model/settings/problems";

/** Settings or arguments that cannot work. Printed by Pulumi without a stack, as one report. */
export class ClusterSettingsError extends pulumi.RunError {
  readonly problems: readonly Problem[];

  constructor(error: SettingsError) {
    super(error.message);
    this.problems = error.problems;
  }
}
