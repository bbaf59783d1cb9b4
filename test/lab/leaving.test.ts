/** Machines that leave for real: one of three control-plane nodes is dead, and a worker goes behind a firewall while it is asked. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { machineInput, shapeOf, type Settings } from "./environment";

const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt " +
  "--cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";

type Machines = Settings["machines"];

let cluster: LabCluster;

function only(names: readonly string[], over: Machines = {}): void {
  const machines = Object.fromEntries(
    names.map((name) => [
      name,
      over[name] ??
        cluster.settings.machines[name] ??
        machineInput(cluster.lab, name, name.startsWith("w") ? "worker" : "controlPlane"),
    ]),
  );
  cluster.settings = { ...cluster.settings, machines };
}

async function expectWhole(through: string, members: readonly string[]): Promise<void> {
  const list = await cluster.host(through, `${ETCDCTL} member list`);
  const health = await cluster.host(through, `${ETCDCTL} endpoint health --cluster 2>&1`);
  saw(`${list}\n${health}`);
  const names = list
    .trim()
    .split("\n")
    .map((line) => line.split(", ")[2]);
  expect(names.sort()).toEqual([...members].sort());
  expect(health.match(/is healthy/g)).toHaveLength(members.length);
  expect(await cluster.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.word}")).toBe("kept");
}

describeWithLab("three control-plane nodes, one of them dead", () => {
  beforeAll(async () => {
    cluster = await LabCluster.create("leave", shapeOf(3, 0), { spare: ["cp4"] });
    cluster.settings = {
      ...cluster.settings,
      endpoint: { kind: "nodeLocal" },
      access: { host: cluster.lab.host("cp1").address },
    };
    await cluster.engine("up");
    await cluster.kubectl("create", "configmap", "kept", "--from-literal=word=kept");
    await cluster.lab.stopHost("cp2", 0);
  });
  afterAll(async () => {
    await cluster?.down();
  });

  it("another one's revision is raised: it stays, and nothing is lost", async () => {
    const cp3 = { ...cluster.settings.machines["cp3"], revision: 2 } as Machines[string];
    const before = cluster.settings;
    only(["cp1", "cp2", "cp3"], { cp3 });
    const { ok, log } = await cluster.attempt("up");
    saw(
      log
        .split("\n")
        .filter((line) => line.includes("unhealthy"))
        .join("\n"),
    );
    expect(ok).toBe(false);
    expect(log).toContain("cp2 is unhealthy");
    const health = await cluster.host("cp1", `${ETCDCTL} endpoint health --cluster 2>&1 || true`);
    expect(health.match(/is healthy/g)).toHaveLength(2);
    expect(await cluster.host("cp3", "ls /etc/kubernetes/kubelet.conf")).toContain("kubelet.conf");
    cluster.settings = before;
  });

  it("the dead one makes room for a new machine while another one is replaced", async () => {
    const cp3 = { ...cluster.settings.machines["cp3"], revision: 2 } as Machines[string];
    only(["cp1", "cp3", "cp4"], { cp3 });
    const { changed } = await cluster.engine("up");
    saw(changed.join("\n"));
    await expectWhole("cp1", ["cp1", "cp3", "cp4"]);
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    expect(await cluster.kubectl("get", "nodes", "-o", "name")).not.toContain("cp2");
  });

  it("another one dies and the settings shrink to one: the dead one leaves first", async () => {
    await cluster.lab.stopHost("cp3", 0);
    only(["cp1"]);
    const { log } = await cluster.engine("up");
    saw(
      log
        .split("\n")
        .filter((line) => /etcd member|its host is left/.test(line))
        .join("\n"),
    );
    await expectWhole("cp1", ["cp1"]);
    expect((await cluster.kubectl("get", "nodes", "-o", "name")).trim()).toBe("node/cp1");
  });
});
