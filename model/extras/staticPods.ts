import type { KubernetesObject } from "../kubernetes";
import type { RenderedFile } from "../renderedFile";
import type { ClusterMachine } from "../machine";
import type { ExtraStaticPod } from "./settings";
import { toYaml } from "../yaml";

/** The folder the kubelet runs pods from, kubeadm's own among them. */
export const STATIC_PODS_DIR = "/etc/kubernetes/manifests";
/** Begins the names of our files there: none of kubeadm's does. */
export const STATIC_POD_PREFIX = `${STATIC_PODS_DIR}/pulumi-kubeadm-`;

/** kubeadm's static pods (cmd/kubeadm/app/constants). */
export const KUBEADM_PODS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;

/** The pods of the settings that this machine's kubelet runs. */
export function staticPodsOf(
  pods: readonly ExtraStaticPod[],
  machine: Pick<ClusterMachine, "role" | "pool">,
): ExtraStaticPod[] {
  return pods.filter((pod) =>
    machine.role === "controlPlane"
      ? pod.controlPlane
      : machine.role === "worker" && pod.pools.includes(machine.pool),
  );
}

/** Their files on the host. They are put there once the host is a node: kubeadm joins into an empty folder only. */
export function staticPodFiles(pods: readonly Pick<ExtraStaticPod, "name" | "pod">[]): RenderedFile[] {
  return pods.map(({ name, pod }) => ({
    path: `${STATIC_POD_PREFIX}${name}.yaml`,
    mode: "0600",
    content: toYaml(withNamespace(pod)),
  }));
}

/** Where ordinary pods of the cluster's own parts are: Pod Security lets them have what the host has. */
const NAMESPACE = "kube-system";

function withNamespace(pod: KubernetesObject): KubernetesObject {
  return { ...pod, metadata: { namespace: NAMESPACE, ...pod.metadata } };
}

interface Wrong {
  /** Inside the pod, as `spec.volumes[0].secret`. */
  readonly place: string;
  readonly message: string;
  readonly allowed: string;
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * What the kubelet refuses in a pod it runs by itself: it asks the API for nothing, so there is nothing to mount from it.
 * Source: Kubernetes documentation, "Create static Pods"; pkg/kubelet/config/common.go (tryDecodeSinglePod).
 */
export function staticPodProblems(pod: KubernetesObject): Wrong[] {
  if (pod.kind !== "Pod" || pod.apiVersion !== "v1") {
    return [
      {
        place: "kind",
        message: `is ${pod.apiVersion} ${pod.kind}: the kubelet runs Pods only`,
        allowed: "apiVersion: v1, kind: Pod",
      },
    ];
  }
  const spec = mapping(pod.spec);
  const containers = containersOf(spec);
  if (list(spec.containers).length === 0)
    return [{ place: "spec.containers", message: "is empty", allowed: "a container with name and image" }];
  const wrong: Wrong[] = [];
  if (spec.serviceAccountName !== undefined || spec.serviceAccount !== undefined) {
    wrong.push({
      place: "spec.serviceAccountName",
      message: "names a service account, which a static pod cannot have",
      allowed: "a Deployment or DaemonSet under manifests",
    });
  }
  for (const [key, what] of [
    ["imagePullSecrets", "Secrets"],
    ["resourceClaims", "ResourceClaims"],
    ["ephemeralContainers", "containers defined in the manifest"],
  ] as const) {
    if (list(spec[key]).length === 0) continue;
    wrong.push({
      place: `spec.${key}`,
      message: `names ${what}, which a static pod cannot have`,
      allowed:
        key === "imagePullSecrets" ? "an image that needs no pull secret, or containerd.dropIn" : `no ${key}`,
    });
  }
  const names = new Map<unknown, string>();
  for (const { place, container } of containers) {
    for (const key of ["name", "image"] as const) {
      if (typeof container[key] === "string" && container[key] !== "") continue;
      wrong.push({
        place: `${place}.${key}`,
        message: "is missing",
        allowed: "a container with name and image",
      });
    }
    const other = names.get(container.name);
    if (typeof container.name === "string" && other !== undefined)
      wrong.push({ place: `${place}.name`, message: `is also that of ${other}`, allowed: "each name once" });
    names.set(container.name, place);
  }
  list(spec.volumes).forEach((volume, index) => {
    for (const source of ["secret", "configMap", "persistentVolumeClaim", "ephemeral", "projected"]) {
      if (mapping(volume)[source] === undefined) continue;
      wrong.push({
        place: `spec.volumes[${index}].${source}`,
        message: `mounts a ${source}, which a static pod cannot read`,
        allowed: "hostPath or emptyDir",
      });
    }
  });
  for (const { place, container } of containers) {
    list(container.envFrom).forEach((_, index) =>
      wrong.push({
        place: `${place}.envFrom[${index}]`,
        message: "reads an API object, which a static pod cannot",
        allowed: "env with values, or a hostPath",
      }),
    );
    list(container.env).forEach((variable, index) => {
      const from = mapping(mapping(variable).valueFrom);
      const key = ["secretKeyRef", "configMapKeyRef"].find((one) => from[one] !== undefined);
      if (key === undefined) return;
      wrong.push({
        place: `${place}.env[${index}].valueFrom.${key}`,
        message: "reads an API object, which a static pod cannot",
        allowed: "a value, or a hostPath",
      });
    });
  }
  return wrong;
}

/** Ports of the host that a pod takes: all its containers' with the host's network, the host ports else. */
export function hostPortsOf(pod: KubernetesObject): { readonly protocol: string; readonly port: number }[] {
  const spec = mapping(pod.spec);
  return containersOf(spec).flatMap(({ container }) =>
    list(container.ports).flatMap((given) => {
      const { hostPort, containerPort, protocol } = mapping(given);
      const port = spec.hostNetwork === true ? (hostPort ?? containerPort) : hostPort;
      return typeof port === "number"
        ? [{ protocol: typeof protocol === "string" ? protocol : "TCP", port }]
        : [];
    }),
  );
}

function containersOf(spec: Mapping): { place: string; container: Mapping }[] {
  return (["initContainers", "containers"] as const).flatMap((key) =>
    list(spec[key]).map((container, index) => ({
      place: `spec.${key}[${index}]`,
      container: mapping(container),
    })),
  );
}

function mapping(value: unknown): Mapping {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Mapping) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
