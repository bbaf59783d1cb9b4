/** A pool that the program creates as a component, on hosts with a firewall each: it joins, shrinks and goes. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf, type Settings } from "./environment";

describeWithLab("one control-plane node, and a pool of two workers as a component", () => {
  let cluster: LabCluster;
  const pools = ["general"];

  beforeAll(async () => {
    cluster = await LabCluster.create("pools", shapeOf(1, 2));
    const access = { ssh: ["10.40.0.0/24"], api: ["10.40.0.0/24"] };
    cluster.settings = { ...cluster.settings, firewall: "nftables", access };
  });
  afterAll(async () => {
    await cluster?.down();
  });

  const nodes = async (): Promise<string[]> =>
    (await cluster.kubectl("get", "nodes", "-o", "name")).trim().split("\n");
  const without = (...names: readonly string[]): Settings => ({
    ...cluster.settings,
    machines: Object.fromEntries(
      Object.entries(cluster.settings.machines).filter(([name]) => !names.includes(name)),
    ),
  });

  it("joins through the firewall of the control-plane node", async () => {
    const { changed } = await cluster.engine("up", { pools });
    expect(changed.join("\n")).toContain("create general-w1-node");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    saw(await cluster.kubectl("get", "nodes", "-o", "wide"));
    expect(await nodes()).toEqual(["node/cp1", "node/w1", "node/w2"]);
    const role = "jsonpath={.items[*].metadata.name}";
    const selector = "node-role.kubernetes.io/general";
    expect(await cluster.kubectl("get", "nodes", "--selector", selector, "-o", role)).toBe("w1 w2");
  });

  it("is left alone by a second preview", async () => {
    expect((await cluster.engine("preview", { pools })).changed).toEqual([]);
  });

  it("loses a machine: its node is drained and leaves, and its host is bare", async () => {
    cluster.settings = without("w2");
    const { changed } = await cluster.engine("up", { pools });
    saw(changed.join("\n"));
    expect(await nodes()).toEqual(["node/cp1", "node/w1"]);
    expect(await cluster.host("w2", "ls /etc/kubernetes/kubelet.conf 2>&1 || true")).toContain(
      "No such file",
    );
  });

  it("goes as a whole when the program has it no longer", async () => {
    cluster.settings = without("w1");
    await cluster.engine("up");
    expect(await nodes()).toEqual(["node/cp1"]);
    expect(await cluster.host("w1", "ls /etc/kubernetes/kubelet.conf 2>&1 || true")).toContain(
      "No such file",
    );
  });
});
