/** What the suites of upgrades over two minor versions share: the cluster, its clients meanwhile, and what has to hold. */
import { expect } from "vitest";
import { kubernetesVersion, olderKubernetesVersion, oldestKubernetesVersion } from "../support/toolchain";
import { eventually, LabCluster, saw } from "./cluster";
import { Disks } from "./disks";
import { olderVersions, type Settings, type Shape } from "./environment";
import { mirrorChecksums } from "./mirror";
import { Probe, type Probed } from "./probe";
import { Stages, type Stage } from "./stages";
import { STEADY_PORT, steadyObjects } from "./upgradeObjects";
import { Writes } from "./writes";

/** Known to API servers of the versions before the last: with it the last one does not start. */
const FORMER_GATE = "HonorPVReclaimPolicy=true";

export const CHAIN = [oldestKubernetesVersion, olderKubernetesVersion, kubernetesVersion];

/** What the cluster ran while its clients asked, and what they got. */
export interface ChainSeen {
  readonly seen: readonly Stage[];
  readonly service: Probed;
  readonly written: Awaited<ReturnType<Writes["end"]>>;
}

/** A cluster of the oldest version, whose disks are kept, and the settings of both ends. */
export class ChainCluster {
  private constructor(
    readonly cluster: LabCluster,
    readonly shape: Shape,
    readonly oldest: Settings,
    readonly newest: Settings,
  ) {}

  static async create(id: string, shape: Shape): Promise<ChainCluster> {
    const cluster = await LabCluster.create(id, shape, { oldest: true });
    try {
      const { kubeadm } = await mirrorChecksums("older");
      const newest: Settings = {
        ...cluster.settings,
        kubernetesVersion,
        drainTimeoutSeconds: 120,
        // The lab's kubeadm of the version between is built here.
        upgrades: { through: { [olderKubernetesVersion]: kubeadm } },
      };
      const { apiServer } = newest;
      const oldest = {
        ...newest,
        ...(await olderVersions("oldest")),
        upgrades: {},
        apiServer: { ...apiServer, extraArgs: { ...apiServer?.extraArgs, "feature-gates": FORMER_GATE } },
      };
      const chain = new ChainCluster(cluster, shape, oldest, newest);
      cluster.settings = oldest;
      await cluster.engine("up");
      await chain.serves();
      await cluster.apply(...steadyObjects());
      await cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=180s");
      await new Disks(cluster.lab, chain.nodes).keep();
      await chain.serves();
      return chain;
    } catch (error) {
      await cluster.down();
      throw error;
    }
  }

  get nodes(): readonly string[] {
    return [...this.shape.controlPlaneNodes, ...this.shape.workers];
  }

  /** All hosts are as they were when the cluster was made. */
  async again(): Promise<void> {
    await new Disks(this.cluster.lab, this.nodes).bringBack();
    await this.serves();
  }

  async serves(): Promise<void> {
    const rolledOut = ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s"];
    for (const words of [["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"], rolledOut])
      await eventually(
        words.join(" "),
        () => this.cluster.kubectl(...words),
        () => true,
        420,
      );
  }

  /** What asks the cluster while it is upgraded. */
  async clients(name: string): Promise<() => Promise<ChainSeen>> {
    const { cluster, shape } = this;
    const { address } = cluster.lab.host("cp1");
    const curl = ["curl", "--silent", "--fail", "--output", "/dev/null", "--max-time", "2"];
    const url = `http://${address}:${STEADY_PORT}/`;
    await eventually(
      "the Service, on all nodes' rules",
      async () => {
        await cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=60s");
        for (let asked = 0; asked < 10; asked += 1) await cluster.lab.run([...curl, url]);
      },
      () => true,
      300,
    );
    const plane = shape.controlPlaneNodes;
    const stages = Stages.start(cluster, `${name}s`, plane);
    const service = Probe.start(cluster.lab, `${name}service`, url);
    const apis = plane.map((node) =>
      Probe.start(cluster.lab, `${name}${node}`, `https://${cluster.lab.host(node).address}:6443/readyz`),
    );
    const writes = await Writes.start(cluster, `${name}write`, plane);
    return async () => {
      const [seen, asked, written, answered] = await Promise.all([
        stages.end(),
        service.end(),
        writes.end(),
        Promise.all(apis.map((api) => api.end())),
      ]);
      saw(
        [
          ...seen.map(
            ({ at, apiServers, kubelets }) =>
              `${at} s: API servers ${JSON.stringify(apiServers)}, kubelets ${JSON.stringify(kubelets)}`,
          ),
          `Service: ${JSON.stringify(asked)}`,
          ...plane.map((node, index) => `API of ${node}: ${JSON.stringify(answered[index])}`),
          `writes: ${written.tried}, acknowledged ${written.acknowledged.length}, lost ${written.lost.length}`,
        ].join("\n"),
      );
      return { seen, service: asked, written };
    };
  }

  /**
   * Each API server had each version once, in their order, and none was two minor versions ahead of another; no kubelet was newer than the
   * API servers that it may ask, which on a control-plane node is its own.
   */
  expectInOrder(seen: readonly Stage[]): void {
    const plane = this.shape.controlPlaneNodes;
    for (const node of plane) {
      const had = seen.flatMap(({ apiServers }) => apiServers[node] ?? []);
      expect(
        had.filter((one, index) => one !== had[index - 1]),
        node,
      ).toEqual(CHAIN);
    }
    for (const { at, apiServers, kubelets } of seen) {
      const places = Object.values(apiServers).map((one) => CHAIN.indexOf(one));
      expect(Math.max(...places) - Math.min(...places), `API servers at ${at} s`).toBeLessThanOrEqual(1);
      for (const [node, kubelet] of Object.entries(kubelets)) {
        expect([oldestKubernetesVersion, kubernetesVersion], `${node} at ${at} s`).toContain(kubelet);
        const own = plane.includes(node) ? [CHAIN.indexOf(apiServers[node] ?? kubelet)] : places;
        expect(CHAIN.indexOf(kubelet), `${node} at ${at} s`).toBeLessThanOrEqual(Math.min(...own));
      }
    }
  }

  async expectNewest(): Promise<void> {
    const { cluster, nodes, shape } = this;
    const kubelets = ["get", "nodes", "-o", "jsonpath={.items[*].status.nodeInfo.kubeletVersion}"];
    expect(await cluster.kubectl(...kubelets)).toBe(nodes.map(() => `v${kubernetesVersion}`).join(" "));
    const images = await cluster.kubectl(
      ...["-n", "kube-system", "get", "pods", "-l", "tier=control-plane"],
      ...["-o", "jsonpath={.items[*].spec.containers[0].image}"],
    );
    const proxy = ["-n", "kube-system", "get", "daemonset", "kube-proxy"];
    const image = await cluster.kubectl(...proxy, "-o", "jsonpath={.spec.template.spec.containers[0].image}");
    saw(`${images}\n${image}`);
    const tags = images
      .split(" ")
      .map((one) => one.slice(one.lastIndexOf("/") + 1))
      .sort();
    const parts = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    const wanted = ["etcd:3.6.8-0", ...parts.map((part) => `${part}:v${kubernetesVersion}`)];
    expect(tags).toEqual(wanted.flatMap((one) => shape.controlPlaneNodes.map(() => one)));
    expect(image).toContain(`:v${kubernetesVersion}`);
    const config = ["-n", "kube-system", "get", "configmap", "kubeadm-config"];
    const document = await cluster.kubectl(...config, "-o", "jsonpath={.data.ClusterConfiguration}");
    expect(document).toContain(`kubernetesVersion: v${kubernetesVersion}`);
    expect(document).not.toContain(FORMER_GATE);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }
}

/** Keeps what hosts say that they do. */
export const listener = (said: string[]): { onLine: (line: string) => void } => ({
  onLine: (line) => {
    const text = /\b((?:cp|w)\d: .*|the control plane goes through .*)/.exec(line)?.[1]?.trim();
    if (text !== undefined) said.push(text);
  },
});
