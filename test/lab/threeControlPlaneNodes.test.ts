/** Three control-plane nodes behind a balancer on every node, on hosts with two networks. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { expectTraffic, inPod, webPods } from "./traffic";

const NODES = ["cp1", "cp2", "cp3", "w1"];
const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

describeWithLab("three control-plane nodes with nodeLocal, two networks", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    // The default route is on the node network; nodes are told to use the other one.
    cluster = await LabCluster.create("three", shapeOf(3, 1), { host: { networks: ["node", "second"] } });
    const machines = Object.fromEntries(
      Object.entries(cluster.settings.machines).map(([name, machine]) => [
        name,
        { ...machine, nodeAddress: cluster.lab.host(name).secondAddress, nodeInterface: "eth1" },
      ]),
    );
    cluster.settings = { ...cluster.settings, machines };
    await cluster.engine("up");
  });

  afterAll(async () => {
    await cluster?.down();
  });

  it("all nodes are Ready on the chosen network", async () => {
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    // A node is Ready once the CNI's configuration is there; flanneld writes its annotation after that.
    await cluster.kubectl(
      "-n",
      "kube-flannel",
      "rollout",
      "status",
      "daemonset/kube-flannel-ds",
      "--timeout=180s",
    );
    const nodes = await cluster.kubectl("get", "nodes", "-o", "wide");
    saw(nodes);
    for (const name of NODES) {
      const address = cluster.lab.host(name).secondAddress;
      expect(
        await cluster.kubectl(
          "get",
          "node",
          name,
          "-o",
          "jsonpath={.status.addresses[?(@.type=='InternalIP')].address}",
        ),
      ).toBe(address);
      const flannel = await cluster.kubectl(
        "get",
        "node",
        name,
        "-o",
        "jsonpath={.metadata.annotations.flannel\\.alpha\\.coreos\\.com/public-ip}",
      );
      expect(flannel).toBe(address);
    }
  });

  it("etcd has three members", async () => {
    const members = await cluster.host("cp1", `${ETCDCTL} member list`);
    saw(members);
    expect(members.match(/, started, /g)).toHaveLength(3);
  });

  it("nodes reach the API through the balancer on themselves", async () => {
    const kubelet = await cluster.host(
      "w1",
      "grep server: /etc/kubernetes/kubelet.conf; ss -Hltn 'sport = :7443'",
    );
    saw(kubelet);
    expect(kubelet).toContain("https://api.lab.internal:7443");
    expect(kubelet).toContain("127.0.0.1:7443");
  });

  it("pod traffic goes over the chosen network alone", async () => {
    const sent = async (device: string): Promise<number> => {
      const [link] = JSON.parse(await cluster.host("w1", `ip -s -j link show dev ${device}`)) as {
        stats64: { tx: { packets: number } };
      }[];
      return link.stats64.tx.packets;
    };
    await expectTraffic(cluster, NODES);
    const before = [await sent("eth0"), await sent("eth1")];
    const pods = await webPods(cluster);
    const from = pods.find((pod) => pod.node === "w1");
    const to = pods.find((pod) => pod.node === "cp2");
    if (from === undefined || to === undefined) throw new Error("no pods on w1 and cp2");
    // 300 requests are thousands of packets: what else goes on is small beside them.
    await inPod(
      cluster,
      from,
      "sh",
      "-c",
      `for i in $(seq 300); do timeout 5 wget -q -O /dev/null http://${to.address}:8080/; done`,
    );
    const after = [await sent("eth0"), await sent("eth1")];
    const [other = 0, chosen = 0] = after.map((count, index) => count - (before[index] ?? 0));
    saw(`packets sent by w1: ${chosen} on eth1, ${other} on eth0`);
    expect(chosen).toBeGreaterThan(1_000);
    expect(other).toBeLessThan(300);
  });

  it("the API goes on when the first control-plane node is gone", async () => {
    await cluster.lab.stopHost("cp1", 0);
    const nodes = await eventually(
      "cp2 answers through w1's balancer",
      () => cluster.host("w1", "kubectl --kubeconfig /etc/kubernetes/kubelet.conf get node w1 -o name"),
      (answer) => answer.includes("node/w1"),
      60,
    );
    saw(nodes);
    await cluster.lab.startHost("cp1");
    await eventually(
      "cp1's etcd is back",
      () => cluster.host("cp1", `${ETCDCTL} endpoint health --cluster 2>&1`),
      (answer) => (answer.match(/is healthy/g) ?? []).length === 3,
      180,
    );
  });

  it("the first control-plane node is wiped and joins like the others", async () => {
    await cluster.lab.wipeHost("cp1");
    const machines = { ...cluster.settings.machines };
    machines["cp1"] = { ...machines["cp1"], revision: 2 };
    cluster.settings = { ...cluster.settings, machines };
    // The program reaches the API at its own address: cp1 is the one that is gone.
    cluster.settings = { ...cluster.settings, access: { host: cluster.lab.host("cp2").address } };
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    expect(changed.join("\n")).not.toContain("lab-control-plane-init");
    const members = await cluster.host("cp2", `${ETCDCTL} member list`);
    saw(members);
    expect(members.match(/, started, /g)).toHaveLength(3);
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
  });
});
