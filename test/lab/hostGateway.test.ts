/** flannel's host-gw backend: pod addresses on the wire, no tunnel. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { FORCE_VARIABLE } from "../../host/insist";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";
import { expectTraffic } from "./traffic";

describeWithLab("one control-plane node, two workers, host-gw", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await LabCluster.create("gw", shapeOf(1, 2, "host-gw"));
    await cluster.engine("up");
  });

  afterAll(async () => {
    await cluster?.down();
  });

  it("pods reach each other across nodes, a Service and a node port answer", async () => {
    await expectTraffic(cluster, ["cp1", "w1", "w2"]);
  });

  it("there is no tunnel: routes lead to the other nodes", async () => {
    const routes = await cluster.host("w1", "ip -4 route show; ip -o link show type vxlan");
    saw(routes);
    expect(routes).toMatch(/10\.244\.\d+\.0\/24 via 10\.40\.0\.1[13] dev eth0/);
    expect(routes).not.toContain("flannel.1");
  });

  it("a second preview is empty", async () => {
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("destroy is refused when every host is gone, and goes through by the word for all", async () => {
    await Promise.all(cluster.lab.hosts().map((host) => cluster.lab.stopHost(host.name, 0)));
    const refused = await cluster.attempt("destroy");
    expect(refused.ok).toBe(false);
    expect(refused.log).toContain("no control-plane node answers");
    const { log } = await cluster.engine("destroy", { env: { [FORCE_VARIABLE]: "all" } });
    saw([...new Set(log.match(/\w+: .*its host was not changed/g) ?? [])].join("\n"));
    expect(log).toMatch(/Resources:\s+- \d+ deleted/);
  });
});
