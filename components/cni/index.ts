import type * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../model/settings/resolved";
import { Calico, RouteReflectors } from "./calico";
import { Flannel } from "./flannel";
import { Weave } from "./weave";

export interface CniArgs {
  readonly settings: ClusterSettings;
  /** Entries of `kubeadm:secrets`: passwords of encryption and of BGP sessions. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Memberships of the nodes; only what has to know single Nodes waits for them. */
  readonly nodes: readonly pulumi.Resource[];
}

/** The cluster's network: a component named `<name>-<kind>`, of the kind that the settings name. */
export function createCni(
  name: string,
  { settings, secrets, nodes }: CniArgs,
  opts: pulumi.ComponentResourceOptions,
): Flannel | Weave | Calico {
  switch (settings.cni.kind) {
    case "flannel":
      return new Flannel(`${name}-flannel`, { settings }, opts);
    case "weave":
      return new Weave(`${name}-weave`, { settings, secrets }, opts);
    case "calico": {
      const calico = new Calico(`${name}-calico`, { settings, secrets }, opts);
      if (settings.cni.bgp?.routeReflectors !== undefined) {
        const reflectors = `${name}-route-reflectors`;
        new RouteReflectors(reflectors, { settings, nodes }, { ...opts, dependsOn: [calico] });
      }
      return calico;
    }
  }
}
