import { configFolder } from "../../kubeadm/paths";
import { proxyVariables } from "../../node/downloads";
import type { RenderedFile } from "../../renderedFile";
import type { ClusterMachine } from "../../machine";
import { awsProgramText, awsScript } from "./calls";
import { credentialFiles } from "./credentials";
import { awsProgram } from "./paths";
import type { AwsControlPlaneSpec, AwsForControlPlane } from "./spec";

/** What a control-plane node has for being on EC2, beside what every control-plane node has. */
export function awsControlPlaneFiles(settings: AwsControlPlaneSpec): RenderedFile[] {
  const { aws } = settings;
  return aws === undefined ? [] : [controlPlaneProgram(settings, aws), ...credentialFiles(settings, aws)];
}

function controlPlaneProgram(settings: AwsControlPlaneSpec, aws: AwsForControlPlane): RenderedFile {
  const commands = [
    "imds",
    "parameter",
    "putParameter",
    "version",
    "statuses",
    "xml",
    "instance",
    "activities",
    "unhealthy",
  ] as const;
  return { path: awsProgram, mode: "0755", content: awsProgramText(aws, commands, proxyVariables(settings)) };
}

/**
 * The part of init, join and update on a control-plane node that only EC2 has: it makes sure that the instance is the
 * one that the settings mean, and writes the provider id. Goes after the files of `awsControlPlaneFiles`.
 */
export function controlPlanePart(
  settings: Pick<AwsControlPlaneSpec, "aws">,
  machine: Pick<ClusterMachine, "role" | "nodeName" | "nodeAddress">,
): string {
  if (settings.aws === undefined || machine.role !== "controlPlane") return "";
  const { nodeName, nodeAddress } = machine;
  const values = { node_name: nodeName, node_address: nodeAddress };
  return awsScript("node/scripts/control-plane-instance.sh", values);
}

/**
 * Goes after kubeadm over restored data, and after `controlPlanePart`. A Node keeps the provider id that it was made with, so the one
 * that the snapshot has of a former instance cannot become the new one's: the cloud controller manager would look for an instance
 * that is gone, and delete it.
 */
export function restoredNodePart(
  settings: Pick<AwsControlPlaneSpec, "aws">,
  machine: Pick<ClusterMachine, "nodeName">,
): string {
  if (settings.aws === undefined) return "";
  return awsScript("node/scripts/restored-node.sh", {
    node_name: machine.nodeName,
    cluster_document: `${configFolder}/kubeadm.yaml`,
  });
}

/** Rounds in which every address of the balancer has to answer: twice as long as its own health checks take. */
const ROUNDS = 12;
/** Seconds between two rounds, and for all of them. */
const PAUSE = 2;
const PATIENCE = 300;

/**
 * Goes right after kubeadm. While no control-plane node has passed its health checks, a network load balancer sends calls to all
 * of them (Elastic Load Balancing, "Health checks for Network Load Balancer target groups": it fails open), and those
 * without an API yet refuse: whoever calls next would be lucky or not. So this waits until each address of the balancer
 * answers for some time, before anything else of init calls the API by its endpoint.
 */
export function balancerPart(
  settings: Pick<AwsControlPlaneSpec, "aws" | "endpoint">,
  machine: Pick<ClusterMachine, "nodeAddress">,
): string {
  const { endpoint } = settings;
  if (settings.aws === undefined || endpoint.kind !== "addresses") return "";
  if (endpoint.addresses.includes(machine.nodeAddress)) return "";
  return awsScript("node/scripts/balancer.sh", {
    balancer_host: endpoint.host,
    balancer_port: endpoint.port,
    balancer_addresses: endpoint.addresses,
    rounds: ROUNDS,
    pause: PAUSE,
    patience: PATIENCE,
  });
}
