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
  checked,
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

/**
 * Arguments of `Calico`. Every argument has a default. Values that determine which resources exist, and values that
 * the library checks, are plain.
 */
export interface CalicoArgs
  extends
    Omit<
      WithInputs<Omit<CalicoInput, "kind">, "podCidr" | "mtu" | "natOutgoing" | "controlPlaneReplicas">,
      "peers"
    >,
    SecretsArg {
  /**
   * Routers outside the cluster that nodes exchange routes with.
   *
   * @defaultValue none
   */
  peers?: readonly WithInputs<CalicoPeerInput, "address" | "asNumber">[];
  /** The nodes' network: its MTU in bytes, the Service range, and the maximum number of nodes. */
  network?: Later<NonNullable<CniAround["network"]>>;
  /**
   * What the cluster's kube-proxy writes its rules with.
   *
   * @defaultValue `nftables`
   */
  kubeProxy?: CniAround["kubeProxy"];
  /** Where the charts come from, and their versions. */
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
 * Calico: its CRDs and the Tigera operator as Helm releases, and separate resources for what the operator installs
 * and how nodes exchange routes. Routing comes first, so that no node starts with the wrong peers. Pass the cluster's
 * provider as `provider`, and the cluster's init as `deletedWith`. Not tried on a live cluster.
 *
 * ```ts
 * new Calico("net", { backend: "vxlan", podCidr: "10.244.0.0/16" }, { provider });
 * ```
 *
 * Its resources are complete when the operator has accepted them. `kubectl get tigerastatus` shows whether it has
 * installed everything, and so does a pod that starts.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Calico extends pulumi.ComponentResource {
  /** Helm release of the Tigera operator. */
  readonly operator: k8s.helm.v3.Release;
  /** Namespaces, CRDs, routing, the operator and what it installs, in the order in which they are created. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: CalicoArgs = {}, opts?: pulumi.ComponentResourceOptions) {
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

/** Arguments of `RouteReflectors`: the nodes that reflect BGP routes to all others. */
export interface RouteReflectorsArgs {
  /** Names of existing Nodes; at least one. */
  nodes: string[];
  /**
   * Cluster id of the reflectors, four numbers separated by dots (RFC 4456). All reflectors of a cluster share it.
   *
   * @defaultValue `244.0.0.1`
   */
  clusterId?: pulumi.Input<string>;
}

/**
 * Marks nodes as BGP route reflectors: one patch for each Node, which owns only its annotations. Deleting the
 * component removes the annotations. It is a separate component, because whatever waits for the network must not wait
 * for every node.
 *
 * ```ts
 * new RouteReflectors("reflectors", { nodes: ["rack1-a", "rack2-a"] }, { provider });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class RouteReflectors extends pulumi.ComponentResource {
  /** One patch for each reflector, in the order of `nodes`. */
  readonly patches: readonly k8s.core.v1.NodePatch[];

  constructor(name: string, args: RouteReflectorsArgs, opts?: pulumi.ComponentResourceOptions) {
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

/** Calico of a cluster's settings, and its route reflectors. */
export const createCalico: CreateCni = (name, { settings, secrets, nodes }, opts) => {
  const spec = withCni(settings, "calico");
  const calico = new Calico(
    name,
    checked<CalicoArgs, CalicoParts & SecretsArg>({ ...spec, helm: settings.addons.helm, secrets }),
    opts,
  );
  const reflectors = spec.cni.bgp?.routeReflectors;
  if (reflectors === undefined) return { network: calico };
  const called = name.replace(/calico$/, "route-reflectors");
  const marked = new RouteReflectors(called, checked<RouteReflectorsArgs, Reflectors>(reflectors), {
    ...opts,
    dependsOn: [calico, ...nodes],
  });
  return { network: calico, others: [marked] };
};
