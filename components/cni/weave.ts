import * as pulumi from "@pulumi/pulumi";
import { withCni } from "../../model/cni";
import { parseCni, type CniAround } from "../../model/cni/alone";
import { WEAVE_SECRET, weaveManifests } from "../../model/cni/weave/manifests";
import type { WeaveInput } from "../../model/cni/weave/settings";
import type { WeaveSpec } from "../../model/cni/weave/spec";
import { secretResource } from "../kubernetes/secret";
import {
  checked,
  partResources,
  secretPartOf,
  type Later,
  type Samples,
  type SecretsArg,
  type WithInputs,
} from "../part";
import type { CreateCni } from ".";

/**
 * Arguments of `Weave`. Every argument has a default. `encryption` is a plain value, because it determines which
 * resources exist.
 */
export interface WeaveArgs
  extends
    WithInputs<Omit<WeaveInput, "kind">, "podCidr" | "mtu" | "trustedSubnets" | "resources">,
    SecretsArg {
  /** The nodes' network: its MTU in bytes, and the maximum number of nodes, each of which connects to every other. */
  network?: Later<Pick<NonNullable<CniAround["network"]>, "mtu" | "maxNodes">>;
}

const SAMPLES: Samples = {
  podCidr: () => "10.255.0.0/16",
  mtu: () => 1376,
  trustedSubnets: () => ["172.31.255.0/24"],
  "trustedSubnets.*": (number) => `172.31.${number}.0/24`,
  resources: () => ({}),
  network: () => ({}),
  "network.mtu": () => 9001,
  "network.maxNodes": () => 100,
};

/**
 * Weave Net, from the maintained fork: RBAC, DaemonSet, and with encryption the Secret with the nodes' password. Pass
 * the cluster's provider as `provider`, and the cluster's init as `deletedWith`. Not tried on a live cluster.
 *
 * ```ts
 * new Weave(
 *   "net",
 *   { encryption: { password: "mesh" }, secrets: { mesh: config.requireSecret("mesh") } },
 *   { provider },
 * );
 * ```
 *
 * Its pods read the password when they start. After you change it, run `kubectl -n kube-system rollout restart
 * daemonset/weave-net`. Until all pods have restarted, pods on nodes with the old and the new password do not reach
 * each other.
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Weave extends pulumi.ComponentResource {
  /** The objects in the cluster, in the order in which they are created; the Secret is first. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: WeaveArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const part = secretPartOf<WeaveSpec>("Weave", name, args, SAMPLES, (given, title, secrets) =>
      parseCni("weave", ["network.mtu", "network.maxNodes"], given, title, secrets),
    );
    super("kubeadm:index:Weave", name, {}, opts);
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: opts?.deletedWith };
    const { encryption } = part.shape.cni;
    const secret =
      encryption === undefined
        ? []
        : [
            secretResource(
              `${name}-secret`,
              { name: WEAVE_SECRET.name, namespace: WEAVE_SECRET.namespace },
              { [WEAVE_SECRET.key]: part.secret(encryption.password) },
              inside,
            ),
          ];
    this.resources = [
      ...secret,
      ...partResources(name, part, weaveManifests, { ...inside, dependsOn: secret }),
    ];
    this.registerOutputs({});
  }
}

/** Weave of a cluster's settings. */
export const createWeave: CreateCni = (name, { settings, secrets }, opts) => ({
  network: new Weave(
    name,
    checked<WeaveArgs, WeaveSpec & SecretsArg>({ ...withCni(settings, "weave"), secrets }),
    opts,
  ),
});
