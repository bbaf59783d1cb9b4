import { cniVariant, type CniVariant } from "../cni";
import type { AwsLayout } from "../aws/layout";
import { range } from "../network/addresses";
import { isSupportedMinor, minorOf } from "../versions";
import { entriesOf } from "./entries";
import type { PlacedRange } from "./placed";
import type { Problems } from "./problems";
import type { Refused } from "./prune";
import type { ComponentVersions, EndpointSettings, Resolved } from "./resolved";
import type { AnyInput } from "./schema/cluster";

/** What is left of the settings where parts of them were refused. */
export interface Left {
  /** As written, without what was refused: of lists, `entriesOf` tells where entries stood. */
  readonly written: AnyInput;
  /** The same with defaults: where something was refused, its default stands. */
  readonly settings: Resolved;
  /** Whether something at, above or below one of these places was refused; `*` stands for any name. */
  readonly refused: Refused["touches"];
  /** Set on `platform: aws`. */
  readonly layout?: AwsLayout | undefined;
}

/** What validators look at; undefined: it, or what it follows from, was refused. */
export interface Checked extends Left {
  readonly pods: PlacedRange | undefined;
  readonly services: PlacedRange | undefined;
  /** Ranges of others; `peer` is the name. */
  readonly peers: readonly (PlacedRange & { readonly peer: string })[];
  readonly cni: CniVariant | undefined;
  /** undefined also where Kubernetes' minor is not supported. */
  readonly versions: ComponentVersions | undefined;
  /** Where nodes reach the API. */
  readonly endpoint: {
    readonly kind: EndpointSettings["kind"] | undefined;
    readonly host: string | undefined;
    readonly port: number | undefined;
  };
}

export function checkedOf(left: Left): Checked {
  const { written, settings, refused } = left;
  const { network, endpoint, kubernetesVersion, versions } = settings;
  const known = <T>(value: T, ...places: string[]): T | undefined => (refused(...places) ? undefined : value);
  const placed = (path: readonly [string, string], name: string, text: string, given: boolean) =>
    known({ path, name, range: range(text), given }, path.join("."));
  const made = written.endpoint === undefined || !("host" in written.endpoint) ? ["name", "domain"] : [];
  const { podCidr, serviceCidr } = network;
  const servicesGiven = written.network?.serviceCidr !== undefined;
  return {
    ...left,
    pods: placed(["cni", "podCidr"], "the pod range", podCidr, written.cni?.podCidr !== undefined),
    services: placed(["network", "serviceCidr"], "the service range", serviceCidr, servicesGiven),
    peers: entriesOf(written.network?.peers).map(([index, { name, cidr }]) => ({
      path: ["network", "peers", index, "cidr"],
      name: `peer ${name}`,
      range: range(cidr),
      given: true,
      peer: name,
    })),
    cni: known(cniVariant(settings.cni), "cni.kind", "cni.backend"),
    versions: isSupportedMinor(minorOf(kubernetesVersion) ?? "")
      ? known(versions, "kubernetesVersion", "versions")
      : undefined,
    endpoint: {
      kind: known(endpoint.kind, "endpoint.kind"),
      host: known(endpoint.host, "endpoint.host", ...made),
      port: known(endpoint.port, "endpoint.port", "endpoint.kind"),
    },
  };
}

export type Validator = (checked: Checked, problems: Problems) => void;

/** A validator with the paths of what it reads: where one of them was refused, it says nothing. */
export type ValidatorRow = readonly [validate: Validator, ...reads: string[]];

/** Runs validators, but for those of what was refused. */
export function validateAll(rows: readonly ValidatorRow[], checked: Checked, problems: Problems): void {
  for (const [validate, ...reads] of rows) if (!checked.refused(...reads)) validate(checked, problems);
}

/** The minor version of Kubernetes; undefined: refused. */
export function minorIn({ settings, refused }: Left): string | undefined {
  return refused("kubernetesVersion") ? undefined : minorOf(settings.kubernetesVersion);
}
