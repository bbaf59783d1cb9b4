import { afterEach, describe, expect, it, vi } from "vitest";
import { connect } from "../../../host/connection";
import { HostProblem } from "../../../host/problem";
import type { Connection } from "../../../host/protocol";
import { newKey } from "../../support/sshKey";
import { HANGS_AFTER } from "../../support/patience";
import { answer, hostKeyLine, SshHost } from "./sshHost";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of cleanUp.splice(0).reverse()) await one();
});

const exec = (_command: string, channel: Parameters<typeof answer>[0]): void => answer(channel, 0, "here\n");
const own = newKey();

async function start(port = 0, key = own, accept = true): Promise<SshHost> {
  const server = await SshHost.start({ exec, key, accept }, port);
  cleanUp.push(() => server.stop());
  return server;
}

/** Dials as a step does right after an instance was made. */
async function dial(
  connection: Connection,
  patience: number,
  told: (reason: string) => void,
): Promise<string> {
  const session = await connect("cp-1", connection, { patience, booting: told });
  cleanUp.push(() => session.close());
  return (await session.run("hostname")).stdout;
}

describe("a host that still boots", () => {
  it("is dialled again when it shows another key, gets no log-on meanwhile, and is let in with its own", async () => {
    const early = await start(0, newKey());
    const { port } = early;
    const reasons: string[] = [];
    let booted: SshHost | undefined;
    const answered = await dial({ ...early.connection(), hostKey: hostKeyLine(own) }, 30_000, (reason) => {
      reasons.push(reason);
      void early.stop().then(async () => (booted = await start(port)));
    });
    expect(answered).toBe("here\n");
    expect(early.logOns).toBe(0);
    expect(early.commands).toEqual([]);
    expect(booted?.commands).toEqual(["hostname"]);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain("the host key does not match the settings");
  });

  it("is dialled again when it does not yet know the user's key", async () => {
    const early = await start(0, own, false);
    const { port } = early;
    const answered = await dial(early.connection(), 30_000, () => {
      void early.stop().then(() => start(port));
    });
    expect(answered).toBe("here\n");
    expect(early.commands).toEqual([]);
  });

  it("is given up at the deadline with the last reason, and was never let in", async () => {
    const wrong = await start(0, newKey());
    const reasons: string[] = [];
    // The deadline comes with the third dial, however long the first two take.
    const began = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => (wrong.dials < 3 ? began : began + 2_000));
    const error = await dial({ ...wrong.connection(), hostKey: hostKeyLine(own) }, 1_500, (reason) =>
      reasons.push(reason),
    ).then(
      () => undefined,
      (reason: unknown) => reason as HostProblem,
    );
    expect(error).toBeInstanceOf(HostProblem);
    expect(error?.report()).toContain("the host key does not match the settings");
    expect(wrong.dials).toBe(3);
    expect(wrong.logOns).toBe(0);
    // Said once, however often it was dialled.
    expect(reasons).toHaveLength(1);
  });

  it("is not dialled again with a private key that cannot be read", async () => {
    const server = await start();
    const reasons: string[] = [];
    await expect(
      dial({ ...server.connection(), privateKey: "none" }, HANGS_AFTER, (reason) => reasons.push(reason)),
    ).rejects.toThrow(/cannot read/);
    expect([server.dials, reasons]).toEqual([0, []]);
  });
});
