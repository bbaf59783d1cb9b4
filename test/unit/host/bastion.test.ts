import * as net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { atOnce } from "../../../host/atOnce";
import { connect, SessionDroppedError, type Session } from "../../../host/connection";
import { BastionError, HostKeyError } from "../../../host/problem";
import type { Connection } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { HANGS_AFTER } from "../../support/patience";
import { answer, meant, otherHostKey, SshHost, userKey, type Exec } from "./sshHost";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

async function host(...args: Parameters<typeof SshHost.start>): Promise<SshHost> {
  const started = await SshHost.start(...args);
  cleanUp.push(() => started.stop());
  return started;
}

/** Something that is not SSH. */
async function tcp(serve: (socket: net.Socket) => void): Promise<Connection> {
  const server = net.createServer(serve);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  cleanUp.push(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as net.AddressInfo;
  return { host: "127.0.0.1", port, user: "root", hostKey: otherHostKey(), privateKey: userKey.private };
}

const echo: Exec = (command, channel) => answer(channel, 0, meant(command));
const MANY = Array.from({ length: 25 }, (_, index) => `w${index}`);

async function open(machine: string, to: Connection, bastion: Connection, patience = HANGS_AFTER) {
  const session = await connect(machine, to, { bastion, patience });
  cleanUp.push(() => session.close());
  return session;
}

const said = async (session: Session, words: string): Promise<string> => (await session.run(words)).stdout;

describe("one login at the bastion", () => {
  it("carries all hosts of a process, and ends with the last of them", async () => {
    const [bastion, server] = [await host(), await host({ exec: echo })];
    const sessions = await Promise.all(
      MANY.map((name) => open(name, server.connection(), bastion.connection())),
    );
    expect(await Promise.all(sessions.map((one, index) => said(one, MANY[index])))).toEqual(MANY);
    expect([bastion.dials, server.dials]).toEqual([1, MANY.length]);
    const [last, ...others] = sessions;
    for (const one of others) one.close();
    await server.down(1);
    expect(await said(last, "still here")).toBe("still here");
    expect(bastion.open).toBe(1);
    last.close();
    await bastion.empty();
    await open("w1", server.connection(), bastion.connection());
    expect(bastion.dials).toBe(2);
  });

  it("is not shared with another user or key", async () => {
    const [bastion, server] = [await host(), await host({ exec: echo })];
    await open("w1", server.connection(), bastion.connection({ user: "one" }));
    await open("w2", server.connection(), bastion.connection({ user: "two" }));
    expect(bastion.dials).toBe(2);
  });

  it("stays when one of its hosts turns out to be another", async () => {
    const [bastion, server] = [await host(), await host({ exec: echo })];
    const session = await open("w1", server.connection(), bastion.connection());
    const other = server.connection({ hostKey: otherHostKey() });
    await expect(open("w2", other, bastion.connection())).rejects.toBeInstanceOf(HostKeyError);
    expect(await said(session, "well")).toBe("well");
    expect(bastion.dials).toBe(1);
  });

  it("is made once more for all hosts when it breaks off", async () => {
    const bastion = await host();
    let first = true;
    const server = await host({
      exec: (command, channel) => {
        if (command.includes("again") && first) bastion.drop();
        else answer(channel, 0, meant(command));
      },
    });
    const connections = Object.fromEntries(MANY.map((name) => [name, server.connection()]));
    const lines: string[] = [];
    const hosts = new Hosts({ connections, bastion: bastion.connection(), files: [] }, HANGS_AFTER, (line) =>
      lines.push(line),
    );
    cleanUp.push(() => hosts.close());
    await Promise.all(MANY.map((name) => hosts.query(name, "asking", "hello")));
    const [dropper, ...others] = MANY;
    await expect((await hosts.session(dropper)).run("again")).rejects.toBeInstanceOf(SessionDroppedError);
    first = false;
    hosts.leave(dropper);
    await Promise.all(others.map((name) => hosts.query(name, "asking", `again ${name}`)));
    expect(bastion.dials).toBe(2);
    expect(lines.sort()).toEqual(
      others.map((name) => `${name}: the SSH connection was lost, reconnecting`).sort(),
    );
  });
});

describe("a bastion that is down", () => {
  it("is dialled once for all hosts, and each is told of the bastion", async () => {
    let dials = 0;
    const bastion = await tcp((socket) => {
      dials += 1;
      socket.destroy();
    });
    const server = await host();
    const ends = await Promise.allSettled(MANY.map((name) => open(name, server.connection(), bastion, 100)));
    for (const end of ends) {
      const reason: unknown = end.status === "rejected" ? end.reason : undefined;
      expect(reason).toBeInstanceOf(BastionError);
    }
    expect([dials, server.dials]).toEqual([1, 0]);
  });

  it("is not waited for anew by every host that comes later", async () => {
    let dials = 0;
    const bastion = await tcp((socket) => {
      dials += 1;
      socket.destroy();
    });
    const server = await host();
    const tried = (name: string) => open(name, server.connection(), bastion, 600);
    await expect(tried("w1")).rejects.toBeInstanceOf(BastionError);
    const before = dials;
    expect(before).toBeGreaterThan(1);
    await expect(tried("w2")).rejects.toBeInstanceOf(BastionError);
    expect(dials).toBe(before + 1);
  });

  it("is to blame when it breaks off while a host behind it is greeted", async () => {
    const bastion = await host();
    const silent = await tcp(() => setImmediate(() => bastion.drop()));
    await expect(open("w1", silent, bastion.connection(), 100)).rejects.toBeInstanceOf(BastionError);
  });
});

describe("hosts at once", () => {
  it("are no more than the limit, and results keep their order", async () => {
    let [now, most] = [0, 0];
    const results = await atOnce(
      MANY,
      async (name) => {
        most = Math.max(most, (now += 1));
        await new Promise(setImmediate);
        now -= 1;
        return name.toUpperCase();
      },
      4,
    );
    expect([most, results]).toEqual([4, MANY.map((name) => name.toUpperCase())]);
  });
});
