import { z } from "zod";

import type { HelmSettings } from "../../charts";
import { parseAlone } from "../../settings/alone";
import { checkAddon } from "../../settings/checks/addons";
import { helmSchema, type HelmInput } from "../helm/schema";
import { chartsFit } from "../helm/validate";
import type { MetallbNodes } from "./manifests";
import { metallbSchema } from "./schema";
import { resolveMetallb, type MetallbInput, type MetallbSettings } from "./settings";

/** MetalLB on a cluster of which nothing else is known. */
export interface MetallbAloneInput extends Omit<MetallbInput, "onAws"> {
  /**
   * The cluster has control-plane nodes and no workers; MetalLB then answers for addresses on these.
   *
   * @defaultValue `false`
   */
  onlyControlPlane?: boolean;
  /** Where the chart comes from, and in which version. */
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
