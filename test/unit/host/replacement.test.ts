/** A raised revision, looked at before anything is changed. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { FORCE_VARIABLE } from "../../../host/insist";
import { controlPlaneNode, machine, settingsOf } from "../../support/kubeadmSettings";
import { PaperCluster } from "./paperCluster";

const cp = (index: number, revision = 1, removal: "safe" | "force" = "safe") =>
  controlPlaneNode(`cp${index}`, 10 + index, { revision, removal });
const three = [cp(1), cp(2), cp(3)];

let cluster: PaperCluster;
afterEach(async () => {
  vi.unstubAllEnvs();
  await cluster.close();
});

async function start(machines = [...three, machine("w1")]): Promise<void> {
  vi.stubEnv(FORCE_VARIABLE, "");
  cluster = await PaperCluster.start(settingsOf({ machines }));
}
const look = (...machines: ReturnType<typeof cp>[]) => cluster.look([...machines, machine("w1")]);

describe("preflight, where the revision of a control-plane node was raised", () => {
  it("lets it go when all others are well", async () => {
    await start();
    await look(cp(1), cp(2), cp(3, 2));
  });

  it("refuses it while another one is dead, before anything is changed", async () => {
    await start();
    await cluster.stop("cp2");
    await expect(look(cp(1), cp(2), cp(3, 2))).rejects.toThrow(
      /^cp3: machines\.cp3\.revision was raised from 1 to 2, but etcd member cp2 is unhealthy, so cp3 cannot leave\. Repair it first/,
    );
    expect([cluster.log(), cluster.members()]).toEqual([[], ["cp1", "cp2", "cp3"]]);
  });

  it("lets the dead one itself be replaced, and another one when the dead one leaves the settings", async () => {
    await start();
    await cluster.stop("cp2");
    await look(cp(1), cp(2, 2), cp(3));
    await expect(look(cp(1), cp(2, 2), cp(3, 2))).rejects.toThrow("etcd member cp2 is unhealthy");
    await look(cp(1), cp(2, 1, "force"), cp(3, 2));
  });

  it("leaves a dead one that the settings do not have any more to the removals", async () => {
    await start();
    await cluster.stop("cp2");
    await look(cp(1), cp(3, 2));
  });

  it("refuses it while one has left and not joined again", async () => {
    await start();
    cluster.put(
      "members",
      cluster
        .read("members")
        .split("\n")
        .filter((line) => !line.includes("cp2"))
        .join("\n"),
    );
    await expect(look(cp(1), cp(2), cp(3, 2))).rejects.toThrow("cp2 has left and not rejoined");
  });

  it("refuses it when etcd cannot be asked, unless somebody insists", async () => {
    await start();
    await cluster.stop("cp1", "cp2");
    await expect(look(cp(1), cp(2), cp(3, 2))).rejects.toThrow(
      /cp3: .*cannot ask etcd whether the node can leave/,
    );
    vi.stubEnv(FORCE_VARIABLE, "cp3");
    await look(cp(1), cp(2), cp(3, 2));
  });

  it("refuses the only one", async () => {
    await start([cp(1), machine("w1")]);
    await expect(look(cp(1, 2))).rejects.toThrow("it is the only control-plane node");
  });
});

describe("preflight, where a change was cut off", () => {
  it("says so, and how the former files come back", async () => {
    await start();
    cluster.host("cp2").write("var/lib/pulumi-kubeadm/undo/put-back", "");
    await look(...three);
    expect(cluster.said).toEqual([
      expect.stringMatching(/^cp2: a power cut or a reboot interrupted its last change.*undo\/at-boot boot$/),
    ]);
  });
});
