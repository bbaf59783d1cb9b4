import { cniVariant, type CniVariant } from "../cni";
import { range } from "../network/addresses";
import { isSupportedMinor, minorOf } from "../versions";
import type { AwsLayout } from "../aws/layout";
import type { Checked } from "./checked";
import { pick, type Draft, type PlacedRange } from "./pick";
import type { Path, Problems } from "./problems";
import { entriesOf, type Refused } from "./prune";
import type { ComponentVersions, EndpointSettings, Machine, MachineRole, Resolved } from "./resolved";
import type { AnyInput, AwsInput, ClusterInput, MachinesInput } from "./schema/cluster";

export { pick, type Draft, type PlacedRange };

/** A machine as far as it was understood. */
export interface DraftMachine {
  /** Its key in the settings; on AWS the name it will have. */
  readonly name: string;
  /** Of its entry; on AWS that of all control-plane nodes. */
  readonly path: Path;
  /** As written, without what the schema refused. */
  readonly input: Draft<MachinesInput["machines"][string]>;
  /** undefined: refused or left out. */
  readonly role?: MachineRole;
  /** Where SSH reaches it; undefined: refused, or on AWS, where nobody writes it. */
  readonly host?: string;
  /** TCP port of SSH, default 22; undefined as `host`. */
  readonly port?: number;
  /** Given or the SSH host, when that is an address. */
  readonly nodeAddress?: string;
  /** Where a problem with `nodeAddress` is reported: its own key, or that which it follows from. */
  readonly nodeAddressPath: Path;
  /** Default `amd64`; undefined: refused. */
  readonly architecture?: Machine["architecture"];
}

/** What the checks across settings look at: defaults filled in, refused parts undefined. */
export interface Facts extends Checked {
  /** As written, without what the schema refused. */
  readonly input: Draft<AnyInput>;
  /** Set on `platform: aws`: the same input by that platform's types. */
  readonly aws?: Draft<AwsInput>;
  /** Set on `platform: aws`: what follows from the input, such as subnets, addresses and pools. */
  readonly awsFacts?: AwsLayout;
  /** Name of the Pulumi stack. */
  readonly environment: string;
  /** Default: the environment's; undefined here and below: refused. */
  readonly name?: string;
  /** Default `internal`. */
  readonly domain?: string;
  /** x.y.z, supported or not. */
  readonly kubernetesVersion?: string;
  /** undefined also where Kubernetes' minor is not supported. */
  readonly versions?: ComponentVersions;
  /** The pod range; default 10.244.0.0/16. */
  readonly pods?: PlacedRange;
  /** The service range; default 10.96.0.0/16. */
  readonly services?: PlacedRange;
  /** Ranges of others that could be read; `peer` is the name, where it was written. */
  readonly peers: readonly (PlacedRange & { readonly peer?: string })[];
  /** Default 256. */
  readonly maxNodes?: number;
  /** Default 110. */
  readonly podsPerNode?: number;
  /** Prefix length of a node's slice of the pod range; default 24. */
  readonly nodeCidrMaskSize?: number;
  /** Inclusive; default 30000 to 32767. */
  readonly nodePortRange?: { readonly from: number; readonly to: number };
  /** CNI and backend, when both were understood. */
  readonly cni?: CniVariant;
  /** On AWS the control-plane nodes. */
  readonly machines: readonly DraftMachine[];
  /** Control-plane nodes, when every machine's role is known. */
  readonly controlPlaneNodes?: number;
  /** Where nodes reach the API; empty where the whole of it was refused. */
  readonly endpoint: {
    /** Default `address` with one control-plane node, else `nodeLocal`; `addresses` on AWS. */
    readonly kind?: EndpointSettings["kind"];
    /** Made of name and domain where none is written. */
    readonly host?: string;
    /** Default 7443 for `nodeLocal`, else 6443. */
    readonly port?: number;
  };
}

/** One rule across settings; adds what it finds. */
export type Check = (facts: Facts, problems: Problems) => void;

/** What the checks look at. */
export function factsOf({
  input,
  written,
  settings,
  aws,
  refused,
}: {
  readonly input: Draft<AnyInput>;
  readonly written: ClusterInput;
  readonly settings: Resolved;
  readonly aws: AwsLayout | undefined;
  readonly refused: Refused;
}): Facts {
  const { touches } = refused;
  const known = <T>(value: T, ...places: string[]): T | undefined => (touches(...places) ? undefined : value);
  const { network, endpoint } = settings;
  const machines =
    aws === undefined
      ? Object.entries(input.machines ?? {}).map(([name, value]) =>
          draftMachine(name, value ?? {}, settings, touches),
        )
      : awsMachines(aws);
  const controlPlaneNodes = settings.machines.filter(({ role }) => role === "controlPlane").length;
  const made = written.endpoint === undefined || !("host" in written.endpoint);
  const minor = minorOf(settings.kubernetesVersion) ?? "";
  return {
    input,
    written: written as AnyInput,
    settings,
    refused: touches,
    ...(aws === undefined ? {} : { aws: input as Draft<AwsInput>, awsFacts: aws, layout: aws }),
    environment: settings.environment,
    name: known(settings.name, "name"),
    domain: known(settings.domain, "domain"),
    kubernetesVersion: known(settings.kubernetesVersion, "kubernetesVersion"),
    versions: isSupportedMinor(minor) ? known(settings.versions, "kubernetesVersion", "versions") : undefined,
    pods: known(
      {
        path: ["cni", "podCidr"],
        name: "the pod range",
        range: range(network.podCidr),
        given: written.cni?.podCidr !== undefined,
      },
      "cni.podCidr",
    ),
    services: known(
      {
        path: ["network", "serviceCidr"],
        name: "the service range",
        range: range(network.serviceCidr),
        given: written.network?.serviceCidr !== undefined,
      },
      "network.serviceCidr",
    ),
    peers: entriesOf(written.network?.peers).map(([index, { name, cidr }]) => ({
      path: ["network", "peers", index, "cidr"],
      name: `peer ${name}`,
      range: range(cidr),
      given: true,
      peer: name,
    })),
    maxNodes: known(network.maxNodes, "network.maxNodes"),
    podsPerNode: known(network.podsPerNode, "network.podsPerNode"),
    nodeCidrMaskSize: known(network.nodeCidrMaskSize, "network.nodeCidrMaskSize"),
    nodePortRange: known(network.nodePortRange, "network.nodePortRange"),
    cni: known(cniVariant(settings.cni), "cni.kind", "cni.backend"),
    machines,
    controlPlaneNodes:
      aws === undefined
        ? known(controlPlaneNodes, "machines.*.role")
        : known(aws.count, "controlPlane.count"),
    endpoint: {
      kind: known(endpoint.kind, "endpoint.kind"),
      host: known(endpoint.host, "endpoint.host", ...(made ? ["name", "domain"] : [])),
      port: known(endpoint.port, "endpoint.port", "endpoint.kind"),
    },
  };
}

function draftMachine(
  name: string,
  input: DraftMachine["input"],
  { machines }: Resolved,
  refused: Refused["touches"],
): DraftMachine {
  const path = ["machines", name];
  const machine = machines.find((one) => one.name === name);
  const key = "nodeAddress" in input ? "nodeAddress" : "host";
  const isAddress = /^[0-9.]+$/.test(machine?.nodeAddress ?? "");
  return {
    name,
    path,
    input,
    role: input.role,
    host: input.host,
    port: refused([...path, "port"]) ? undefined : machine?.ssh.port,
    nodeAddress: isAddress && !refused([...path, key]) ? machine?.nodeAddress : undefined,
    nodeAddressPath: [...path, key],
    architecture: refused([...path, "architecture"]) ? undefined : machine?.architecture,
  };
}

/**
 * Control-plane nodes with the labels and taints that all of them share. Their addresses lie in the VPC, whose range is
 * checked as a whole: one problem, and not one for each control-plane node.
 */
function awsMachines({ controlPlaneNodes, input, architecture }: AwsLayout): DraftMachine[] {
  const { labels, taints } = input.controlPlane;
  return controlPlaneNodes.map(({ name }) => ({
    name,
    path: ["controlPlane"],
    input: { labels, taints },
    role: "controlPlane",
    nodeAddressPath: ["network", "vpcCidr"],
    architecture,
  }));
}
