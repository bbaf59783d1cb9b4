import type * as pulumi from "@pulumi/pulumi";
import type { CniKind } from "../../model/cni";
import type { ClusterSettings } from "../../model/settings/resolved";
import { createCalico } from "./calico";
import { createCilium } from "./cilium";
import { createFlannel } from "./flannel";
import { createWeave } from "./weave";

export * from "./calico";
export * from "./cilium";
export * from "./flannel";
export * from "./weave";

/** What a CNI of a cluster's settings is made from. */
export interface CniArgs {
  readonly settings: ClusterSettings;
  /** Entries of `kubeadm:secrets`: passwords of encryption and of BGP sessions. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** The nodes; only what has to know single Nodes waits for them. */
  readonly nodes: readonly pulumi.Resource[];
}

/** The network, and what needs all nodes besides, which nobody waits for. */
export interface MadeCni {
  readonly network: pulumi.ComponentResource;
  readonly others?: readonly pulumi.Resource[];
}

/** Makes a CNI of a cluster's settings: a component named `<name>-<kind>`. */
export type CreateCni = (name: string, args: CniArgs, opts: pulumi.ComponentResourceOptions) => MadeCni;

/** A component for each CNI of the model's registry; a further one is a row here. */
const COMPONENTS: Readonly<Record<CniKind, CreateCni>> = {
  flannel: createFlannel,
  weave: createWeave,
  calico: createCalico,
  cilium: createCilium,
};

/** The cluster's network, of the kind that the settings name. */
export function createCni(name: string, args: CniArgs, opts: pulumi.ComponentResourceOptions): MadeCni {
  const { kind } = args.settings.cni;
  return COMPONENTS[kind](`${name}-${kind}`, args, opts);
}
