import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { HelmInput } from "../../model/addons/helm/schema";
import { withCni } from "../../model/cni";
import { parseCni, type CniAround } from "../../model/cni/alone";
import { parseReflectors } from "../../model/cni/calico/alone";
import {
  BGP_SECRET,
  CALICO_NAMESPACE,
  OPERATOR_NAMESPACE,
  calicoApiServer,
  calicoInstallation,
  calicoNamespaces,
  calicoRouting,
  operatorValues,
  passwordsOf,
  reflectorAnnotations,
  type Reflectors,
} from "../../model/cni/calico/manifests";
import type { CalicoInput, CalicoPeerInput } from "../../model/cni/calico/settings";
import type { CalicoSpec } from "../../model/cni/calico/spec";
import { manifestResources } from "../kubernetes/manifest";
import { helmRelease } from "../kubernetes/release";
import { secretResource } from "../kubernetes/secret";
import {
  Checked,
  partOf,
  partResources,
  rendered,
  secretPartOf,
  type Later,
  type Samples,
  type SecretPart,
  type SecretsArg,
  type WithInputs,
} from "../part";
import type { CreateCni } from ".";

/** Calico; every argument has a default. What determines which resources exist, or is checked, is plain. */
export interface CalicoArgs
  extends
    Omit<
      WithInputs<Omit<CalicoInput, "kind">, "podCidr" | "mtu" | "natOutgoing" | "controlPlaneReplicas">,
      "peers"
    >,
    SecretsArg {
  /**
   * Routers outside the cluster.
   *
   * @defaultValue none
   */
  peers?: WithInputs<CalicoPeerInput, "address" | "asNumber">[];
  /** The nodes' network: its MTU in bytes, the range of Services, how many nodes there may be. */
  network?: Later<NonNullable<CniAround["network"]>>;
  /** What the cluster's kube-proxy writes its rules with. @defaultValue `nftables` */
  kubeProxy?: CniAround["kubeProxy"];
  /** Where charts come from, and in which versions. */
  helm?: HelmInput;
}

interface CalicoParts extends CalicoSpec {
  readonly helm: HelmInput;
}

const SAMPLES: Samples = {
  podCidr: () => "10.255.0.0/16",
  mtu: () => 1450,
  natOutgoing: () => true,
  controlPlaneReplicas: () => 2,
  "peers.*.address": (number) => `172.31.255.${number}`,
  "peers.*.asNumber": () => 64512,
  network: () => ({}),
  "network.mtu": () => 9001,
  "network.serviceCidr": () => "10.254.0.0/16",
  "network.maxNodes": () => 100,
};

/**
 * Calico in the cluster: its CRDs and Tigera's operator as Helm releases, and as separate resources what the operator is to
 * install and how routes are exchanged. Routes come first, so that no node begins with other peers than it will have. Give
 * it the cluster's provider by `provider` and `deletedWith` the cluster's init. Not tried on a live cluster.
 *
 * ```ts
 * new Calico("net", { backend: "vxlan", podCidr: "10.244.0.0/16" }, { provider });
 * ```
 *
 * Its children are there when the operator has taken its orders; that it carried them out shows in `kubectl get
 * tigerastatus`, and in pods that start.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Calico extends pulumi.ComponentResource {
  /** The operator's release. */
  readonly operator: k8s.helm.v3.Release;
  /** Namespaces, CRDs, routing, operator and what it installs, in the order they are made. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(
    name: string,
    args: CalicoArgs | Checked<CalicoParts & SecretsArg> = {},
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const part = secretPartOf<CalicoParts>("Calico", name, args, SAMPLES, (given, title, secrets) =>
      parseCni(
        "calico",
        ["network.mtu", "network.serviceCidr", "network.maxNodes", "kubeProxy.mode", "helm"],
        given,
        title,
        secrets,
      ),
    );
    super("kubeadm:index:Calico", name, {}, opts);
    const { helm } = part.shape;
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: opts?.deletedWith };
    const namespaces = manifestResources(name, calicoNamespaces(part.shape), inside);
    const crds = helmRelease(
      `${name}-crds`,
      {
        chart: "crd.projectcalico.org.v1",
        helm,
        namespace: OPERATOR_NAMESPACE,
        values: {},
      },
      { ...inside, dependsOn: namespaces },
    );
    const passwords = passwordResources(`${name}-bgp-passwords`, part, {
      ...inside,
      dependsOn: namespaces,
    });
    const routing = partResources(name, part, calicoRouting, {
      ...inside,
      dependsOn: [crds, ...passwords],
    });
    this.operator = helmRelease(
      `${name}-operator`,
      {
        chart: "tigera-operator",
        helm,
        namespace: OPERATOR_NAMESPACE,
        values: operatorValues(),
      },
      { ...inside, dependsOn: [crds] },
    );
    const before = [this.operator, ...routing];
    const installed = partResources(name, part, calicoInstallation, { ...inside, dependsOn: before });
    const apiServer = partResources(name, part, calicoApiServer, {
      ...inside,
      dependsOn: [...before, ...installed],
    });
    this.resources = [
      ...namespaces,
      crds,
      ...passwords,
      ...routing,
      this.operator,
      ...installed,
      ...apiServer,
    ];
    this.registerOutputs({});
  }
}

function passwordResources(
  name: string,
  { shape, secret }: SecretPart<CalicoSpec>,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
  const passwords = passwordsOf(shape);
  if (passwords.length === 0) return [];
  const texts = Object.fromEntries(passwords.map((one) => [one.peer, secret(one.secret)]));
  return [secretResource(name, { name: BGP_SECRET, namespace: CALICO_NAMESPACE }, texts, opts)];
}

/** Nodes that hand routes on to all others. */
export interface RouteReflectorsArgs {
  /** Names of Nodes, which must exist; at least one. */
  nodes: string[];
  /**
   * Written like an IPv4 address (RFC 4456); reflectors of one cluster share it.
   *
   * @defaultValue `244.0.0.1`
   */
  clusterId?: pulumi.Input<string>;
}

/**
 * The Nodes that hand routes on, marked as such: one patch a Node, that owns its annotations and nothing else. Taken away,
 * it takes the annotations along. A separate component, because what waits for the network must not wait for every node.
 *
 * ```ts
 * new RouteReflectors("reflectors", { nodes: ["rack1-a", "rack2-a"] }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class RouteReflectors extends pulumi.ComponentResource {
  /** One a reflector, in the order of the nodes. */
  readonly patches: readonly k8s.core.v1.NodePatch[];

  constructor(
    name: string,
    args: RouteReflectorsArgs | Checked<Reflectors>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const samples: Samples = { clusterId: () => "244.0.0.1" };
    const part = partOf<Reflectors>("RouteReflectors", name, args, samples, parseReflectors);
    super("kubeadm:index:RouteReflectors", name, {}, opts);
    this.patches = reflectorAnnotations(part.shape).map(({ machine, node }, index) => {
      const annotations = rendered(part, (spec) => ({
        ...reflectorAnnotations(spec)[index]?.annotations,
        "pulumi.com/patchForce": "true",
      }));
      return new k8s.core.v1.NodePatch(
        `${name}-${machine}`,
        { metadata: { name: node, annotations } },
        { parent: this, deletedWith: opts?.deletedWith, dependsOn: opts?.dependsOn },
      );
    });
    this.registerOutputs({});
  }
}

/** Calico of a cluster's settings, and its route reflectors beside it. */
export const createCalico: CreateCni = (name, { settings, secrets, nodes }, opts) => {
  const spec = withCni(settings, "calico");
  const calico = new Calico(name, new Checked({ ...spec, helm: settings.addons.helm, secrets }), opts);
  const reflectors = spec.cni.bgp?.routeReflectors;
  if (reflectors !== undefined) {
    const called = name.replace(/calico$/, "route-reflectors");
    new RouteReflectors(called, new Checked(reflectors), { ...opts, dependsOn: [calico, ...nodes] });
  }
  return calico;
};
