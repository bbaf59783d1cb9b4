import { all, set } from "./edit";
import { type Row, type Wrong, cases } from "./wrong";

type DocumentRow = readonly [key: string, value: unknown, text: RegExp];

const kubelet = (...rows: DocumentRow[]): Row[] =>
  rows.map(([key, value, text]) => [
    `kubelet ${key} ${JSON.stringify(value)}`,
    set("kubelet.config", { [key]: value }),
    `kubelet.config.${key}`,
    text,
  ]);

/** The problem is of a key within. */
const within = (key: string, value: object, inner: string, text: RegExp): Row => [
  `kubelet ${key} ${JSON.stringify(value)}`,
  set("kubelet.config", { [key]: value }),
  inner.startsWith("[") ? `kubelet.config.${key}${inner}` : `kubelet.config.${key}.${inner}`,
  text,
];

const proxy = (key: string, value: unknown, path: string, text: RegExp): Row => [
  `kube-proxy ${key} ${JSON.stringify(value)}`,
  set("kubeProxy.config", { [key]: value }),
  `kubeProxy.config.${path}`,
  text,
];

const POLICY = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
const policy = (over: object, path: string, text: RegExp): Row => [
  `audit policy ${JSON.stringify(over)}`,
  set("audit.policy", { ...POLICY, ...over }),
  `audit.policy.${path}`,
  text,
];

export const WRONG_DOCUMENTS: readonly Wrong[] = [
  ...cases("documents: KubeletConfiguration", [
    ...kubelet(
      ["evictionhard", {}, /KubeletConfiguration does not have it.*evictionHard/],
      ["image-gc-high-threshold-percent", 70, /does not have it.*imageGCHighThresholdPercent/],
      ["node-ip", "10.40.0.11", /instead: machines\.<name>\.nodeAddress/],
      ["defaultPodSysctls", { "net.core.somaxconn": "1" }, /has it since Kubernetes 1\.37/],
      ["podPidsLimit", "4096", /is text.*a whole number, without quotes/],
      ["seccompDefault", "true", /is text.*without quotes/],
      ["syncFrequency", 60, /is a number.*60s/],
      ["shutdownGracePeriod", "a minute", /is not a duration/],
      ["cpuManagerPolicy", "Static", /is not allowed.*none, static static/],
      ["topologyManagerPolicy", "best_effort", /is not allowed.*best-effort/],
      ["containerLogMaxFiles", 1, /is too small.*2 or more/],
      ["imageGCHighThresholdPercent", 70, /as large as imageGCHighThresholdPercent.*80 and 70/],
      ["serializeImagePulls", true, /maxParallelImagePulls 5/],
      ["memoryManagerPolicy", "Static", /needs reservedMemory/],
      ["cgroupsPerQOS", false, /enforceNodeAllocatable: \[none\]/],
      ["enforceNodeAllocatable", ["pods", "system-reserved"], /systemReservedCgroup as well/],
      ["shutdownGracePeriod", "10s", /shorter than shutdownGracePeriodCriticalPods/],
      ["port", 10260, /cannot change.*10250/],
      ["healthzPort", 0, /cannot change.*10248/],
      ["tlsCertFile", "/etc/ssl/a.crt", /signs serving certificates/],
      ["tlsCipherSuites", ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], /ECDSA certificates/],
      ["registerNode", false, /joins by registering/],
      ["evictionSoftGracePeriod", null, /memory\.available without a grace period/],
    ),
    within("evictionHard", { "memory.avail": "1Gi" }, '["memory.avail"]', /unknown key.*memory\.available/),
    within("evictionHard", { "memory.available": "1 Gi" }, '["memory.available"]', /100Mi or 10%/),
    within("evictionHard", { "memory.available": 100 }, '["memory.available"]', /is a number.*"100"/),
    within("kubeReserved", { memory: "300MB" }, "memory", /quantity/),
    within("memorySwap", { swapBehavior: "UnlimitedSwap" }, "swapBehavior", /LimitedSwap/),
    within("memorySwap", { swapBehaviour: "NoSwap" }, "swapBehaviour", /does not have.*swapBehavior/),
    within("logging", { format: "yaml" }, "format", /text, json/),
    within("featureGates", { ImageVolum: true }, "ImageVolum", /not a feature gate.*ImageVolume/),
    within("featureGates", { NodeSwap: false }, "NodeSwap", /locks on/),
    within("cpuManagerPolicyOptions", { "full-pcpu-only": "true" }, "full-pcpu-only", /full-pcpus-only/),
  ]),
  ...cases("documents: KubeProxyConfiguration", [
    proxy("conntrak", {}, "conntrak", /does not have.*conntrack/),
    proxy("conntrack", { maxPerCore: "0" }, "conntrack.maxPerCore", /is text/),
    proxy("conntrack", { tcpEstablishedTimeout: "1 day" }, "conntrack.tcpEstablishedTimeout", /duration/),
    proxy("detectLocalMode", "clusterCIDR", "detectLocalMode", /ClusterCIDR/),
    proxy("iptables", { masqueradeAll: true }, "iptables", /is ignored: kubeProxy\.mode is nftables/),
    proxy("ipvs", { strictARP: true }, "ipvs", /ignores it/),
    proxy("bindAddress", "10.40.0.11", "bindAddress", /one host/),
    proxy("metricsBindAddress", "0.0.0.0", "metricsBindAddress", /with a port/),
    proxy("nodePortAddresses", ["10.40.0.11"], "nodePortAddresses[0]", /not a range/),
  ]),
  ...cases("documents: audit policy", [
    policy({ rules: [{ level: "Metdata" }] }, "rules[0].level", /is not allowed.*Metadata/),
    policy({ rules: [{ users: ["a"] }] }, "rules[0].level", /is missing/),
    policy({ rules: [] }, "rules", /has no rule/),
    policy({ omitStages: ["RequestRecieved"] }, "omitStages[0]", /RequestReceived/),
    policy({ apiVersion: "audit.k8s.io/v1beta1" }, "apiVersion", /is not supported.*audit\.k8s\.io\/v1/),
    policy({ kind: "AuditPolicy" }, "kind", /Policy/),
    policy({ rule: [] }, "rule", /does not have.*rules/),
    policy(
      { rules: [{ level: "None", resources: [{ group: "apps/v1" }] }] },
      "rules[0].resources[0].group",
      /not an API group.*apps$/,
    ),
    policy(
      { rules: [{ level: "None", resources: [{ resourceNames: ["a"] }] }] },
      "rules[0].resources[0].resourceNames",
      /needs resources/,
    ),
    policy({ rules: [{ level: "None", resources: ["secrets"] }] }, "rules[0].resources[0]", /is text.*group/),
    policy(
      { rules: [{ level: "None", nonResourceURLs: ["healthz*"] }] },
      "rules[0].nonResourceURLs[0]",
      /begins with/,
    ),
    policy(
      { rules: [{ level: "None", nonResourceURLs: ["/a"], namespaces: ["x"] }] },
      "rules[0].nonResourceURLs",
      /in one rule/,
    ),
    [
      "audit policy without kind and apiVersion",
      all(set("audit.policy", { apiVersion: "audit.k8s.io/v1", rules: [{ level: "Metadata" }] })),
      "audit.policy.kind",
      /is missing.*Policy/,
    ],
  ]),
];
