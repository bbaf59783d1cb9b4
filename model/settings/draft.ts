import { draftCni, type CniVariant } from "../cni";
import { parseRange } from "../network/addresses";
import { apiName } from "../network/endpoint";
import { componentVersions, isSupportedMinor, minorOf } from "../versions";
import type { AwsFacts } from "./awsFacts";
import { DEFAULTS } from "./defaults";
import { pick, type Draft, type PlacedRange } from "./pick";
import type { Path } from "./problems";
import type { ComponentVersions, EndpointSettings, Machine, MachineRole } from "./resolved";
import type { AnyInput, AwsInput, MachinesInput } from "./schema/cluster";

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
export interface Facts {
  /** As written, without what the schema refused. */
  readonly input: Draft<AnyInput>;
  /** Set on `platform: aws`: the same input by that platform's types. */
  readonly aws?: Draft<AwsInput>;
  /** Set on `platform: aws`: what follows from the input, such as subnets, addresses and pools. */
  readonly awsFacts?: AwsFacts;
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

/** As `pick` for a part whose own keys have defaults: absent is empty, refused is undefined. */
function part<T extends object, K extends keyof T>(from: T, key: K): Exclude<T[K], undefined> | undefined {
  return pick(from, key, {}) as Exclude<T[K], undefined> | undefined;
}

/** `aws`: what `awsFacts` found, on that platform. */
export function factsOf(input: Draft<AnyInput>, environment: string, aws?: AwsFacts): Facts {
  const network = part(input, "network");
  const cni = part(input, "cni");
  const kubernetesVersion = pick(input, "kubernetesVersion", DEFAULTS.kubernetesVersion);
  const name = pick(input, "name", environment);
  const domain = pick(input, "domain", DEFAULTS.domain);
  const machines =
    aws === undefined
      ? Object.entries(input.machines ?? {}).map(([key, value]) => draftMachine(key, value ?? {}))
      : awsMachines(aws);
  const rolesKnown = input.machines !== undefined && machines.every((machine) => machine.role !== undefined);
  const controlPlaneNodes = machines.filter((machine) => machine.role === "controlPlane").length;
  return {
    input,
    ...(aws === undefined ? {} : { aws: aws.input, awsFacts: aws }),
    environment,
    name,
    domain,
    kubernetesVersion,
    versions: versionsOf(kubernetesVersion, input),
    pods: placed(
      pick(cni, "podCidr", DEFAULTS.podCidr),
      ["cni", "podCidr"],
      "the pod range",
      cni?.podCidr !== undefined,
    ),
    services: placed(
      pick(network, "serviceCidr", DEFAULTS.serviceCidr),
      ["network", "serviceCidr"],
      "the service range",
      network?.serviceCidr !== undefined,
    ),
    peers: (network?.peers ?? []).flatMap((peer, index) => {
      const named = peer?.name === undefined ? `peer ${index}` : `peer ${peer.name}`;
      const range = placed(peer?.cidr, ["network", "peers", index, "cidr"], named, true);
      return range === undefined ? [] : [{ ...range, peer: peer?.name }];
    }),
    maxNodes: pick(network, "maxNodes", DEFAULTS.maxNodes),
    podsPerNode: pick(network, "podsPerNode", DEFAULTS.podsPerNode),
    nodeCidrMaskSize: pick(network, "nodeCidrMaskSize", DEFAULTS.nodeCidrMaskSize),
    nodePortRange: portRange(pick(network, "nodePortRange", DEFAULTS.nodePortRange)),
    cni: draftCni(cni, { nodes: [], pooled: false, windowsPools: false })?.variant,
    machines,
    controlPlaneNodes: aws !== undefined ? aws.count : rolesKnown ? controlPlaneNodes : undefined,
    endpoint:
      aws === undefined
        ? endpointOf(input, controlPlaneNodes, name, domain)
        : { kind: "addresses", host: madeName(name, domain), port: DEFAULTS.apiPort },
  };
}

export function portRange(text: string | undefined): { from: number; to: number } | undefined {
  const match = /^(\d+)-(\d+)$/.exec(text ?? "");
  return match ? { from: Number(match[1]), to: Number(match[2]) } : undefined;
}

function placed(text: string | undefined, path: Path, name: string, given: boolean): PlacedRange | undefined {
  const parsed = text === undefined ? undefined : parseRange(text);
  return parsed === undefined || "problem" in parsed ? undefined : { path, name, range: parsed, given };
}

function versionsOf(kubernetes: string | undefined, input: Draft<AnyInput>): ComponentVersions | undefined {
  const minor = kubernetes === undefined ? undefined : minorOf(kubernetes);
  if (kubernetes === undefined || minor === undefined || !isSupportedMinor(minor)) return undefined;
  return componentVersions(kubernetes, input.versions ?? {});
}

function draftMachine(name: string, input: DraftMachine["input"]): DraftMachine {
  const path = ["machines", name];
  const hostIsAddress = input.host !== undefined && /^[0-9.]+$/.test(input.host);
  return {
    name,
    path,
    input,
    role: input.role,
    host: input.host,
    port: pick(input, "port", DEFAULTS.sshPort),
    nodeAddress: pick(input, "nodeAddress", hostIsAddress ? input.host : undefined),
    nodeAddressPath: [...path, "nodeAddress" in input ? "nodeAddress" : "host"],
    architecture: pick(input, "architecture", DEFAULTS.architecture),
  };
}

/**
 * Control-plane nodes with the labels and taints that all of them share. Their addresses lie in the VPC, whose range is
 * checked as a whole: one problem, and not one for each control-plane node.
 */
function awsMachines({ controlPlaneNodes, input, architecture }: AwsFacts): DraftMachine[] {
  const { labels, taints } = input.controlPlane ?? {};
  return controlPlaneNodes.map(({ name }) => ({
    name,
    path: ["controlPlane"],
    input: { labels, taints },
    role: "controlPlane",
    nodeAddressPath: ["network", "vpcCidr"],
    architecture,
  }));
}

function madeName(name: string | undefined, domain: string | undefined): string | undefined {
  return name !== undefined && domain !== undefined ? apiName(name, domain) : undefined;
}

function endpointOf(
  input: Draft<AnyInput>,
  controlPlaneNodes: number,
  name: string | undefined,
  domain: string | undefined,
): Facts["endpoint"] {
  const given = input.endpoint;
  if (given === undefined && "endpoint" in input) return {};
  const kind = given?.kind ?? (controlPlaneNodes === 1 ? "address" : "nodeLocal");
  const made = madeName(name, domain);
  const host = kind === "address" ? pick((given ?? {}) as { host?: string }, "host", made) : made;
  const port = pick(
    (given ?? {}) as { port?: number },
    "port",
    kind === "nodeLocal" ? DEFAULTS.localProxyPort : DEFAULTS.apiPort,
  );
  return { kind, host, port };
}
