/**
 * A cluster goes over two minor versions in one `up`, under an application that is asked all the time and under writes: once undisturbed, and
 * once more from the same disks with kills between the versions and in the middle of the second. LAB_SEED is the moment of the last kill.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { kubernetesVersion, olderKubernetesVersion, oldestKubernetesVersion } from "../support/toolchain";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { Disks } from "./disks";
import { olderVersions, shapeOf, type Settings } from "./environment";
import { mirrorChecksums } from "./mirror";
import { killedUp, random, SEED } from "./moments";
import { Probe } from "./probe";
import { Stages, type Stage } from "./stages";
import { STEADY_PORT, steadyObjects } from "./upgradeObjects";
import { Writes } from "./writes";

/** Known to API servers of the versions before the last: with it the last one does not start. */
const FORMER_GATE = "HonorPVReclaimPolicy=true";

const CHAIN = [oldestKubernetesVersion, olderKubernetesVersion, kubernetesVersion];

describeWithLab(`${CHAIN.join(" to ")} in one run, seed ${SEED}`, () => {
  const shape = shapeOf(1, 2);
  const nodes = [...shape.controlPlaneNodes, ...shape.workers];
  let cluster: LabCluster;
  let oldest: Settings;
  let newest: Settings;

  beforeAll(async () => {
    cluster = await LabCluster.create("chain", shape, { oldest: true });
    const { kubeadm } = await mirrorChecksums("older");
    newest = {
      ...cluster.settings,
      kubernetesVersion,
      drainTimeoutSeconds: 120,
      // The lab's kubeadm of the version between is built here.
      upgrades: { through: { [olderKubernetesVersion]: kubeadm } },
    };
    const { apiServer } = newest;
    oldest = {
      ...newest,
      ...(await olderVersions("oldest")),
      upgrades: {},
      apiServer: { ...apiServer, extraArgs: { ...apiServer?.extraArgs, "feature-gates": FORMER_GATE } },
    };
    cluster.settings = oldest;
    await cluster.engine("up");
    await serves();
    await cluster.apply(...steadyObjects());
    await cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=180s");
    await new Disks(cluster.lab, nodes).keep();
    await serves();
  });

  afterAll(async () => {
    await cluster?.down();
  });

  async function serves(): Promise<void> {
    const rolledOut = ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s"];
    for (const words of [["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"], rolledOut])
      await eventually(
        words.join(" "),
        () => cluster.kubectl(...words),
        () => true,
        420,
      );
  }

  /** What asks the cluster while it is upgraded. */
  async function clients(name: string) {
    const { address } = cluster.lab.host("cp1");
    const url = `http://${address}:${STEADY_PORT}/`;
    await eventually(
      "the Service, on all nodes' rules",
      async () => {
        await cluster.kubectl("rollout", "status", "deployment/steady", "--timeout=60s");
        for (let asked = 0; asked < 10; asked += 1)
          await cluster.lab.run([
            "curl",
            "--silent",
            "--fail",
            "--output",
            "/dev/null",
            "--max-time",
            "2",
            url,
          ]);
      },
      () => true,
      300,
    );
    const stages = Stages.start(cluster, `${name}s`);
    const service = Probe.start(cluster.lab, `${name}service`, url);
    const api = Probe.start(cluster.lab, `${name}api`, `https://${address}:6443/readyz`);
    const writes = await Writes.start(cluster, `${name}write`, shape.controlPlaneNodes);
    return async () => {
      const [seen, service_, api_, written] = await Promise.all([
        stages.end(),
        service.end(),
        api.end(),
        writes.end(),
      ]);
      saw(
        [
          ...seen.map(
            ({ at, apiServer, kubelets }) => `${at} s: API server ${apiServer}, ${JSON.stringify(kubelets)}`,
          ),
          `Service: ${JSON.stringify(service_)}`,
          `API of cp1: ${JSON.stringify(api_)}`,
          `writes: ${written.tried}, acknowledged ${written.acknowledged.length}, lost ${written.lost.length}`,
        ].join("\n"),
      );
      return { seen, service: service_, written };
    };
  }

  const listener = (said: string[]) => ({
    onLine: (line: string): void => {
      const text = /\b((?:cp|w)\d: .*|the control plane goes through .*)/.exec(line)?.[1]?.trim();
      if (text !== undefined) said.push(text);
    },
  });

  /** Each version once, in their order; and no kubelet newer than the API server. */
  function expectInOrder(seen: readonly Stage[]): void {
    const servers = seen.map(({ apiServer }) => apiServer);
    expect(servers.filter((one, index) => one !== servers[index - 1])).toEqual(CHAIN);
    for (const { apiServer, kubelets } of seen)
      for (const [node, kubelet] of Object.entries(kubelets)) {
        expect([oldestKubernetesVersion, kubernetesVersion], node).toContain(kubelet);
        expect(CHAIN.indexOf(kubelet), node).toBeLessThanOrEqual(CHAIN.indexOf(apiServer));
      }
  }

  async function expectNewest(): Promise<void> {
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
    expect(tags).toEqual([
      "etcd:3.6.8-0",
      ...["apiserver", "controller-manager", "scheduler"].map((part) => `kube-${part}:v${kubernetesVersion}`),
    ]);
    expect(image).toContain(`:v${kubernetesVersion}`);
    const config = ["-n", "kube-system", "get", "configmap", "kubeadm-config"];
    const document = await cluster.kubectl(...config, "-o", "jsonpath={.data.ClusterConfiguration}");
    expect(document).toContain(`kubernetesVersion: v${kubernetesVersion}`);
    expect(document).not.toContain(FORMER_GATE);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }

  it("one up goes through the version between, with gates before and after, and no write is lost", async () => {
    const end = await clients("a");
    cluster.settings = newest;
    const said: string[] = [];
    const began = Date.now();
    const report = await cluster.attempt("up", listener(said));
    const seen = await end();
    saw(said.join("\n"));
    if (!report.ok) throw new Error(report.error);
    saw(`${((Date.now() - began) / 1000).toFixed(0)} s`);
    expectInOrder(seen.seen);
    const at = (text: string): number => said.findIndex((line) => line.startsWith(text));
    const order = [
      `cp1: control plane well`,
      `cp1: kubeadm upgrade apply ${olderKubernetesVersion}`,
      `cp1: control plane well with ${olderKubernetesVersion}`,
      `cp1: kubeadm upgrade apply ${kubernetesVersion}`,
      "cp1: drain w",
    ].map(at);
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(said.filter((line) => line.startsWith("cp1: a pod on cp1 gets an address"))).toHaveLength(2);
    expect(seen.written.acknowledged.length).toBeGreaterThan(0);
    expect(seen.written.lost).toEqual([]);
    expect(seen.service.longestSilence).toBeLessThan(5);
    await expectNewest();
  });

  it("killed at the gate after the first version, the cluster stays there, and goes on but not back", async () => {
    await new Disks(cluster.lab, nodes).bringBack();
    await serves();
    cluster.settings = newest;
    const phase = `control plane well with ${olderKubernetesVersion}`;
    const { job, ok } = await killedUp(cluster, { host: "cp1", phase, after: "0" });
    expect([job, ok]).toEqual(["a job was killed", false]);
    const version = async (): Promise<string> =>
      (
        await cluster.host(
          "cp1",
          "grep -o 'kube-apiserver:v.*' /etc/kubernetes/manifests/kube-apiserver.yaml",
        )
      ).trim();
    expect(await version()).toBe(`kube-apiserver:v${olderKubernetesVersion}`);
    cluster.settings = oldest;
    const back = await cluster.attempt("up");
    expect(back.ok).toBe(false);
    expect(back.log).toContain(
      `cp1: kubernetesVersion: an upgrade has brought the API server to ${olderKubernetesVersion}, and it cannot go back to ${oldestKubernetesVersion}`,
    );
    expect(await version()).toBe(`kube-apiserver:v${olderKubernetesVersion}`);
  });

  it("killed in the middle of the second version, the next up brings the cluster there, after the gate", async () => {
    const end = await clients("b");
    cluster.settings = newest;
    const after = (1 + random(SEED)() * 20).toFixed(2);
    const phase = `kubeadm upgrade apply ${kubernetesVersion}`;
    const first: string[] = [];
    const { job, ok } = await killedUp(cluster, { host: "cp1", phase, after }, listener(first));
    saw(`${first.join("\n")}\n${after} s into ${phase}: ${job}`);
    expect([job, ok]).toEqual(["a job was killed", false]);
    // The run before was killed at this gate: it is passed before anything else.
    const gate = first.findIndex((line) =>
      line.includes(`control plane well with ${olderKubernetesVersion}`),
    );
    const apply = first.findIndex((line) => line.includes(phase));
    expect(gate).toBeGreaterThanOrEqual(0);
    expect(apply).toBeGreaterThan(gate);
    const said: string[] = [];
    const report = await cluster.attempt("up", listener(said));
    const seen = await end();
    saw(said.join("\n"));
    if (!report.ok) throw new Error(report.error);
    expect(seen.written.lost).toEqual([]);
    expect(seen.service.longestSilence).toBeLessThan(5);
    await expectNewest();
  });
});
