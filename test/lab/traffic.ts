import { expect } from "vitest";
import { saw, type LabCluster } from "./cluster";
import { podsOf, webDaemonSet, webService, type Pod } from "./objects";

/** Node port of the web server that `deployWeb` puts on every node. */
const NODE_PORT = 30080;

const INTERNAL_ADDRESS = "jsonpath={.status.addresses[?(@.type=='InternalIP')].address}";

export async function webPods(cluster: LabCluster): Promise<Pod[]> {
  return podsOf(await cluster.kubectl("get", "pods", "-l", "app=web", "-o", "json"));
}

export function inPod(cluster: LabCluster, pod: Pod, ...command: string[]): Promise<string> {
  return cluster.kubectl("exec", pod.name, "--", ...command);
}

/** A web server on every node that names its pod, with a Service and a node port. */
async function deployWeb(cluster: LabCluster): Promise<Pod[]> {
  await cluster.apply(webDaemonSet("web"), webService("web", NODE_PORT));
  await cluster.kubectl("rollout", "status", "daemonset/web", "--timeout=180s");
  return webPods(cluster);
}

/** Every pod reaches every other, the Service by its name, and the node port answers on every node. */
export async function expectTraffic(cluster: LabCluster, nodes: readonly string[]): Promise<void> {
  const pods = await deployWeb(cluster);
  expect(new Set(pods.map((pod) => pod.node))).toEqual(new Set(nodes));
  const fetch = async (from: Pod, url: string): Promise<string> =>
    // Debian's busybox crashes on wget -T.
    (await inPod(cluster, from, "timeout", "5", "wget", "-q", "-O", "-", url)).trim();
  for (const from of pods)
    for (const to of pods) {
      const answer = await fetch(from, `http://${to.address}:8080/`);
      saw(`${from.node} -> pod on ${to.node} (${to.address}): ${answer}`);
      expect(answer).toBe(to.name);
    }
  const names = pods.map((pod) => pod.name);
  for (const from of pods) {
    const answer = await fetch(from, "http://web.default.svc.cluster.local/");
    saw(`${from.node} -> Service: ${answer}`);
    expect(names).toContain(answer);
  }
  for (const name of nodes) {
    // In nftables mode kube-proxy listens on the node's own address alone (KubeProxyConfiguration, nodePortAddresses).
    const address = await cluster.kubectl("get", "node", name, "-o", INTERNAL_ADDRESS);
    const url = `http://${address}:${NODE_PORT}/`;
    const answer = (await cluster.lab.run(["curl", "-sS", "--max-time", "5", url])).stdout.trim();
    saw(`node port on ${name}: ${answer}`);
    expect(names).toContain(answer);
  }
}
