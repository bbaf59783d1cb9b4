import { z } from "zod";

import type { HelmSettings } from "../../charts";
import { parseAlone } from "../../settings/alone";
import { checkAddon } from "../../settings/checks/addons";
import { helmSchema, type HelmInput } from "../helm/schema";
import { chartsFit } from "../helm/validate";
import type { MetallbNodes } from "./manifests";
import { metallbSchema } from "./schema";
import { resolveMetallb, type MetallbInput, type MetallbSettings } from "./settings";

/** MetalLB in a cluster whose settings the library does not have. */
export interface MetallbAloneInput extends Omit<MetallbInput, "onAws"> {
  /**
   * The cluster has no workers, so control-plane nodes announce addresses.
   *
   * @defaultValue `false`
   */
  onlyControlPlane?: boolean;
  /** Where the chart comes from, and its version. */
  helm?: HelmInput;
}

export interface MetallbSpec extends MetallbNodes {
  readonly metallb: MetallbSettings;
  readonly helm: HelmSettings;
}

const schema = metallbSchema
  .omit({ onAws: true })
  .extend({ onlyControlPlane: z.boolean().optional(), helm: helmSchema.optional() });

/** @throws SettingsError with every problem */
export function parseMetallb(
  given: unknown,
  title: string,
  secrets?: Readonly<Record<string, unknown>>,
): MetallbSpec {
  const {
    helm,
    onlyControlPlane = false,
    ...metallb
  } = parseAlone(title, given, {
    schema,
    key: "metallb",
    around: ({ helm, onlyControlPlane: _, ...left }) => ({ metallb: left, helm }),
    checks: [checkAddon("metallb"), chartsFit],
    secrets,
  });
  return {
    metallb: resolveMetallb(metallb),
    onlyControlPlane,
    helm: { sources: helm?.sources ?? {}, versions: helm?.versions ?? {} },
  };
}
