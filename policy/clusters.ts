import type { PolicyResource, StackValidationArgs } from "@pulumi/policy";
import { SPEC_VARIABLE, type HostSpec, type InitSpec, type NodeStepSpec } from "../host/protocol";
import { CLUSTER, LOCAL_COMMAND } from "./resources";
import { at, knownText, parseJson } from "./values";

/** A resource that works on a host, with what it is told to do. */
export interface HostStep<Spec extends HostSpec = HostSpec> {
  readonly resource: PolicyResource;
  readonly spec: Spec;
}

/** A cluster as the resources of a stack show it. */
export interface ClusterInStack {
  /** URN of the Cluster; for parts that are used without one, the cluster's name. */
  readonly key: string;
  /** `<name>.<domain>` of the settings. */
  readonly fullName: string;
  readonly steps: readonly HostStep[];
  readonly inits: readonly HostStep<InitSpec>[];
  readonly nodeSteps: readonly HostStep<NodeStepSpec>[];
}

/** What a host step is told to do; undefined for other commands, and for the wait for a pool. */
export function specOf(props: Readonly<Record<string, unknown>>): HostSpec | undefined {
  const text = knownText(props, "environment", SPEC_VARIABLE);
  const spec = text === undefined ? undefined : parseJson(text);
  // A variable of that name may be somebody else's: what every policy reads has to be there.
  const isSpec =
    typeof at(spec, "step") === "string" &&
    typeof at(spec, "clusterName") === "string" &&
    typeof at(spec, "fixed", "podCidr") === "string";
  return isSpec ? (spec as HostSpec) : undefined;
}

/** The clusters of a stack, by their host steps, in the order of their URNs. */
function clustersOf(args: StackValidationArgs): ClusterInStack[] {
  const groups = new Map<string, HostStep[]>();
  const byUrn = [...args.resources].sort((left, right) => (left.urn < right.urn ? -1 : 1));
  const found = byUrn.flatMap((resource): HostStep[] => {
    const spec = resource.type === LOCAL_COMMAND ? specOf(resource.props) : undefined;
    return spec === undefined ? [] : [{ resource, spec }];
  });
  const owners = new Map<string, string>();
  for (const { resource, spec } of found) {
    const owner = clusterAbove(resource);
    if (owner !== undefined && spec.step !== "init") owners.set(spec.clusterName, owner);
  }
  for (const step of found) {
    const { clusterName } = step.spec;
    // A pool that the program created is beside its cluster.
    const key = clusterAbove(step.resource) ?? owners.get(clusterName) ?? clusterName;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups].map(([key, steps]) => ({
    key,
    fullName: fullName(steps),
    steps,
    inits: steps.filter((step): step is HostStep<InitSpec> => step.spec.step === "init"),
    nodeSteps: steps.filter((step): step is HostStep<NodeStepSpec> => step.spec.step === "node"),
  }));
}

/** As `clustersOf`; a stack without a cluster ends the policy. */
export function requireClusters(args: StackValidationArgs): ClusterInStack[] {
  const clusters = clustersOf(args);
  return clusters.length > 0 ? clusters : args.notApplicable("the stack has no cluster of this library");
}

/** An init keeps the specification it started with, so another step is asked where there is one. */
function fullName(steps: readonly HostStep[]): string {
  return (steps.find((step) => step.spec.step !== "init") ?? steps[0]).spec.clusterName;
}

/**
 * The cluster that a Kubernetes object goes into: its provider's, else the one it stands below, else the stack's only one.
 */
export function clusterOf(
  object: PolicyResource,
  clusters: readonly ClusterInStack[],
  args: StackValidationArgs,
): ClusterInStack | undefined {
  const provider = args.resources.find((resource) => resource.urn === object.provider?.urn);
  const key = (provider === undefined ? undefined : clusterAbove(provider)) ?? clusterAbove(object);
  if (key === undefined) return clusters.length === 1 ? clusters[0] : undefined;
  return clusters.find((cluster) => cluster.key === key);
}

function clusterAbove(resource: PolicyResource): string | undefined {
  for (let above = resource.parent; above !== undefined; above = above.parent) {
    if (above.type === CLUSTER) return above.urn;
  }
  return undefined;
}
