import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** Where the Node language host loads the program of a stack. */
const programLoader = path.join("@pulumi", "pulumi", "cmd", "run", "run.js");

/**
 * Stops a run that has loaded the library as its program. Such a run registers no resource, so Pulumi would delete everything
 * the stack has.
 *
 * @param loadedBy File of the module that loaded the library.
 */
export function refuseAsProgram(loadedBy: string | undefined): void {
  if (loadedBy?.endsWith(path.sep + programLoader) !== true) return;
  throw new pulumi.RunError(
    "Pulumi is running the library pulumi-kubeadm as the program, which would delete every resource of the stack. " +
      "Name the file of your program in Pulumi.yaml (in a clone `main: stacks/index.ts`); " +
      "without a file there, Pulumi takes the entry of the nearest package.json.",
  );
}
