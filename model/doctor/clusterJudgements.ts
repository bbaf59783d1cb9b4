import { parseAddress, parseRange, rangeOf, type Range } from "../network/addresses";
import { objectKey, type ClusterFacts, type NodeFact } from "./clusterFacts";
import type { ExpectedCluster } from "./expected";
import type { ClusterView, Verdict } from "./finding";

export function podRangeOfKubeadm({ expected, facts }: ClusterView): Verdict[] {
  const { podSubnet, serviceSubnet, endpoint, version } = facts.kubeadm ?? {};
  const { fixed } = expected;
  const cure =
    "kubectl -n kube-system edit configmap kubeadm-config: the next kubeadm upgrade would spread it";
  const rows: [string, string | undefined, string][] = [
    ["the pod range", podSubnet, fixed.podCidr],
    ["the Service range", serviceSubnet, fixed.serviceCidr],
    ["the endpoint", endpoint, fixed.endpoint],
    ["the version", version, `v${expected.kubernetesVersion}`],
  ];
  if (facts.kubeadm === undefined)
    return [
      {
        what: "ConfigMap kubeadm-config is missing: no node can join or be upgraded",
        cure: "on a control-plane node: kubeadm init phase upload-config kubeadm --config /etc/kubernetes/pulumi-kubeadm/kubeadm.yaml",
      },
    ];
  return rows
    .filter(([, found, wanted]) => found !== wanted)
    .map(([what, found, wanted]) => ({
      what: `kubeadm's ConfigMap has ${what} ${found ?? "not at all"}, and the settings have ${wanted}`,
      cure,
    }));
}

export function podRangeOfKubeProxy({ expected, facts }: ClusterView): Verdict[] {
  const { kubeProxy } = facts;
  const { podCidr } = expected.fixed;
  if (expected.fixed.kubeProxy === "cni") return [];
  if (kubeProxy === undefined)
    return [
      {
        what: "ConfigMap kube-proxy is missing: no kube-proxy starts",
        cure: "on a control-plane node: kubeadm init phase addon kube-proxy --config /etc/kubernetes/pulumi-kubeadm/kubeadm.yaml",
      },
    ];
  return kubeProxy.clusterCidr === podCidr
    ? []
    : [
        {
          what: `kube-proxy has the pod range ${kubeProxy.clusterCidr || "not at all"}, and the settings have ${podCidr}`,
          cure: "kubectl -n kube-system edit configmap kube-proxy, then rollout restart daemonset kube-proxy",
        },
      ];
}

/** flannel's, CoreDNS' and whatever else the stack made. */
export function configMaps({ expected, facts }: ClusterView): Verdict[] {
  return expected.objects.flatMap((object): Verdict[] => {
    const found = facts.objects[objectKey(object)];
    if (object.data === undefined || found?.there !== true) return [];
    const flannel = flannelRange(object.data, found.data ?? {});
    if (flannel !== undefined)
      return [
        {
          what: `flannel's ConfigMap has the pod range ${flannel}, and the settings have ${expected.fixed.podCidr}`,
          cure: "pulumi up --refresh puts it back; then kubectl -n kube-flannel rollout restart daemonset kube-flannel-ds",
        },
      ];
    return Object.entries(object.data)
      .filter(([key, value]) => found.data?.[key] !== value)
      .map(([key]) => ({
        what: `somebody changed ${key} of ${objectKey(object)}`,
        cure: "pulumi up --refresh puts it back",
      }));
  });
}

function flannelRange(
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): string | undefined {
  const range = (text: string | undefined): string | undefined => {
    try {
      return (JSON.parse(text ?? "{}") as { readonly Network?: string }).Network;
    } catch {
      return text === undefined ? undefined : "that cannot be read";
    }
  };
  const [own, other] = [range(wanted["net-conf.json"]), range(found["net-conf.json"])];
  return own === undefined || own === other ? undefined : (other ?? "not at all");
}

export function objects({ expected, facts }: ClusterView): Verdict[] {
  return expected.objects.flatMap((object): Verdict[] => {
    const found = facts.objects[objectKey(object)];
    if (found === undefined) return [];
    if (!found.there)
      return [{ what: `${objectKey(object)} is missing`, cure: "pulumi up --refresh creates it again" }];
    // CoreDNS has a judgement of its own, which says why.
    const { pods } = found;
    if (pods === undefined || pods.ready >= pods.wanted || object.name === "coredns") return [];
    return [
      {
        what: `${objectKey(object)} has ${pods.ready} of ${pods.wanted} pods ready`,
        cure: `kubectl -n ${object.namespace} get pods, then describe and logs of one that is not ready`,
      },
    ];
  });
}

export function coreDns({ expected, facts }: ClusterView): Verdict[] {
  const workload = expected.objects.find(({ kind, name }) => kind === "Deployment" && name === "coredns");
  const pods = workload && facts.objects[objectKey(workload)]?.pods;
  if (pods !== undefined && pods.ready >= pods.wanted && pods.wanted > 0) return [];
  if (workload === undefined || pods === undefined) return [];
  const [first] = facts.coreDns;
  const why = first === undefined ? "it has no pods" : `${first.pod}: ${first.why}`;
  return [
    {
      what: `CoreDNS has ${pods.ready} of ${pods.wanted} pods ready: ${why}`,
      cure:
        pods.wanted === 0
          ? "kubectl -n kube-system scale deployment coredns, or pulumi up --refresh"
          : cureOfCoreDns(first?.why ?? ""),
    },
  ];
}

function cureOfCoreDns(why: string): string {
  if (/loop/i.test(why)) return "set coredns.upstreamServers: the node's resolv.conf leads back to CoreDNS";
  if (/Unschedulable|Insufficient|untolerated/i.test(why))
    return "no node takes it: kubectl get nodes, taints and cordons";
  if (/network|cni|sandbox/i.test(why)) return "the CNI is not up on its node: kubectl get pods of the CNI";
  if (/image/i.test(why)) return "the image cannot be pulled: images.mirrors, images.repository";
  return "kubectl -n kube-system describe and logs of the pod";
}

export function dnsService({ expected, facts }: ClusterView): Verdict[] {
  return facts.dnsAddress === expected.dnsAddress
    ? []
    : [
        {
          what: `Service kube-dns has ${facts.dnsAddress === "" ? "no address" : facts.dnsAddress}, and kubelets tell pods ${expected.dnsAddress}`,
          cure: "kubectl -n kube-system delete service kube-dns, then pulumi up --refresh",
        },
      ];
}

export function nodeSlices({ expected, facts }: ClusterView): Verdict[] {
  const { podCidr, nodeCidrMaskSize, cni } = expected.fixed;
  const whole = rangeIn(podCidr);
  // Only with slices that kube-controller-manager hands out do Nodes have them.
  if (whole === undefined || cni !== "flannel") return [];
  return ours(expected, facts).flatMap(({ name, podCidrs }): Verdict[] => {
    const [slice] = podCidrs;
    const range = slice === undefined ? undefined : rangeIn(slice);
    const cure = `kubectl delete node ${name} and restart its kubelet: the controller gives it a slice of ${podCidr}`;
    if (range === undefined) return [{ what: `Node ${name} has no slice of the pod range`, cure }];
    if (range.first < whole.first || range.last > whole.last)
      return [
        { what: `Node ${name} has the slice ${slice ?? ""}, outside of the pod range ${podCidr}`, cure },
      ];
    return nodeCidrMaskSize === undefined || range.prefix === nodeCidrMaskSize
      ? []
      : [{ what: `Node ${name} has the slice ${slice ?? ""}, not a /${nodeCidrMaskSize}`, cure }];
  });
}

export function nodesReady({ expected, facts, hosts }: ClusterView): Verdict[] {
  // A node that is patched is cordoned; whether it stays so for too long, its host tells.
  const patched = expected.hosts
    .filter(({ name }) => hosts[name]?.maintenance?.underWay !== undefined)
    .map(({ nodeName }) => nodeName);
  return ours(expected, facts).flatMap(({ name, ready, complaints, unschedulable }): Verdict[] => [
    ...(ready && complaints.length === 0
      ? []
      : [
          {
            what: `Node ${name} ${ready ? "complains" : "is not Ready"}: ${complaints.join("; ") || "its kubelet does not report"}`,
            cure: `docs/how-to/debug-a-node.md; journalctl -u kubelet on ${name}`,
          },
        ]),
    ...(unschedulable && !patched.includes(name)
      ? [{ what: `Node ${name} is cordoned: no new pod starts there`, cure: `kubectl uncordon ${name}` }]
      : []),
  ]);
}

/** Of a Node that nobody declared, that is all there is to say. */
function ours(expected: ExpectedCluster, { nodes }: ClusterFacts): readonly NodeFact[] {
  if (expected.pools) return nodes;
  return nodes.filter(({ name }) => expected.hosts.some(({ nodeName }) => nodeName === name));
}

/** Nodes that nobody declared, and machines without one. Those of pools have names that nobody knows beforehand. */
export function nodesDeclared({ expected, facts }: ClusterView): Verdict[] {
  const declared = expected.hosts.filter(({ node }) => node !== undefined);
  const undeclared = expected.pools
    ? []
    : facts.nodes.filter(({ name }) => !declared.some(({ nodeName }) => nodeName === name));
  return [
    ...undeclared.map(({ name }) => ({
      what: `Node ${name} is in the cluster, and nobody declared it`,
      cure: `add it to machines, or kubectl drain ${name} and kubectl delete node ${name}`,
    })),
    ...declared
      .filter(({ nodeName }) => !facts.nodes.some(({ name }) => name === nodeName))
      .map(({ name, nodeName }) => ({
        what: `machine ${name} has no Node ${nodeName}`,
        cure: `systemctl restart kubelet on it: it registers again; else raise machines.${name}.revision`,
      })),
  ];
}

export function labelsAndTaints({ expected, facts }: ClusterView): Verdict[] {
  return expected.hosts.flatMap(({ nodeName, node }): Verdict[] => {
    const found = facts.nodes.find(({ name }) => name === nodeName);
    if (node === undefined || found === undefined) return [];
    return [
      ...Object.entries(node.labels)
        .filter(([key, value]) => found.labels[key] !== value)
        .map(([key, value]) => ({
          what: `Node ${nodeName} has the label ${key} ${found.labels[key] === undefined ? "not at all" : `= ${found.labels[key]}`}`,
          cure: `kubectl label --overwrite node ${nodeName} ${key}=${value}`,
        })),
      ...node.taints
        .filter(
          ({ key, effect, value = "" }) =>
            !found.taints.some(
              (one) => one.key === key && one.effect === effect && (one.value ?? "") === value,
            ),
        )
        .map(({ key, effect, value = "" }) => ({
          what: `Node ${nodeName} lacks the taint ${key}:${effect}`,
          cure: `kubectl taint node ${nodeName} ${key}=${value}:${effect}`,
        })),
    ];
  });
}

export function versions({ expected, facts }: ClusterView): Verdict[] {
  return expected.hosts.flatMap(({ nodeName, node }): Verdict[] => {
    const found = facts.nodes.find(({ name }) => name === nodeName);
    if (node === undefined || found === undefined || found.version === `v${node.version}`) return [];
    return [
      {
        what: `the kubelet of ${nodeName} is ${found.version}, not v${node.version}`,
        cure: "systemctl restart kubelet, if the link leads to the version; else pulumi up",
      },
    ];
  });
}

/** MetalLB's addresses must be nobody's. */
export function servicePools({ expected, facts }: ClusterView): Verdict[] {
  const taken: [string, Range | undefined][] = [
    ["the pod range", rangeIn(expected.fixed.podCidr)],
    ["the Service range", rangeIn(expected.fixed.serviceCidr)],
    ...expected.hosts.map(({ name, nodeAddress }): [string, Range | undefined] => [
      `the address of ${name}`,
      rangeIn(nodeAddress),
    ]),
  ];
  const all = facts.pools.flatMap(({ name, addresses }) =>
    addresses.map((text) => ({ name, text, range: rangeIn(text) })),
  );
  const cure =
    "change metallb.pools, and the pool in the cluster: kubectl -n metallb-system get ipaddresspools";
  return [
    ...all.flatMap(({ name, text, range }) =>
      taken
        .filter(([, other]) => range !== undefined && other !== undefined && meet(range, other))
        .map(([what, other]) => ({
          what: `MetalLB's pool ${name} (${text}) overlaps ${what} ${other?.text ?? ""}`,
          cure,
        })),
    ),
    ...all.flatMap((one, index) =>
      all
        .slice(index + 1)
        .filter(
          (other) => one.range !== undefined && other.range !== undefined && meet(one.range, other.range),
        )
        .map((other) => ({
          what: `MetalLB's pools ${one.name} (${one.text}) and ${other.name} (${other.text}) overlap`,
          cure,
        })),
    ),
  ];
}

function meet(one: Range, other: Range): boolean {
  return one.first <= other.last && other.first <= one.last;
}

export function certificateRequests({ facts }: ClusterView): Verdict[] {
  return facts.pendingRequests.map(({ name, by }) => ({
    what: `the certificate request ${name} of ${by} waits for an approval`,
    cure: "journalctl -u pulumi-kubeadm-serving-approver on the control-plane nodes says why it is not approved",
  }));
}

/** A CIDR, an address, or `first-last`. */
function rangeIn(text: string): Range | undefined {
  const [from = "", to] = text.split("-");
  const [first, last] = [parseAddress(from.trim()), to === undefined ? undefined : parseAddress(to.trim())];
  if (first !== undefined && last !== undefined) return { text, first, last, prefix: 32 };
  if (first !== undefined) return rangeOf(first, 32);
  const parsed = parseRange(text);
  return "problem" in parsed ? undefined : parsed;
}
