/**
 * Stand-in for the Pulumi provider `command` 1.2.1 (github.com/pulumi/pulumi-command, tag v1.2.1; paths in comments
 * are relative to its provider/pkg/provider/ unless another repository is named).
 *
 * Left out, and refused with an error where a program asks for it:
 * - everything but the resource `command:local:Command`: `remote:*`, and the function `local:run`;
 * - `assetPaths` and `archivePaths`, and with them the outputs `assets` and `archive`;
 * - Windows (default interpreter, process handling);
 * - upgrades of state written by versions before 1.0.
 */
import { serve } from "../shared/serve";
import { CommandStandIn } from "./resource";

void serve((engine) => new CommandStandIn(engine));
