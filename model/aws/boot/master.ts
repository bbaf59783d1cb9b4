import type { RenderedFile } from "../../renderedFile";
import type { ClusterSettings, Machine } from "../../settings/resolved";
import type { AwsSettings } from "../../settings/resolvedAws";
import { sh } from "../../text";
import { controlPlaneSecret } from "../names";
import { awsFunction, awsProgramText } from "./calls";
import { credentialFiles } from "./credentials";
import { identityPart, providerIdPart } from "./identity";
import { awsProgram } from "./paths";

/** What a master has for being on EC2, beside what every master has. */
export function awsMasterFiles(settings: ClusterSettings): RenderedFile[] {
  const { aws } = settings;
  return aws === undefined ? [] : [masterProgram(aws), ...credentialFiles(settings, aws)];
}

function masterProgram(aws: AwsSettings): RenderedFile {
  const commands = ["imds", "parameter", "putParameter", "files", "statuses"] as const;
  return { path: awsProgram, mode: "0755", content: awsProgramText(aws, commands) };
}

/**
 * The part of init, join and update on a master that only EC2 has: it makes sure that the instance is the one that the
 * settings mean, fetches key pairs and encryption keys by the instance's own role, and writes the provider id. Goes after
 * the files of `awsMasterFiles`.
 * @param secretVersion which version of the secret; "" the current one
 */
export function masterPart(settings: ClusterSettings, machine: Machine, secretVersion: string): string {
  if (settings.aws === undefined || machine.role !== "controlPlane") return "";
  const version = secretVersion === "" ? "" : ` ${sh(secretVersion)}`;
  return `phase "instance"
${awsFunction}${identityPart()}[ "$node" = ${sh(machine.nodeName)} ] || die "EC2 calls this instance $node, the settings say ${machine.nodeName}: has the VPC DNS hostnames, and Amazon's name server?"
[ "$address" = ${sh(machine.nodeAddress)} ] || die "the instance has the address $address, the settings say ${machine.nodeAddress}"
${providerIdPart()}phase "secrets"
aws files ${sh(controlPlaneSecret(settings.name))}${version} || die "key pairs and encryption keys could not be fetched from Secrets Manager"
`;
}
