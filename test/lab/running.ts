import type { LabCluster } from "./cluster";

/** What a control-plane node runs with: files, links, its record, ConfigMaps, and what answers. */
export async function runningOf(cluster: LabCluster, node: string): Promise<Record<string, string>> {
  const own = (line: string): Promise<string> => cluster.host(node, line);
  const get = (kind: string, name: string, path: string): Promise<string> =>
    cluster.kubectl("--namespace", "kube-system", "get", kind, name, "-o", `jsonpath={${path}}`);
  return {
    manifests: await own("cat /etc/kubernetes/manifests/*"),
    binaries: await own("readlink /usr/local/bin/kubeadm /usr/local/bin/kubelet /usr/local/bin/kubectl"),
    kubelet: await own("cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env"),
    record: await own("cat /var/lib/pulumi-kubeadm/node.json"),
    kubeadmConfig: await get("configmap", "kubeadm-config", ".data"),
    kubeletConfig: await get("configmap", "kubelet-config", ".data"),
    server: await get("pod", `kube-apiserver-${node}`, ".spec.containers[0]['image','command']"),
    etcd: await get("pod", `etcd-${node}`, ".spec.containers[0]['image','command']"),
    proxy: await get("daemonset", "kube-proxy", ".spec.template.spec.containers[0].image"),
    node: await cluster.kubectl(
      "get",
      "node",
      node,
      "-o",
      "jsonpath={.status.nodeInfo.kubeletVersion} {.spec.unschedulable}",
    ),
  };
}
