/** A read-only look at the cluster's API. */
import { parse } from "yaml";
import { objectKey, type ClusterFacts, type NodeFact, type ObjectFact } from "../model/doctor/clusterFacts";
import type { ExpectedCluster, ExpectedObject } from "../model/doctor/expected";
import { holds } from "../model/upgrade/objects";
import type {
  AddressPool,
  CertificateRequest,
  ConfigMap,
  Event,
  List,
  Node,
  Pod,
  Service,
  Workload,
} from "./clusterObjects";

const SYSTEM = "/api/v1/namespaces/kube-system";

type Lister = <T>(path: string) => Promise<readonly T[]>;

/**
 * @param ask gets one object of the API by its path; undefined: there is no such object
 * @throws Error in the words of the API or of the network
 */
export async function lookAtCluster(
  ask: (path: string) => Promise<unknown>,
  expected: Pick<ExpectedCluster, "objects">,
): Promise<ClusterFacts> {
  const get = <T>(path: string): Promise<T | undefined> => ask(path) as Promise<T | undefined>;
  const list: Lister = async <T>(path: string) => (await get<List<T>>(path))?.items ?? [];
  // The first look tells whether the API answers at all.
  const nodes = await list<Node>("/api/v1/nodes");
  const [kubeadm, kubeProxy, dns, pods, pools, requests, objects] = await Promise.all([
    get<ConfigMap>(`${SYSTEM}/configmaps/kubeadm-config`),
    get<ConfigMap>(`${SYSTEM}/configmaps/kube-proxy`),
    get<Service>(`${SYSTEM}/services/kube-dns`),
    list<Pod>(`${SYSTEM}/pods?labelSelector=k8s-app%3Dkube-dns`),
    list<AddressPool>("/apis/metallb.io/v1beta1/ipaddresspools"),
    list<CertificateRequest>("/apis/certificates.k8s.io/v1/certificatesigningrequests"),
    Promise.all(
      expected.objects.map(async (object): Promise<[string, ObjectFact]> => [
        objectKey(object),
        objectFact(object, await get<ConfigMap & Workload>(pathOf(object))),
      ]),
    ),
  ]);
  return {
    ...(kubeadm === undefined ? {} : { kubeadm: kubeadmFacts(kubeadm) }),
    ...(kubeProxy === undefined ? {} : { kubeProxy: { clusterCidr: clusterCidr(kubeProxy) } }),
    nodes: nodes.map(nodeFact),
    objects: Object.fromEntries(objects),
    coreDns: await Promise.all(
      pods
        .filter((pod) => !holds(pod, "Ready"))
        .map(async (pod) => ({ pod: pod.metadata.name, why: await reasonOf(pod, list) })),
    ),
    pools: pools.map(({ metadata, spec }) => ({ name: metadata.name, addresses: spec?.addresses ?? [] })),
    dnsAddress: dns?.spec?.clusterIP ?? "",
    pendingRequests: requests
      .filter(({ status }) => (status?.conditions ?? []).length === 0)
      .map(({ metadata, spec }) => ({ name: metadata.name, by: spec.username ?? "" })),
  };
}

/** What somebody wrote into a ConfigMap may be no YAML; then none of it is there. */
function document(text: string | undefined): unknown {
  try {
    return parse(text ?? "");
  } catch {
    return undefined;
  }
}

function kubeadmFacts({ data }: ConfigMap): NonNullable<ClusterFacts["kubeadm"]> {
  const configuration = (document(data?.["ClusterConfiguration"]) ?? {}) as {
    readonly networking?: { readonly podSubnet?: string; readonly serviceSubnet?: string };
    readonly controlPlaneEndpoint?: string;
    readonly kubernetesVersion?: string;
  };
  return {
    podSubnet: configuration.networking?.podSubnet,
    serviceSubnet: configuration.networking?.serviceSubnet,
    endpoint: configuration.controlPlaneEndpoint,
    version: configuration.kubernetesVersion,
  };
}

function clusterCidr({ data }: ConfigMap): string {
  return ((document(data?.["config.conf"]) ?? {}) as { readonly clusterCIDR?: string }).clusterCIDR ?? "";
}

/** Conditions that are well where they are `False`. */
const PRESSURES = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

function nodeFact({ metadata, spec, status }: Node): NodeFact {
  const conditions = status.conditions ?? [];
  const ready = conditions.find(({ type }) => type === "Ready");
  return {
    name: metadata.name,
    podCidrs: spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]),
    addresses: (status.addresses ?? [])
      .filter(({ type }) => type === "InternalIP")
      .map(({ address }) => address),
    ready: ready?.status === "True",
    complaints: [
      ...(ready === undefined || ready.status === "True" ? [] : [ready.message ?? ready.reason ?? ""]),
      ...conditions
        .filter(({ type, status: value }) => PRESSURES.includes(type) && value === "True")
        .map(({ type, message }) => `${type}: ${message ?? ""}`),
    ],
    unschedulable: spec.unschedulable === true,
    labels: metadata.labels ?? {},
    taints: spec.taints ?? [],
    version: status.nodeInfo?.kubeletVersion ?? "",
  };
}

const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: "configmaps",
  Service: "services",
  Deployment: "deployments",
  DaemonSet: "daemonsets",
  StatefulSet: "statefulsets",
};

function pathOf({ apiVersion, kind, namespace, name }: ExpectedObject): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${group}/namespaces/${namespace}/${PLURALS[kind] ?? ""}/${name}`;
}

function objectFact({ kind }: ExpectedObject, found: (ConfigMap & Workload) | undefined): ObjectFact {
  if (found === undefined) return { there: false };
  const { spec, status } = found;
  switch (kind) {
    case "ConfigMap":
      return { there: true, data: found.data ?? {} };
    case "DaemonSet":
      return {
        there: true,
        pods: { wanted: status?.desiredNumberScheduled ?? 0, ready: status?.numberReady ?? 0 },
      };
    case "Deployment":
    case "StatefulSet":
      return { there: true, pods: { wanted: spec?.replicas ?? 1, ready: status?.readyReplicas ?? 0 } };
    default:
      return { there: true };
  }
}

/** The scheduler's reason, the container's, or the last warning: one line of it. */
async function reasonOf({ metadata, status }: Pod, list: Lister): Promise<string> {
  const unscheduled = status?.conditions?.find(
    ({ type, status: value }) => type === "PodScheduled" && value === "False",
  );
  const said = (status?.containerStatuses ?? [])
    .filter(({ ready }) => ready !== true)
    .flatMap(({ state, lastState }) => [state?.waiting, state?.terminated, lastState?.terminated])
    .flatMap((one) => (one === undefined || one.reason === "ContainerCreating" ? [] : [one]));
  const selector = encodeURIComponent(`involvedObject.name=${metadata.name},type=Warning`);
  const events = await list<Event>(`${SYSTEM}/events?fieldSelector=${selector}`);
  const reasons = [...(unscheduled === undefined ? [] : [unscheduled]), ...said, ...events.slice(-1)].map(
    ({ reason = "", message }) => (message === undefined ? reason : `${reason}: ${message}`),
  );
  return (reasons[0] ?? status?.phase ?? "it is not ready").trim().replace(/\s+/g, " ").slice(0, 300);
}
