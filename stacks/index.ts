import "../aws";
import { stackOutputs } from "./program";

/** Pulumi takes what a program exports as the outputs of the stack. */
export = stackOutputs();
