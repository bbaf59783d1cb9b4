/** Steps of Pulumi and nodes that are at their maintenance: what the host program asks, and does with the answer. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apartFromMaintenance } from "../../../host/maintenance";
import { Hosts } from "../../../host/runner";
import { lockProgram } from "../../../model/maintenance/files";
import { knownCluster } from "../../support/fromSettings";
import { controlPlaneNode, machine as worker, settingsOf } from "../../support/kubeadmSettings";
import { HANGS_AFTER } from "../../support/patience";
import { Machine, SshHost } from "../host/sshHost";

const settings = settingsOf({ machines: [controlPlaneNode("cp1", 11), worker("w1")] });
const own = settings.machines.find(({ name }) => name === "w1") ?? expect.fail();
let machine: Machine;
let server: SshHost;
let hosts: Hosts;
let said: string[];

beforeEach(async () => {
  machine = new Machine(["/etc/", "/var/lib/"]);
  server = await SshHost.start({ exec: machine.exec() });
  hosts = new Hosts({ connections: { cp1: server.connection() }, files: [] }, HANGS_AFTER, () => undefined);
  said = [];
});
afterEach(async () => {
  hosts.close();
  await server.stop();
  machine.remove();
});

function program(text: string): void {
  machine.write(lockProgram, `#!/bin/bash\necho "$*" >>"$ROOT/asked"\n${text}\n`, 0o755);
}

async function step(on = true): Promise<void> {
  const context = { hosts, spec: knownCluster(settings), say: (line: string) => said.push(line) };
  await apartFromMaintenance(context, own, on, () => Promise.resolve(said.push("works")), 10);
}

const asked = (): string[] =>
  machine
    .read("asked")
    .replace(/[0-9a-f]{16}/g, "STEP")
    .trim()
    .split("\n");

describe("a step that changes a living node", () => {
  it("waits for nodes that are at their maintenance, and says so once for each", async () => {
    program(
      'case $1 in enter) n=$(grep -c enter "$ROOT/asked"); [ "$n" -gt 3 ] || { echo "w$((n > 1 ? 3 : 2))"; exit 3; } ;; esac',
    );
    await step();
    expect(said).toEqual([
      "w1: waits until the maintenance of w2 ends",
      "w1: waits until the maintenance of w3 ends",
      "works",
    ]);
    expect(asked()).toEqual([...Array<string>(4).fill("enter STEP w1"), "leave STEP"]);
  });

  it("says that it ended where it fails too", async () => {
    program("exit 0");
    const context = { hosts, spec: knownCluster(settings), say: () => undefined };
    const failing = apartFromMaintenance(context, own, true, () => Promise.reject(new Error("it broke")));
    await expect(failing).rejects.toThrow("it broke");
    expect(asked()).toEqual(["enter STEP w1", "leave STEP"]);
  });

  it("continues where the API does not answer, since it may be what mends it, and says so", async () => {
    program("echo 'reading the Nodes: refused' >&2; exit 1");
    await step();
    expect(said).toEqual([
      "w1: continues without asking for maintenance: reading the Nodes: refused",
      "works",
    ]);
  });

  it("asks nobody where the program is not there yet, or the settings have no maintenance", async () => {
    await step();
    program("exit 3");
    await step(false);
    expect(said).toEqual(["works", "works"]);
    expect(machine.read("asked")).toBe("");
  });
});
