import "../aws";
import { createCluster, stackArgs } from "./program";

/** Pulumi takes what a program exports as the outputs of the stack. */
export = createCluster(stackArgs()).outputs;
