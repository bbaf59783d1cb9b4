import { type Range, range } from "../network/addresses";
import { minorOf } from "../versions";
import type { AwsLayout } from "../aws/layout";
import type { Path, Problems } from "./problems";
import { entriesOf, type Refused } from "./prune";
import type { EndpointSettings, Resolved } from "./resolved";
import type { AnyInput } from "./schema/cluster";

/** What validators look at. */
export interface Checked {
  /** As written, without what was refused: of lists, `entriesOf` tells where entries stood. */
  readonly written: AnyInput;
  /** The same with defaults: where something was refused, its default stands. */
  readonly settings: Resolved;
  /** Whether something at, above or below one of these places was refused; `*` stands for any name. */
  readonly refused: Refused["touches"];
  /** Set on `platform: aws`. */
  readonly layout?: AwsLayout;
}

export type Validator = (checked: Checked, problems: Problems) => void;

/** A validator with the paths of what it reads: where one of them was refused, it says nothing. */
export type ValidatorRow = readonly [validate: Validator, ...reads: string[]];

/** Runs validators, but for those of what was refused. */
export function validateAll(rows: readonly ValidatorRow[], checked: Checked, problems: Problems): void {
  for (const [validate, ...reads] of rows) if (!checked.refused(...reads)) validate(checked, problems);
}

/** A range with the place that a problem with it is reported at. */
export interface PlacedRange {
  readonly path: Path;
  /** As a sentence names it: "the pod range". */
  readonly name: string;
  readonly range: Range;
  /** It was written, and is not the default. */
  readonly given: boolean;
}

/** The minor version of Kubernetes; undefined: refused. */
export function minorIn({ settings, refused }: Checked): string | undefined {
  return refused("kubernetesVersion") ? undefined : minorOf(settings.kubernetesVersion);
}

export interface PlacedRanges {
  readonly pods?: PlacedRange;
  readonly services?: PlacedRange;
  /** Of others; `peer` is the name. */
  readonly peers: readonly (PlacedRange & { readonly peer: string })[];
}

/** The cluster's ranges and those of others, but for what was refused. */
export function rangesOf({ written, settings: { network }, refused }: Checked): PlacedRanges {
  const placed = (path: readonly [string, string], name: string, text: string, given: boolean) =>
    refused(path) ? undefined : { path, name, range: range(text), given };
  const { podCidr, serviceCidr } = network;
  const pods = placed(["cni", "podCidr"], "the pod range", podCidr, written.cni?.podCidr !== undefined);
  const given = written.network?.serviceCidr !== undefined;
  const services = placed(["network", "serviceCidr"], "the service range", serviceCidr, given);
  return {
    ...(pods && { pods }),
    ...(services && { services }),
    peers: entriesOf(written.network?.peers).map(([index, { name, cidr }]) => ({
      path: ["network", "peers", index, "cidr"],
      name: `peer ${name}`,
      range: range(cidr),
      given: true,
      peer: name,
    })),
  };
}

export interface KnownEndpoint {
  readonly kind?: EndpointSettings["kind"] | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Where nodes reach the API; undefined where it, or what it follows from, was refused. */
export function endpointOf({ written, settings: { endpoint }, refused }: Checked): KnownEndpoint {
  const made = written.endpoint === undefined || !("host" in written.endpoint);
  return {
    kind: refused("endpoint.kind") ? undefined : endpoint.kind,
    host: refused("endpoint.host", ...(made ? ["name", "domain"] : [])) ? undefined : endpoint.host,
    port: refused("endpoint.port", "endpoint.kind") ? undefined : endpoint.port,
  };
}
