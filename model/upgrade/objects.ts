/** What of the cluster's objects an upgrade is judged by, as the API gives them. */

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

export interface Conditioned {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface NodeObject {
  readonly metadata: Meta;
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly NodeTaint[] };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly conditions?: readonly Condition[];
    readonly nodeInfo?: { readonly kubeletVersion?: string };
  };
}

export interface Container {
  readonly restartPolicy?: string;
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

export interface PodObject {
  readonly metadata: Meta;
  readonly spec: {
    readonly nodeName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly overhead?: Readonly<Record<string, string>>;
    readonly priority?: number;
  };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface BudgetObject {
  readonly metadata: Meta;
  readonly spec: { readonly selector?: Selector; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
    readonly expectedPods?: number;
  };
}

export interface WebhookObject {
  readonly metadata: Meta;
  readonly webhooks?: readonly {
    readonly name: string;
    readonly failurePolicy?: string;
    readonly clientConfig: { readonly service?: { readonly namespace: string; readonly name: string } };
    readonly rules?: readonly {
      /** Default `*`. */
      readonly scope?: string;
      readonly apiGroups?: readonly string[];
      readonly resources?: readonly string[];
      readonly operations?: readonly string[];
    }[];
    readonly namespaceSelector?: Selector;
    readonly objectSelector?: Selector;
    readonly matchConditions?: readonly unknown[];
  }[];
}

export interface ServiceObject {
  readonly metadata: Meta;
  readonly spec?: { readonly type?: string };
}

export interface EndpointSliceObject {
  readonly metadata: Meta;
  readonly endpoints?: readonly {
    readonly nodeName?: string;
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

/** The cluster as an upgrade finds it. */
export interface UpgradeFacts {
  readonly nodes: readonly NodeObject[];
  readonly pods: readonly PodObject[];
  readonly namespaces: readonly { readonly metadata: Meta }[];
  readonly budgets: readonly BudgetObject[];
  readonly validating: readonly WebhookObject[];
  readonly mutating: readonly WebhookObject[];
  readonly services: readonly ServiceObject[];
  readonly slices: readonly EndpointSliceObject[];
  /** x.y.z of each API server. */
  readonly apiServers: readonly string[];
  /** Lines of the API servers' metrics. */
  readonly metrics: readonly string[];
}

/** Labels as a selector takes them; an empty one takes all, a missing one none. */
export function selects(
  selector: Selector | undefined,
  labels: Readonly<Record<string, string>> = {},
): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}

export function holds(object: Conditioned, type: string): boolean {
  return (object.status?.conditions ?? []).some((one) => one.type === type && one.status === "True");
}

/** `namespace/name`, or the name where there is none. */
export function nameOf({ namespace, name }: Meta): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
