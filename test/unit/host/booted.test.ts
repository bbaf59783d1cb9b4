/** What a step waits for on a machine that the same program makes. */
import { afterEach, describe, expect, it } from "vitest";
import { Hosts } from "../../../host/runner";
import { waitUntilBooted } from "../../../host/steps/booted";
import { answer, Machine, SshHost, type Exec } from "./sshHost";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

/** @returns what was said while the machine was waited for */
async function wait(exec: Exec, user = "root"): Promise<{ told: string[]; commands: readonly string[] }> {
  const server = await SshHost.start({ exec });
  cleanUp.push(() => server.stop());
  const told: string[] = [];
  const hosts = new Hosts(
    { connections: { w1: server.connection({ user }) }, files: [] },
    20_000,
    (line) => void told.push(line),
  );
  cleanUp.push(() => hosts.close());
  await waitUntilBooted({ hosts, say: (line) => void told.push(line) }, "w1");
  return { told, commands: server.commands };
}

/** A host with cloud-init, which ends with this status. */
function withCloudInit(status: number): Machine {
  const host = new Machine();
  cleanUp.push(() => host.remove());
  host.program(
    "cloud-init",
    `echo "$*" >> "$ROOT/asked"\ncase "$*" in "status --wait") exit ${status} ;; esac\nprintf 'status: error\\nruncmd failed\\n'`,
  );
  return host;
}

describe("cloud-init", () => {
  it("is waited for", async () => {
    const host = withCloudInit(0);
    expect((await wait(host.exec())).told).toEqual([]);
    expect(host.read("asked")).toBe("status --wait\n");
  });

  it("is told where it ended with an error, and setup goes on", async () => {
    const { told } = await wait(withCloudInit(1).exec());
    expect(told).toEqual(["w1: cloud-init ended with an error: status: error runcmd failed "]);
  });

  it("that does not end is a problem with the log to look at", async () => {
    const host = withCloudInit(0);
    host.program("timeout", `[ "$1" = 600 ] && exit 124`);
    await expect(wait(host.exec())).rejects.toThrow(
      /cloud-init still runs after 600 s; .*cloud-init-output\.log/,
    );
  });

  it("is not asked for where there is none", async () => {
    const host = new Machine();
    cleanUp.push(() => host.remove());
    host.program("timeout", `echo waited > "$ROOT/asked"`);
    await wait(host.exec());
    expect(host.read("asked")).toBe("");
  });
});

it("sudo is waited for, which cloud-init gives the user", async () => {
  let asked = 0;
  const { commands } = await wait((_, channel) => {
    asked += 1;
    if (asked === 1) answer(channel, 1, "", "sudo: a password is required\n");
    else answer(channel, 0);
  }, "ubuntu");
  expect(commands).toHaveLength(2);
});
