import type { CniSettings } from "../cni";
import type { PlacedRange } from "../settings/placed";
import type { Refused } from "../settings/prune";
import type { TenancyInput } from "./input";
import type { TenancySettings } from "./settings";

/** What of the settings tenants and roles are checked against. */
export interface TenancySurroundings {
  /** Without what was rejected. */
  readonly written: TenancyInput & {
    readonly apiServer?: { readonly extraArgs?: Readonly<Record<string, unknown>> };
    readonly ingress?: object;
    readonly oidc?: { readonly groupsClaim?: string };
  };
  readonly settings: { readonly cni: CniSettings; readonly tenancy: TenancySettings };
  /** Whether something at, above or below one of these places was rejected: nothing is said of it. */
  readonly refused: Refused["touches"];
  readonly pods?: PlacedRange | undefined;
  readonly services?: PlacedRange | undefined;
}
