import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { UpgradePlan } from "../../../model/upgrade/blocker";
import { billionths } from "../../../model/core/quantity";
import { admits, requestsOf } from "../../../model/upgrade/capacity";
import { diskBlockers, imageBlockers, readHostLook } from "../../../model/upgrade/hosts";
import { blockerLines, clusterBlockers, sorted } from "../../../model/upgrade/judge";
import { imagesOfVersion, upgradeImages } from "../../../model/upgrade/images";
import { readClusterLook } from "../../../model/upgrade/look";
import type {
  BudgetObject,
  NodeObject,
  PodObject,
  UpgradeFacts,
  WebhookObject,
} from "../../../model/upgrade/objects";

const GIB = 1024 ** 3;
const ready = [{ type: "Ready", status: "True" }];

function node(name: string, over: Partial<NodeObject> & { version?: string } = {}): NodeObject {
  const { version = "v1.35.8", ...rest } = over;
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name } },
    spec: name.startsWith("cp")
      ? { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] }
      : {},
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
      conditions: ready,
      nodeInfo: { kubeletVersion: version },
    },
    ...rest,
  };
}

interface Given {
  readonly labels?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
  readonly owner?: string | undefined;
  readonly notReady?: boolean;
  readonly spec?: Partial<PodObject["spec"]>;
  readonly phase?: string;
}

function pod(
  name: string,
  nodeName: string,
  {
    labels = { app: name },
    requests = {},
    owner = "ReplicaSet",
    notReady,
    spec,
    phase = "Running",
  }: Given = {},
): PodObject {
  return {
    metadata: {
      name,
      namespace: "shop",
      labels,
      ...(owner === "" ? {} : { ownerReferences: [{ kind: owner, controller: true }] }),
    },
    spec: { nodeName, containers: [{ resources: { requests } }], ...spec },
    status: { phase, conditions: notReady === true ? [] : ready },
  };
}

function budget(
  name: string,
  app: string,
  status: BudgetObject["status"] = {},
  spec: Partial<BudgetObject["spec"]> = {},
): BudgetObject {
  return {
    metadata: { name, namespace: "shop" },
    spec: { selector: { matchLabels: { app } }, ...spec },
    status: { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2, ...status },
  };
}

function webhook(
  name: string,
  over: Partial<NonNullable<WebhookObject["webhooks"]>[number]> = {},
): WebhookObject {
  return {
    metadata: { name },
    webhooks: [
      {
        name: `check.${name}`,
        clientConfig: { service: { namespace: "shop", name: "guard" } },
        rules: [{ apiGroups: [""], resources: ["pods"], operations: ["CREATE"] }],
        ...over,
      },
    ],
  };
}

const endpoints = (...nodes: readonly string[]): UpgradeFacts["slices"][number] => ({
  metadata: { name: "guard-1", namespace: "shop", labels: { "kubernetes.io/service-name": "guard" } },
  endpoints: nodes.map((nodeName) => ({ nodeName, conditions: { ready: true } })),
});

/** Nothing stands against an upgrade of it, with more in it than there has to be. */
const calm: UpgradeFacts = {
  nodes: [node("cp1"), node("w1"), node("w2"), node("w3")],
  pods: [
    pod("web-1", "w1", { labels: { app: "web" }, requests: { cpu: "1", memory: "1Gi" } }),
    pod("web-2", "w2", { labels: { app: "web" } }),
    pod("agent", "w1", { owner: "DaemonSet" }),
    pod("done", "w1", { owner: "", phase: "Succeeded" }),
    pod("on-the-control-plane", "cp1", { owner: "" }),
  ],
  namespaces: [{ metadata: { name: "shop", labels: { team: "a" } } }, { metadata: { name: "kube-system" } }],
  budgets: [budget("web", "web", { disruptionsAllowed: 1 }), budget("nobody", "nobody")],
  validating: [
    webhook("guarded"),
    webhook("open", {
      failurePolicy: "Ignore",
      clientConfig: { service: { namespace: "shop", name: "gone" } },
    }),
    webhook("of-others", {
      clientConfig: { service: { namespace: "shop", name: "gone" } },
      rules: [{ apiGroups: ["metallb.io"], resources: ["*"], operations: ["*"] }],
    }),
    webhook("outside", { clientConfig: { service: { namespace: "shop", name: "outside" } } }),
    webhook("of-the-cluster-alone", {
      clientConfig: { service: { namespace: "shop", name: "gone" } },
      rules: [{ apiGroups: [""], resources: ["*"], operations: ["*"], scope: "Cluster" }].map((rule) => ({
        ...rule,
        apiGroups: ["apiextensions.k8s.io"],
      })),
    }),
    webhook("deletions-of-nodes", {
      clientConfig: { service: { namespace: "shop", name: "gone" } },
      rules: [{ apiGroups: [""], resources: ["nodes"], operations: ["DELETE"] }],
    }),
    webhook("elsewhere", {
      clientConfig: { service: { namespace: "shop", name: "gone" } },
      namespaceSelector: { matchLabels: { team: "b" } },
    }),
  ],
  mutating: [],
  services: [{ metadata: { name: "outside", namespace: "shop" }, spec: { type: "ExternalName" } }],
  slices: [endpoints("w1", "w2")],
  apiServers: ["1.35.8"],
  metrics: [
    'apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.37",resource="flowschemas",subresource="",version="v1beta3"} 1',
    'apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1',
  ],
};

const plan: UpgradePlan = {
  target: "1.36.4",
  nodes: [
    { name: "cp1", role: "controlPlane", pool: "" },
    ...["w1", "w2", "w3"].map((name) => ({ name, role: "worker", pool: "general" }) as const),
  ],
  maxUnavailable: { general: 1 },
};
/** Ids of what refuses the upgrade; those of warnings have a question mark. */
const named = (facts: UpgradeFacts, of = plan) =>
  clusterBlockers(of, facts).map(({ id, isWarning }) => `${id}${isWarning === true ? "?" : ""}`);

describe("what stands against an upgrade", () => {
  it("is nothing in a cluster that is well", () => {
    expect(named(calm)).toEqual([]);
  });

  const cases: readonly (readonly [what: string, facts: Partial<UpgradeFacts>, id: string, words: RegExp])[] =
    [
      [
        "a budget without room",
        { budgets: [budget("web", "web")] },
        "podDisruptionBudget/shop/web",
        /allows no disruption \(2 of 2 pods are healthy, and 2 have to be\), and 2 pods of it must leave w1, w2\. To cure it: run one more replica/,
      ],
      [
        "a budget whose pods are not all healthy",
        { budgets: [budget("web", "web", { currentHealthy: 1, desiredHealthy: 1 })] },
        "podDisruptionBudget/shop/web",
        /To cure it: make its other pods healthy/,
      ],
      [
        "two budgets for one pod",
        {
          budgets: [
            ...calm.budgets,
            {
              ...budget("all", ""),
              spec: { selector: { matchExpressions: [{ key: "app", operator: "In", values: ["web"] }] } },
            },
          ],
          pods: calm.pods.filter(({ metadata }) => metadata.name !== "web-2"),
        },
        "pod/shop/web-1",
        /belongs to 2 PodDisruptionBudgets \(web, all\)/,
      ],
      [
        "a pod without a controller",
        { pods: [...calm.pods, pod("by-hand", "w3", { owner: "" })] },
        "pod/shop/by-hand?",
        /has no controller: the drain of w3 deletes it/,
      ],
      [
        "a webhook that nobody serves",
        { validating: [webhook("dead", { clientConfig: { service: { namespace: "shop", name: "gone" } } })] },
        "validatingWebhook/dead/check.dead",
        /Service shop\/gone has no ready endpoint/,
      ],
      [
        "a webhook that nobody serves and that may not be asked",
        {
          validating: [
            webhook("narrow", {
              clientConfig: { service: { namespace: "shop", name: "gone" } },
              matchConditions: [{ name: "some", expression: "false" }],
            }),
          ],
        },
        "validatingWebhook/narrow/check.narrow?",
        /Service shop\/gone has no ready endpoint/,
      ],
      [
        "a webhook that nobody serves and that is asked about deletions of pods",
        {
          validating: [
            webhook("dead", {
              clientConfig: { service: { namespace: "shop", name: "gone" } },
              rules: [{ apiGroups: ["*"], resources: ["*/*"], operations: ["DELETE"] }],
            }),
          ],
        },
        "validatingWebhook/dead/check.dead",
        /the API refuses what an upgrade writes/,
      ],
      [
        "a webhook that nobody serves and that is asked about Nodes, whatever its namespaces",
        {
          validating: [
            webhook("dead", {
              clientConfig: { service: { namespace: "shop", name: "gone" } },
              rules: [{ apiGroups: [""], resources: ["nodes/*"], operations: ["UPDATE"] }],
              namespaceSelector: { matchLabels: { team: "b" } },
            }),
          ],
        },
        "validatingWebhook/dead/check.dead",
        /the API refuses what an upgrade writes/,
      ],
      [
        "a webhook served from one node alone, which its own pods ask",
        { validating: [], mutating: [webhook("inject")], slices: [endpoints("w2", "w2")] },
        "mutatingWebhook/inject/check.inject",
        /all ready endpoints of Service shop\/guard are on w2, which is drained: .*, their own pods too/,
      ],
      [
        "a webhook served from one node alone, which its own pods do not ask",
        {
          validating: [],
          namespaces: [...calm.namespaces, { metadata: { name: "guards" } }],
          slices: [{ ...endpoints("w2"), metadata: { ...endpoints().metadata, namespace: "guards" } }],
          mutating: [
            webhook("inject", {
              clientConfig: { service: { namespace: "guards", name: "guard" } },
              namespaceSelector: { matchLabels: { team: "a" } },
            }),
          ],
        },
        "mutatingWebhook/inject/check.inject?",
        /until they run elsewhere the API refuses what an upgrade writes\. To cure it/,
      ],
      [
        "an API that goes away",
        {
          metrics: [
            ...calm.metrics,
            'apiserver_requested_deprecated_apis{group="resource.k8s.io",removed_release="1.36",resource="deviceclasses",subresource="",version="v1beta1"} 1',
          ],
        },
        "api/resource.k8s.io/v1beta1/deviceclasses",
        /is in use: .* Kubernetes 1\.36 no longer serves it/,
      ],
      [
        "no room for the pods of a node",
        {
          pods: [
            ...calm.pods,
            ...["w1", "w2", "w3"].map((name) => pod(`large-${name}`, name, { requests: { memory: "5Gi" } })),
          ],
        },
        "capacity/general",
        /no room for all pods of a drained node of pool general, by requests.*: w1 \(shop\/large-w1\); w2 \(shop\/large-w2\); w3/,
      ],
      [
        "no room that is large enough in one place",
        {
          pods: [
            ...["w1", "w2"].map((name) => pod(`there-${name}`, name, { requests: { memory: "4Gi" } })),
            ...[3, 3, 2].map((size, index) =>
              pod(`moved-${index}`, "w3", { requests: { memory: `${size}Gi` } }),
            ),
          ],
          budgets: [],
          validating: [],
        },
        "capacity/general?",
        /while w3 of pool general is drained, shop\/moved-2 may find no room/,
      ],
      [
        "no node that takes a pod",
        {
          pods: [
            ...calm.pods,
            pod("pinned", "w2", { spec: { nodeSelector: { "kubernetes.io/hostname": "w2" } } }),
          ],
        },
        "capacity/general?",
        /no node but the drained one of pool general takes shop\/pinned, .*: it waits for the node/,
      ],
      [
        "a kubelet that is too old",
        { nodes: [...calm.nodes, node("old", { version: "v1.32.1" })] },
        "node/old",
        /at most 3 minor versions behind/,
      ],
      [
        "a kubelet that is too new",
        { nodes: [...calm.nodes, node("new", { version: "v1.37.1" })] },
        "node/new",
        /is newer than 1\.36\.4/,
      ],
    ];

  it.each(cases)("%s is named, and nothing else", (_, facts, id, words) => {
    const found = clusterBlockers(plan, { ...calm, ...facts });
    expect(named({ ...calm, ...facts })).toEqual([id]);
    expect(blockerLines(found)[0]).toMatch(words);
    const { left, warnings } = sorted(found, [id.replace("?", "")]);
    expect([...left, ...warnings]).toEqual([]);
  });

  it("is all in one report", () => {
    const facts = {
      ...calm,
      budgets: [budget("web", "web")],
      pods: [...calm.pods, pod("by-hand", "w3", { owner: "" })],
    };
    expect(named(facts)).toEqual(["podDisruptionBudget/shop/web", "pod/shop/by-hand?"]);
    const { left, ignored, idle } = sorted(clusterBlockers(plan, facts), [
      "pod/shop/by-hand",
      "pod/shop/gone",
    ]);
    expect([left, ignored].map((list) => list.map(({ id }) => id))).toEqual([
      ["podDisruptionBudget/shop/web"],
      ["pod/shop/by-hand"],
    ]);
    expect(idle).toEqual(["pod/shop/gone"]);
  });

  it("is not what is on nodes that have the version already, or on the only control-plane node", () => {
    const nodes = calm.nodes.map(({ metadata: { name } }) =>
      node(name, name === "cp1" ? {} : { version: "v1.36.4" }),
    );
    expect(
      named({
        ...calm,
        nodes,
        budgets: [budget("web", "web")],
        pods: [...calm.pods, pod("by-hand", "w3", { owner: "" })],
      }),
    ).toEqual([]);
  });

  it("is found on control-plane nodes where several are drained", () => {
    const several = {
      ...plan,
      nodes: [...plan.nodes, { name: "cp2", role: "controlPlane", pool: "" } as const],
    };
    expect(named({ ...calm, nodes: [...calm.nodes, node("cp2")] }, several)).toEqual([
      "pod/shop/on-the-control-plane?",
    ]);
  });

  it("is more where more nodes are drained at a time", () => {
    const two = { ...plan, maxUnavailable: { general: 2 } };
    expect(named(calm, two)).toEqual(["validatingWebhook/guarded/check.guarded"]);
    const full = ["w1", "w2", "w3"].map((name) => pod(`half-${name}`, name, { requests: { memory: "3Gi" } }));
    const facts = { ...calm, pods: full, validating: [], budgets: [] };
    expect(named(facts)).toEqual([]);
    expect(named(facts, two)).toEqual(["capacity/general?"]);
    expect(named({ ...calm, slices: [endpoints("w1", "w2", "w3")] }, two)).toEqual([]);
  });

  it.each([
    ["AlwaysAllow lets a pod go that is not ready", { unhealthyPodEvictionPolicy: "AlwaysAllow" }, {}, []],
    ["a met budget lets a pod go that is not ready", {}, {}, []],
    ["a budget that is not met holds it", {}, { currentHealthy: 1 }, ["podDisruptionBudget/shop/ill"]],
  ] as const)("%s", (_, spec, status, ids) => {
    const pods = [...calm.pods, pod("ill", "w1", { notReady: true })];
    expect(named({ ...calm, pods, budgets: [budget("ill", "ill", status, spec)] })).toEqual(ids);
  });

  it("counts no room twice: whoever is placed leaves no more than there is", () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
    fc.assert(
      fc.property(amounts, amounts, fc.integer({ min: 8, max: 40 }), (there, moving, size) => {
        const total = [...there, ...moving].reduce((sum, one) => sum + one, 0);
        const large = (name: string): NodeObject =>
          node(name, {
            status: {
              allocatable: { cpu: "99", memory: String(size * GIB), pods: "99" },
              conditions: ready,
              nodeInfo: { kubeletVersion: "v1.35.8" },
            },
          });
        const facts = {
          ...calm,
          nodes: [large("w1"), large("w2")],
          pods: [
            ...there.map((one, index) => pod(`there-${index}`, "w2", { requests: { memory: `${one}Gi` } })),
            ...moving.map((one, index) => pod(`moving-${index}`, "w1", { requests: { memory: `${one}Gi` } })),
          ],
          budgets: [],
          validating: [],
        };
        const found = named(facts, { ...plan, nodes: plan.nodes.filter(({ name }) => name === "w1") });
        // On a node that is full already nobody else finds a place, however little it needs.
        const short = there.reduce((sum, one) => sum + one, 0) > size ? moving.length > 0 : total > size;
        expect(found).toEqual(short && moving.length > 0 ? ["capacity/general"] : []);
      }),
    );
  });
});

describe("what the scheduler counts", () => {
  it("is all containers with sidecars, or the largest init container, and the overhead", () => {
    const of = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more });
    const { cpu, pods } = requestsOf({
      spec: {
        containers: [of("1"), of("500m")],
        initContainers: [of("250m", { restartPolicy: "Always" }), of("3")],
        overhead: { cpu: "100m" },
      },
    });
    expect([cpu, pods]).toEqual([billionths("3350m"), billionths("1")]);
  });

  it("is counted in every form that Kubernetes keeps", () => {
    const containers = [{ name: "app", resources: { requests: { cpu: "200000u", memory: "5e9" } } }];
    expect(requestsOf({ spec: { containers } })).toMatchObject({
      cpu: billionths("200m"),
      memory: billionths("5G"),
    });
  });

  it.each([
    ["no toleration", [], false],
    ["another key", [{ key: "other", operator: "Exists" }], false],
    ["everything", [{ operator: "Exists" }], true],
    ["its key and effect", [{ key: "gpu", operator: "Exists", effect: "NoSchedule" }], true],
    ["another effect", [{ key: "gpu", operator: "Exists", effect: "NoExecute" }], false],
    ["its value", [{ key: "gpu", value: "yes" }], true],
    ["another value", [{ key: "gpu", value: "no" }], false],
  ])("are taints: a pod that tolerates %s", (_, tolerations, admitted) => {
    const tainted = node("w9", { spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] } });
    expect(admits(tainted, pod("p", "w1", { spec: { tolerations } }))).toBe(admitted);
  });
});

describe("hosts", () => {
  const said = (free: number, more = ""): string =>
    ["/opt/pulumi-kubeadm", "/var/lib/containerd", "/etc/kubernetes"]
      .map((folder) => `##disk ${folder} / ${free * 1024}`)
      .join("\n") + `\n##etcd ${100 * 1024}\n${more}`;

  it("need room for binaries, for images that are not there, and for a copy of etcd", () => {
    const missing = "##missing registry.k8s.io/kube-proxy:v1.36.4\n";
    expect(diskBlockers("w1", readHostLook(said(370)))).toEqual([]);
    expect(diskBlockers("w1", readHostLook(said(520, missing)))).toEqual([]);
    expect(diskBlockers("w1", readHostLook(said(519, missing)))).toMatchObject([
      {
        id: "disk/w1",
        what: expect.stringMatching(/^has 519 MiB free on \/, and .* need 520 MiB/) as string,
        cure: "free 1 MiB there",
      },
    ]);
  });

  it("are named together where they cannot pull an image", () => {
    const outputs = new Map([
      ["w1", "##phase pull a\n##refused r/a:1 not found\n"],
      ["w2", "##refused r/a:1 not found\n##refused r/b:1 \n"],
      ["w3", "##phase pull a\n"],
    ]);
    expect(imageBlockers(outputs).map(({ id, what }) => `${id} ${what}`)).toEqual([
      "image/r/a:1 cannot be pulled on w1, w2: not found",
      "image/r/b:1 cannot be pulled on w2",
    ]);
    const login = imageBlockers(
      new Map([["w1", "##refused r/a:1 pull access denied, may require authorization\n"]]),
    );
    expect(login).toMatchObject([{ isWarning: true }]);
  });
});

it("what the script said of the cluster is read back, and what it did not say is an error", () => {
  const names = ["nodes", "pods", "namespaces", "budgets", "validating", "mutating", "services", "slices"];
  const text = names.map((name) => `##fact ${name} {"items":[{"metadata":{"name":"${name}"}}]}`).join("\n");
  expect(readClusterLook(`${text}\n##api-server v1.35.8\n##metric a\n`)).toMatchObject({
    apiServers: ["1.35.8"],
    slices: [{ metadata: { name: "slices" } }],
    metrics: ["a"],
  });
  expect(() => readClusterLook(text.replace("pods", "poods"))).toThrow("nothing is said of pods");
});

describe("images of a new version", () => {
  const images = { repository: "registry.k8s.io", etcd: "3.6.8-0", kubeProxy: true };

  it("are those of the control plane, also of the versions between, with kubeadm's etcd of each, and kube-proxy's", () => {
    const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    const at = (version: string, etcd: string): string[] => [
      ...names.map((name) => `registry.k8s.io/${name}:v${version}`),
      `registry.k8s.io/etcd:${etcd}`,
    ];
    const proxy = "registry.k8s.io/kube-proxy:v1.36.4";
    expect(upgradeImages(images, "1.36.4", ["1.35.8"])).toEqual({
      controlPlane: [...at("1.35.8", "3.6.6-0"), ...at("1.36.4", "3.6.8-0"), proxy],
      worker: [proxy],
    });
    expect(upgradeImages({ ...images, kubeProxy: false }, "1.36.4", []).worker).toEqual([]);
  });

  it("have the etcd of the settings where they name one, and else that of the version", () => {
    expect(imagesOfVersion(images, "1.36.4", "1.37.1").etcd).toBe("3.7.0-0");
    expect(imagesOfVersion({ ...images, etcd: "3.6.9-0" }, "1.36.4", "1.37.1").etcd).toBe("3.6.9-0");
  });
});
