import type { AddonSettings } from "../addons";
import type { CniVariant } from "../cni";
import type { Refused } from "../settings/prune";
import type { ProjectFiles } from "./files";
import type { ExtrasInput } from "./settings";

/** Settings that your own manifests are checked against. */
export interface ExtrasSurroundings {
  /** Without what was rejected. */
  readonly written: ExtrasInput & {
    readonly tenants?: Readonly<Record<string, object>>;
    readonly roles?: readonly { readonly namespaces?: readonly string[] }[];
  };
  readonly settings: {
    readonly platform: "machines" | "aws";
    readonly addons: AddonSettings;
    readonly machines: readonly { readonly role: string; readonly pool: string }[];
  };
  /** Whether something at, above or below one of these places was rejected: nothing is said of it. */
  readonly refused: Refused["touches"];
  /** Undefined: rejected. */
  readonly cni?: CniVariant | undefined;
}

/** What is not among the settings. */
export interface ExtrasContext {
  /** Undefined: what is in files is not looked at. */
  readonly files: ProjectFiles | undefined;
  /** Who has a port of the nodes; undefined where it is free. */
  readonly ownerOf: (protocol: string, port: number) => string | undefined;
}
