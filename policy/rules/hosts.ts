import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import type { StepInput } from "../../host/protocol";
import { hostKeyProblem } from "../../model/settings/sshKeys";
import { specOf } from "../clusters";
import { NONE_ALLOWED, configured, listOf } from "../configuration";
import { LOCAL_COMMAND, REMOTE_COMMANDS } from "../resources";
import { at, holdsPrivateKey, ifKnown, known, parseJson, textsIn } from "../values";

/**
 * A remote.Command cannot be deleted once its host is gone, pins no host key unless it is told to, and prints its whole
 * script, secrets included, when it fails.
 */
export const hostsThroughTheDoor: ResourceValidationPolicy = {
  name: "hosts-through-the-door",
  description: "Hosts are changed by the library's steps, not by command.remote.",
  enforcementLevel: "mandatory",
  severity: "high",
  remediationSteps:
    "Use the settings that do the same (labels, containerd drop-in, kubelet configuration), or a component.",
  configSchema: {
    properties: {
      allow: listOf(
        "Names of resources that may be command.remote because their hosts are not machines of a cluster.",
      ),
    },
  },
  validateResource: (args, reportViolation) => {
    if (!REMOTE_COMMANDS.includes(args.type)) args.notApplicable("no resource of command.remote");
    if (configured(args, NONE_ALLOWED).allow.includes(args.name)) return;
    reportViolation(
      `${args.name} opens its own SSH connection (${args.type}): it cannot be deleted once its host is gone, and it prints its script when it fails`,
    );
  },
};

/** Command, environment and triggers of a command are plain text in the state and in the list of processes. */
export const noPrivateKeyInCommand: ResourceValidationPolicy = {
  name: "no-private-key-in-command",
  description: "Commands receive private keys only on standard input.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps: "Pass the key in `stdin`, and mark it as a secret.",
  validateResource: (args, reportViolation) => {
    if (args.type !== LOCAL_COMMAND && !REMOTE_COMMANDS.includes(args.type)) args.notApplicable("no command");
    for (const property of Object.keys(args.props).filter((name) => !mayHoldKeys(args, name))) {
      for (const { path, text } of textsIn(known(args.props, property), [property])) {
        if (holdsPrivateKey(text)) reportViolation(`${args.name} has a private key in ${path}`);
      }
    }
  },
};

/** A connection's key is what command.remote logs on with; whether it may be used is another policy's matter. */
function mayHoldKeys(args: ResourceValidationArgs, property: string): boolean {
  return property === "stdin" || (property === "connection" && REMOTE_COMMANDS.includes(args.type));
}

/** Without a pinned key, whoever answers at the address gets the cluster's CA keys. */
export const pinnedHostKeys: ResourceValidationPolicy = {
  name: "pinned-host-keys",
  description: "Every SSH connection, including the bastion's, checks a host key that is known in advance.",
  enforcementLevel: "mandatory",
  severity: "critical",
  remediationSteps:
    "Write the host's key into `hostKey`: `ssh-keyscan -t ed25519 HOST`, compared with the host's console.",
  validateResource: (args, reportViolation) => {
    for (const { name, hostKey } of connectionsOf(args)) {
      const problem = typeof hostKey === "string" ? hostKeyProblem(hostKey) : "is missing";
      if (problem !== undefined) reportViolation(`${args.name}: the host key of ${name} ${problem}`);
    }
  },
};

interface Pinned {
  readonly name: string;
  readonly hostKey: unknown;
}

function connectionsOf(args: ResourceValidationArgs): Pinned[] {
  if (REMOTE_COMMANDS.includes(args.type)) {
    const proxy = at(args.props, "connection", "proxy");
    return [
      { name: "the host", hostKey: at(args.props, "connection", "hostKey") },
      ...(proxy === undefined || proxy === null
        ? []
        : [{ name: "the proxy", hostKey: at(proxy, "hostKey") }]),
    ];
  }
  if (args.type !== LOCAL_COMMAND || specOf(args.props) === undefined)
    args.notApplicable("no step on a host");
  const text = ifKnown(() => args.props.stdin as unknown);
  if (typeof text !== "string") args.notApplicable("connections are not known yet");
  const input = parseJson(text);
  const machines = Object.entries(
    (at(input, "connections") as StepInput["connections"] | null | undefined) ?? {},
  );
  const bastion = at(input, "bastion");
  // Nothing may be taken for pinned because it could not be read.
  if (machines.length === 0) return [{ name: "its machines", hostKey: undefined }];
  return [
    ...machines.map(([name, connection]) => ({ name, hostKey: at(connection, "hostKey") })),
    ...(bastion === undefined ? [] : [{ name: "the bastion", hostKey: at(bastion, "hostKey") }]),
  ];
}
