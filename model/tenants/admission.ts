import type { Manifest } from "../core/manifest";
import type { TenancySettings, Tenant, TenantRefusal } from "./settings";
import { TENANT_LABEL } from "./names";

/**
 * What the API server refuses in tenants' namespaces: ways out of a namespace that neither RBAC nor Pod Security closes. The
 * rules are ValidatingAdmissionPolicies (Kubernetes 1.30 and later) of expressions alone: no webhook that could be away. They
 * hold where the namespace has the tenant's label, which no tenant can change; they judge only what a request adds, so that
 * controllers which finish or clean up older objects are never stopped; and an expression that fails refuses (`Fail`).
 */
interface Rule {
  /** Resources of one group and version. */
  readonly group: string;
  readonly resource: string;
  /** Named values of the expressions, in their order. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly conditions?: Readonly<Record<string, string>>;
  /** What has to hold, and the message where it does not. */
  readonly validations: readonly (readonly [expression: string, message: string])[];
}

const ADMISSION = "admissionregistration.k8s.io/v1";
/** Begins the names of policies and bindings. */
const PREFIX = "pulumi-kubeadm-tenants";

/** Taints of control-plane nodes (Kubernetes documentation, "Well-Known Labels, Annotations and Taints"); the second until 1.24. */
const CONTROL_PLANE_TAINTS = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/** Annotations by which a Service asks for one address, or for what belongs to others of the account. */
const ADDRESS_ANNOTATIONS = [
  // metallb v0.16, website/content/usage/_index.md; the second domain until 0.15. What MetalLB itself writes is another one.
  ...["metallb.io", "metallb.universe.tf"].flatMap((domain) =>
    ["loadBalancerIPs", "address-pool", "allow-shared-ip"].map((name) => `${domain}/${name}`),
  ),
  // cloud-provider-aws, docs/service_controller.md.
  ...["security-groups", "extra-security-groups", "eip-allocations", "subnets", "private-ipv4-addresses"].map(
    (name) => `service.beta.kubernetes.io/aws-load-balancer-${name}`,
  ),
];

/**
 * Annotations by which ingress-nginx (docs/user-guide/nginx-configuration/annotations.md) calls an address of the tenant's choice,
 * past its network policy, or serves another host. Snippets of configuration end in `-snippet`.
 */
const NGINX = "nginx.ingress.kubernetes.io/";
const INGRESS_ANNOTATIONS = ["auth-url", "mirror-target", "mirror-host", "server-alias"].map(
  (name) => `${NGINX}${name}`,
);

/** Text as a string of CEL. */
const cel = (text: string): string => JSON.stringify(text);
const list = (texts: readonly string[]): string => `[${texts.map(cel).join(", ")}]`;
const map = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([key, value]) => `${cel(key)}: ${value}`).join(", ")}}`;

const annotationsOf = (object: string): string =>
  `(has(${object}.metadata.annotations) ? ${object}.metadata.annotations : {})`;
/** Annotations that the request sets or changes. */
const SET_ANNOTATIONS = `${annotationsOf("object")}.filter(key, oldObject == null || !(key in ${annotationsOf("oldObject")}) || ${annotationsOf("oldObject")}[key] != object.metadata.annotations[key])`;
const TENANT = `namespaceObject.metadata.labels[${cel(TENANT_LABEL)}]`;
/** Kubelets write pods of their own manifests back into the API (NodeRestriction: on their own node alone). */
const NO_KUBELET = { "not-a-kubelet": `!("system:nodes" in request.userInfo.groups)` };
const SPEC_CHANGES = { "changes-what-is-served": "oldObject == null || object.spec != oldObject.spec" };

/** Host names of rules and certificates of the Ingress. */
const HOSTS = `(has(object.spec.rules) ? object.spec.rules.filter(rule, has(rule.host)).map(rule, rule.host) : [])`;
const TLS = `(has(object.spec.tls) ? object.spec.tls.filter(one, has(one.hosts)).map(one, one.hosts) : [])`;
/** Whether two host names share traffic: the same, or one below the other's wildcard. */
const meet = (one: string, other: string): string =>
  `(${one} == ${other} || (${other}.startsWith("*.") && ${one}.endsWith(${other}.substring(1))) || (${one}.startsWith("*.") && ${other}.endsWith(${one}.substring(1))))`;
/** A condition that holds for all host names of the Ingress, which it calls `host`. */
const everyHost = (condition: string): string =>
  `variables.hosts.all(host, ${condition}) && variables.certificates.all(hosts, hosts.all(host, ${condition}))`;
const HOST_VARIABLES = { hosts: HOSTS, certificates: TLS };

const INGRESS = { group: "networking.k8s.io", resource: "ingresses" } as const;
const SERVICE = { group: "", resource: "services" } as const;
const POD = { group: "", resource: "pods" } as const;

/** Rules that a tenant may be let off, by the word in its `allow`. */
const RULES: Record<Exclude<TenantRefusal, "sharedHosts">, Rule> = {
  externalIPs: {
    ...SERVICE,
    validations: [
      [
        "!has(object.spec.externalIPs) || object.spec.externalIPs.all(address, oldObject != null && has(oldObject.spec.externalIPs) && address in oldObject.spec.externalIPs)",
        "spec.externalIPs takes the traffic of addresses that are not the tenant's",
      ],
    ],
  },
  externalName: {
    ...SERVICE,
    validations: [
      [
        `object.spec.type != "ExternalName" || (oldObject != null && oldObject.spec.type == "ExternalName" && oldObject.spec.externalName == object.spec.externalName)`,
        "a Service of type ExternalName lets an ingress controller call any address for the tenant",
      ],
    ],
  },
  loadBalancerAddress: {
    ...SERVICE,
    variables: { set: SET_ANNOTATIONS },
    validations: [
      [
        "!has(object.spec.loadBalancerIP) || (oldObject != null && has(oldObject.spec.loadBalancerIP) && oldObject.spec.loadBalancerIP == object.spec.loadBalancerIP)",
        "spec.loadBalancerIP chooses an address; the cluster chooses them",
      ],
      [
        `!variables.set.exists(key, key in ${list(ADDRESS_ANNOTATIONS)})`,
        "the annotation chooses addresses, security groups or subnets; the cluster chooses them",
      ],
    ],
  },
  controlPlaneNodes: {
    ...POD,
    conditions: NO_KUBELET,
    variables: {
      added:
        "(has(object.spec.tolerations) ? object.spec.tolerations : []).filter(one, oldObject == null || !has(oldObject.spec.tolerations) || !(one in oldObject.spec.tolerations))",
    },
    validations: [
      [
        `!variables.added.exists(one, !has(one.key) || one.key == "" || one.key in ${list(CONTROL_PLANE_TAINTS)})`,
        "the pod tolerates the taint of control-plane nodes",
      ],
      [
        `oldObject != null || !has(object.spec.nodeName) || object.spec.nodeName == ""`,
        "spec.nodeName puts the pod on a node past its taints; use a nodeSelector",
      ],
    ],
  },
  catchAllHosts: {
    ...INGRESS,
    conditions: SPEC_CHANGES,
    validations: [
      [
        `!has(object.spec.defaultBackend) && (has(object.spec.rules) ? object.spec.rules : []).all(rule, has(rule.host) && rule.host != "")`,
        "an Ingress without a host takes every host that no other one has: name the hosts",
      ],
    ],
  },
  ingressAnnotations: {
    ...INGRESS,
    variables: { set: SET_ANNOTATIONS },
    validations: [
      [
        `!variables.set.exists(key, key in ${list(INGRESS_ANNOTATIONS)} || (key.startsWith(${cel(NGINX)}) && key.endsWith("-snippet")))`,
        "the annotation makes the ingress controller serve other hosts, call addresses, or run configuration of the tenant's choice",
      ],
    ],
  },
};

/** Pods of tenants that list no `priorityClasses`. */
const SYSTEM_PRIORITY: Rule = {
  ...POD,
  conditions: NO_KUBELET,
  validations: [
    [
      `oldObject != null || !has(object.spec.priorityClassName) || !object.spec.priorityClassName.startsWith("system-")`,
      "a system priority class evicts pods of the cluster and of others",
    ],
  ],
};

type Tenants = readonly Tenant[];
type PolicySpec = NonNullable<Manifest<`${typeof ADMISSION}/ValidatingAdmissionPolicy`>["spec"]>;
type BindingSpec = NonNullable<Manifest<`${typeof ADMISSION}/ValidatingAdmissionPolicyBinding`>["spec"]>;

/** Pods of tenants that list some: another one is refused. */
function priorityClasses(tenants: Tenants): Rule {
  const listed = tenants.map((one) => [one.name, list(one.priorityClasses ?? [])] as const);
  return {
    ...POD,
    conditions: NO_KUBELET,
    variables: { listed: map(listed) },
    validations: [
      [
        `oldObject != null || !has(object.spec.priorityClassName) || object.spec.priorityClassName in variables.listed[${TENANT}]`,
        "the priority class is not among the tenant's priorityClasses",
      ],
    ],
  };
}

/** Ingresses of tenants that list their hosts: another one is refused. */
function listedHosts(tenants: Tenants): Rule {
  const own = tenants.map((one) => [one.name, list(one.hosts ?? [])] as const);
  const allowed = `variables.own[${TENANT}].exists(one, host == one || (one.startsWith("*.") && host.endsWith(one.substring(1))))`;
  return {
    ...INGRESS,
    conditions: SPEC_CHANGES,
    variables: { ...HOST_VARIABLES, own: map(own) },
    validations: [[everyHost(allowed), "a host is not among the tenant's hosts"]],
  };
}

/** Ingresses of the others: a host that some tenant lists is refused. */
function reservedHosts(tenants: Tenants): Rule {
  const reserved = tenants.flatMap((one) => one.hosts ?? []);
  return {
    ...INGRESS,
    conditions: SPEC_CHANGES,
    variables: HOST_VARIABLES,
    validations: [
      [
        everyHost(`!${list(reserved)}.exists(one, ${meet("host", "one")})`),
        "a host belongs to another tenant, which lists it",
      ],
    ],
  };
}

/** Ingresses of every other tenant, compared with each Ingress of one tenant (`params`): who has a host first keeps it. */
const TAKEN_HOSTS: Rule = {
  ...INGRESS,
  conditions: SPEC_CHANGES,
  variables: {
    ...HOST_VARIABLES,
    taken:
      "(has(params.spec.rules) ? params.spec.rules.filter(rule, has(rule.host)).map(rule, rule.host) : [])",
  },
  validations: [
    [
      everyHost(`!variables.taken.exists(one, ${meet("host", "one")})`),
      "a host is in use by another tenant's Ingress",
    ],
  ],
};

function policy(name: string, rule: Rule, paramKind?: PolicySpec["paramKind"]): Manifest {
  const { group, resource, variables = {}, conditions = {}, validations } = rule;
  const named = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries).map(([key, expression]) => ({ name: key, expression }));
  return {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: `${PREFIX}-${name}` },
    spec: {
      failurePolicy: "Fail",
      ...(paramKind === undefined ? {} : { paramKind }),
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [group],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: [resource],
          },
        ],
      },
      ...(Object.keys(conditions).length === 0 ? {} : { matchConditions: named(conditions) }),
      ...(Object.keys(variables).length === 0 ? {} : { variables: named(variables) }),
      validations: validations.map(([expression, message]) => ({ expression, message, reason: "Forbidden" })),
    },
  };
}

/** Which namespaces: those of some tenants, or those of all but some. */
interface Namespaces {
  readonly of?: Tenants;
  readonly butOf?: Tenants;
}

function binding(
  name: string,
  { of, butOf = [] }: Namespaces,
  of_ = name,
  params?: BindingSpec["paramRef"],
): Manifest {
  const selector = (operator: string, tenants?: Tenants) => ({
    key: TENANT_LABEL,
    operator,
    ...(tenants === undefined ? {} : { values: tenants.map((one) => one.name) }),
  });
  return {
    apiVersion: ADMISSION,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: `${PREFIX}-${name}` },
    spec: {
      policyName: `${PREFIX}-${of_}`,
      validationActions: ["Deny"],
      ...(params === undefined ? {} : { paramRef: params }),
      matchResources: {
        namespaceSelector: {
          matchExpressions:
            of === undefined
              ? [selector("Exists"), ...(butOf.length === 0 ? [] : [selector("NotIn", butOf)])]
              : [selector("In", of)],
        },
      },
    },
  };
}

/** DNS names have no upper case. */
const kebab = (text: string): string =>
  text.replace(/IPs$/, "-ips").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Policies and bindings over all tenants; none without tenants. A binding comes after its policy. */
export function tenantPolicies({ tenants }: Pick<TenancySettings, "tenants">): Manifest[] {
  if (tenants.length === 0) return [];
  const allowing = (word: TenantRefusal): Tenants => tenants.filter((one) => one.allow.includes(word));
  const withClasses = tenants.filter((one) => one.priorityClasses !== undefined);
  const withHosts = tenants.filter((one) => one.hosts !== undefined);
  const sharing = allowing("sharedHosts");
  const simple = Object.entries(RULES).flatMap(([word, rule]) => [
    policy(kebab(word), rule),
    binding(kebab(word), { butOf: allowing(word as TenantRefusal) }),
  ]);
  const listed = (name: string, rule: (tenants: Tenants) => Rule, of: Tenants): Manifest[] =>
    of.length === 0 ? [] : [policy(name, rule(of)), binding(name, { of })];
  return [
    ...simple,
    policy("system-priority", SYSTEM_PRIORITY),
    binding("system-priority", { butOf: withClasses }),
    ...listed("priority-classes", priorityClasses, withClasses),
    ...listed("listed-hosts", listedHosts, withHosts),
    ...(withHosts.length === 0
      ? []
      : [
          policy("reserved-hosts", reservedHosts(withHosts)),
          binding("reserved-hosts", { butOf: [...withHosts, ...sharing] }),
        ]),
    policy("taken-hosts", TAKEN_HOSTS, { apiVersion: "networking.k8s.io/v1", kind: "Ingress" }),
    ...tenants.map((one) =>
      binding(
        `taken-hosts-${one.name}`,
        { butOf: [one, ...sharing.filter((other) => other !== one)] },
        "taken-hosts",
        {
          namespace: one.name,
          selector: {},
          parameterNotFoundAction: "Allow",
        },
      ),
    ),
  ];
}
