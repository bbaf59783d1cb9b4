import { JWKS_PATH } from "../../kubeadm/issuer";
import { proxyVariables } from "../../node/downloads";
import { prelude } from "../../node/shell";
import { awsProgramText, awsScript } from "../node/calls";
import { credentialsUnit } from "../node/paths";
import { poolMarks } from "../node/credentials";
import type { AwsRotation } from "./spec";

/**
 * Run on a control-plane node while API servers accept both service-account keys: publishes both for AWS. The end of the old one is the
 * business of the document's resource, which changes after the rotation.
 */
export function publishKeysScript(aws: Pick<AwsRotation, "region" | "partition" | "proxy">): string {
  // The program on the host may be from before it knew how to write a document.
  const program = awsProgramText(aws, ["putDocument"], proxyVariables(aws));
  return `${prelude()}${awsScript("rotation/scripts/keys.sh", { program, path: JWKS_PATH })}`;
}

/** Run on a control-plane node: instances that come from now on get a credential that its present CA signed, and trust that one. */
export function renewCredentialsScript(pools: readonly string[]): string {
  return `${prelude()}${awsScript("rotation/scripts/credentials.sh", {
    pools,
    unit: `${credentialsUnit}.service`,
    folder: poolMarks,
  })}`;
}
