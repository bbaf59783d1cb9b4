/** Hosts whose addresses and host keys are outputs of another provider's servers, from the first preview to Ready nodes. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";

/** A cloud's image configures itself while SSH answers already. */
const CLOUD_INIT = `cat > /usr/local/bin/cloud-init <<'END'
#!/bin/sh
[ "$*" = "status --wait" ] || exit 0
sleep 3
echo "$*" >> /run/cloud-init-asked
END
chmod 755 /usr/local/bin/cloud-init`;

describeWithLab("machines that are made in the same program", () => {
  let cluster: LabCluster;
  beforeAll(async () => {
    cluster = await LabCluster.create("any", shapeOf(1, 1));
    await cluster.host("w1", CLOUD_INIT);
  });
  afterAll(async () => {
    await cluster?.down();
  });

  it("are in the first preview, which knows no address", async () => {
    const { changed } = await cluster.engine("preview", { servers: true });
    saw(`${changed.length} resources`);
    for (const name of ["w1", "lab-preflight", "lab-control-plane-init", "lab-pool-general-w1-node"])
      expect(changed.join("\n")).toContain(`create ${name}`);
  });

  it("become Ready nodes, after their cloud-init has ended", async () => {
    await cluster.engine("up", { servers: true });
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    saw(await cluster.kubectl("get", "nodes", "-o", "wide"));
    expect(await cluster.host("w1", "cat /run/cloud-init-asked")).toBe("status --wait\n");
    const { address } = cluster.lab.host("w1");
    const jsonPath = "jsonpath={.status.addresses[?(@.type=='InternalIP')].address}";
    expect(await cluster.kubectl("get", "node", "w1", "-o", jsonPath)).toBe(address);
  });

  it("are left alone by a second preview", async () => {
    expect((await cluster.engine("preview", { servers: true })).changed).toEqual([]);
  });

  it("are the same nodes to a program that writes their addresses down", async () => {
    const { changed } = await cluster.engine("preview");
    saw(changed.join("\n"));
    expect(changed.filter((line) => !/^(delete (cp1|w1|default)|update lab-preflight)\b/.test(line))).toEqual(
      [],
    );
  });
});
