import { backup } from "../etcd/backup";
import { extras } from "../extras";
import type { ExtrasContext } from "../extras/surroundings";
import { maintenance } from "../maintenance";
import { tenancy } from "../tenants";
import { windows } from "../windows";
import type { Checked } from "./checked";
import type { EffectRow } from "./effect";
import type { Path, Problems } from "./problems";
import type { Resolved } from "./resolved";
import type { AnyInput } from "./schema/cluster";

/** A secret that a part names. */
interface PartSecret {
  readonly path: Path;
  readonly name: string;
  /** Default `text`. */
  readonly use?: "sshKey" | "accessKey" | "text";
}

/** What the settings know of a part that has a folder of its own, besides the CNI and add-ons. */
interface Part {
  readonly effects: readonly EffectRow[];
  /** What one value alone cannot tell. */
  validate(checked: Checked, problems: Problems, context: ExtrasContext): void;
  /** What works and deserves a look. */
  advise?(settings: Resolved): string[];
  /** Secrets that its settings name. */
  secrets?(written: AnyInput): readonly PartSecret[];
  /** Lists whose entries differ. */
  lists?(written: AnyInput): readonly (readonly [Path, readonly string[]])[];
}

export const PARTS: readonly Part[] = [backup, maintenance, tenancy, extras, windows];
