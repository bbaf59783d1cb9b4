import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  BGP_SECRET,
  CALICO_NAMESPACE,
  OPERATOR_NAMESPACE,
  calicoInstallation,
  calicoNamespaces,
  calicoRouting,
  operatorValues,
  passwordsOf,
  reflectorAnnotations,
} from "../../model/cni/calico/manifests";
import { withCni } from "../../model/cni";
import type { CalicoSpec } from "../../model/cni/calico/spec";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { CreateCni } from ".";
import { manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import { onlyWithCni, requireArguments } from "../arguments";

export interface CalicoArgs {
  /** Resolved settings: pod range, backend, BGP, kube-proxy's mode and where charts come from are read from them. */
  readonly settings: ClusterSettings;
  /** Entries of `kubeadm:secrets`; the passwords of BGP sessions among them. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Calico in the cluster: its CRDs and Tigera's operator by Helm, and as resources of their own what the operator is to
 * install and how routes are exchanged. Routes come first, so that no node begins with other peers than it will have. Give
 * it the cluster's provider by `provider` and `deletedWith` the cluster's init. Not tried on a live cluster.
 *
 * Its children are there when the operator has taken its orders; that it carried them out shows in `kubectl get
 * tigerastatus`, and in pods that start.
 */
export class Calico extends pulumi.ComponentResource {
  /** The operator's release. */
  readonly operator: k8s.helm.v3.Release;
  /** Namespaces, CRDs, routing, operator and what it installs, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: CalicoArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Calico", name, args, ["settings", "secrets"], (given) => [
      onlyWithCni(given, "calico"),
    ]);
    super("kubeadm:cni:Calico", name, {}, opts);
    const { settings, secrets } = args;
    const spec = withCni(settings, "calico");
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: opts?.deletedWith };
    const namespaces = manifestResources(name, calicoNamespaces(spec), inside);
    const crds = helmRelease(
      `${name}-crds`,
      {
        chart: "crd.projectcalico.org.v1",
        helm: settings.addons.helm,
        namespace: OPERATOR_NAMESPACE,
        values: {},
      },
      { ...inside, dependsOn: namespaces },
    );
    const passwords = passwordResources(`${name}-bgp-passwords`, spec, secrets, {
      ...inside,
      dependsOn: namespaces,
    });
    const routing = manifestResources(name, calicoRouting(spec), {
      ...inside,
      dependsOn: [crds, ...passwords],
    });
    this.operator = helmRelease(
      `${name}-operator`,
      {
        chart: "tigera-operator",
        helm: settings.addons.helm,
        namespace: OPERATOR_NAMESPACE,
        values: operatorValues(),
      },
      { ...inside, dependsOn: [crds] },
    );
    const installed = manifestResources(name, calicoInstallation(spec), {
      ...inside,
      dependsOn: [this.operator, ...routing],
    });
    this.resources = [...namespaces, crds, ...passwords, ...routing, this.operator, ...installed];
    this.registerOutputs({});
  }
}

function passwordResources(
  name: string,
  spec: Pick<CalicoSpec, "cni">,
  secrets: CalicoArgs["secrets"],
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
  const passwords = passwordsOf(spec);
  if (passwords.length === 0) return [];
  const entries = passwords.map(({ peer, secret }) => [peer, pulumi.secret(secrets[secret] ?? "")] as const);
  return [
    new k8s.core.v1.Secret(
      name,
      {
        metadata: {
          name: BGP_SECRET,
          namespace: CALICO_NAMESPACE,
          annotations: { "pulumi.com/patchForce": "true" },
        },
        stringData: Object.fromEntries(entries),
      },
      { ...opts, additionalSecretOutputs: ["data", "stringData"] },
    ),
  ];
}

export interface RouteReflectorsArgs {
  readonly settings: ClusterSettings;
  /** Memberships: a Node is marked once it is there. */
  readonly nodes: readonly pulumi.Resource[];
}

/**
 * The Nodes that hand routes on, marked as such: one patch a Node, that owns its annotations and nothing else. Taken away,
 * it takes the annotations along. A component of its own, since what waits for the network must not wait for every node.
 */
export class RouteReflectors extends pulumi.ComponentResource {
  /** One a reflector, in the order of the machines. */
  readonly patches: readonly k8s.core.v1.NodePatch[];

  constructor(name: string, args: RouteReflectorsArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("RouteReflectors", name, args, ["settings", "nodes"], (given) => [
      onlyWithCni(given, "calico"),
    ]);
    super("kubeadm:cni:RouteReflectors", name, {}, opts);
    this.patches = reflectorAnnotations(withCni(args.settings, "calico")).map(
      ({ machine, node, annotations }) =>
        new k8s.core.v1.NodePatch(
          `${name}-${machine}`,
          { metadata: { name: node, annotations: { ...annotations, "pulumi.com/patchForce": "true" } } },
          { parent: this, deletedWith: opts?.deletedWith, dependsOn: [...args.nodes] },
        ),
    );
    this.registerOutputs({});
  }
}

/** Calico of a cluster's settings, and its route reflectors beside it. */
export const createCalico: CreateCni = (name, { settings, secrets, nodes }, opts) => {
  const calico = new Calico(name, { settings, secrets }, opts);
  if (withCni(settings, "calico").cni.bgp?.routeReflectors !== undefined) {
    const reflectors = name.replace(/calico$/, "route-reflectors");
    new RouteReflectors(reflectors, { settings, nodes }, { ...opts, dependsOn: [calico] });
  }
  return calico;
};
