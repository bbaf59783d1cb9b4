import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { withCni } from "../../model/cni";
import { WEAVE_SECRET, weaveManifests } from "../../model/cni/weave/manifests";
import type { ClusterSettings } from "../../model/settings/resolved";
import type { CreateCni } from ".";
import { manifestResources } from "../kubernetes/manifest";
import { onlyWithCni, requireArguments } from "../arguments";

export interface WeaveArgs {
  /** Resolved settings: pod range, encryption, MTU and whether policies are enforced are read from them. */
  readonly settings: ClusterSettings;
  /** Entries of `kubeadm:secrets`; with encryption the password's. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Weave Net in the cluster, of the maintained fork: RBAC, DaemonSet, and with encryption the Secret with the nodes'
 * password. Give it the cluster's provider by `provider` and `deletedWith` the cluster's init. Not tried on a live cluster.
 *
 * Its pods read the password when they start: after it has changed, `kubectl -n kube-system rollout restart
 * daemonset/weave-net`; until all have, nodes with the old one and the new one do not reach each other's pods.
 */
export class Weave extends pulumi.ComponentResource {
  /** The objects, in the order they are made; the Secret first. */
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: WeaveArgs, opts?: pulumi.ComponentResourceOptions) {
    requireArguments("Weave", name, args, ["settings", "secrets"], (given) => [onlyWithCni(given, "weave")]);
    super("kubeadm:cni:Weave", name, {}, opts);
    const inside: pulumi.CustomResourceOptions = { parent: this, deletedWith: opts?.deletedWith };
    const spec = withCni(args.settings, "weave");
    const { encryption } = spec.cni;
    const secret =
      encryption === undefined
        ? []
        : [secretResource(`${name}-secret`, args.secrets[encryption.password] ?? "", inside)];
    this.resources = [
      ...secret,
      ...manifestResources(name, weaveManifests(spec), { ...inside, dependsOn: secret }),
    ];
    this.registerOutputs({});
  }
}

function secretResource(
  name: string,
  password: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  return new k8s.core.v1.Secret(
    name,
    {
      metadata: {
        name: WEAVE_SECRET.name,
        namespace: WEAVE_SECRET.namespace,
        annotations: { "pulumi.com/patchForce": "true" },
      },
      stringData: { [WEAVE_SECRET.key]: pulumi.secret(password) },
    },
    { ...opts, additionalSecretOutputs: ["data", "stringData"] },
  );
}

/** Weave of a cluster's settings. */
export const createWeave: CreateCni = (name, { settings, secrets }, opts) =>
  new Weave(name, { settings, secrets }, opts);
