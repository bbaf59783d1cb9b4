import * as net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { BEGIN, connect, SessionDroppedError, type Session } from "../../../host/connection";
import { HostProblem } from "../../../host/problem";
import type { Connection } from "../../../host/protocol";
import { HANGS_AFTER } from "../../support/patience";
import { newKey } from "../../support/sshKey";
import { answer, hostKeyLine, Machine, meant, otherHostKey, SshHost, userKey, type Exec } from "./sshHost";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

async function host(...args: Parameters<typeof SshHost.start>): Promise<SshHost> {
  const started = await SshHost.start(...args);
  cleanUp.push(() => started.stop());
  return started;
}

async function open(connection: Connection, patience = HANGS_AFTER, bastion?: Connection): Promise<Session> {
  const session = await connect("w1", connection, { patience, bastion });
  cleanUp.push(() => session.close());
  return session;
}

async function refusal(...args: Parameters<typeof open>): Promise<string> {
  const error = await open(...args).then(
    () => new Error("it was let in"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HostProblem);
  return (error as HostProblem).report();
}

/** A port where nothing listens. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  return port;
}

function nowhere(port: number): Connection {
  return {
    host: "127.0.0.1",
    port,
    user: "root",
    hostKey: otherHostKey(),
    privateKey: userKey.private,
  };
}

const echo: Exec = (command, channel) => answer(channel, 0, `${meant(command)}\n`);

describe("the host key", () => {
  it("lets a session open when it is the pinned one", async () => {
    const server = await host({ exec: echo });
    const session = await open(server.connection());
    expect(await session.run("hostname")).toEqual({ status: 0, stdout: "hostname\n", stderr: "" });
  });

  it("ends everything at the first dial when it is another, before a key is offered, and both are named", async () => {
    const server = await host({ exec: echo });
    const hostKey = otherHostKey();
    const said = await refusal(server.connection({ hostKey }));
    expect(said).toMatch(/^w1: SSH to 127\.0\.0\.1:\d+: the host key does not match the settings/);
    expect(said).toContain(`the host presented ${server.hostKey}`);
    expect(said).toContain(`hostKey says ${hostKey}`);
    expect(said).toContain("Nothing was sent to it");
    expect([server.dials, server.logOns, server.commands]).toEqual([1, 0, []]);
  });

  it("ends everything at the first dial when the host has none of the pinned type", async () => {
    const server = await host({ exec: echo, key: newKey("ecdsa") });
    const said = await refusal(server.connection({ hostKey: otherHostKey() }));
    expect(said).toContain("hostKey is of type ssh-ed25519, but the host has no host key of that type");
    expect([server.dials, server.logOns]).toEqual([1, 0]);
  });

  it("may be of another type than ed25519", async () => {
    const server = await host({ exec: echo, key: newKey("ecdsa") });
    const session = await open(server.connection());
    expect((await session.run("id")).stdout).toBe("id\n");
  });
});

describe("the user's key", () => {
  it("ends everything at the first dial when it is not accepted, naming the user", async () => {
    const server = await host({ exec: echo, accept: false });
    const said = await refusal(server.connection({ user: "ubuntu" }));
    expect(said).toMatch(/: the host does not accept the SSH key for user ubuntu$/);
    expect([server.dials, server.commands]).toEqual([1, []]);
  });

  it("ends everything before a dial when it cannot be read, and is not quoted", async () => {
    const server = await host({ exec: echo });
    const privateKey = userKey.private.slice(0, 120);
    const said = await refusal(server.connection({ privateKey }));
    expect(said).toMatch(/: cannot read the private key for user root$/);
    expect(server.dials).toBe(0);
  });
});

describe("patience", () => {
  it("waits for a host that is still booting", async () => {
    // What answers first only hangs up, as a port that is forwarded to a host that is down.
    const early = net.createServer((socket) => socket.destroy());
    await new Promise<void>((ready) => early.listen(0, "127.0.0.1", ready));
    const { port } = early.address() as net.AddressInfo;
    const key = newKey();
    const closed = new Promise<void>((resolve) =>
      early.once("connection", () => early.close(() => resolve())),
    );
    const started = closed.then(() => host({ exec: echo, key }, port));
    const session = await open({ ...nowhere(port), hostKey: hostKeyLine(key) });
    expect((await session.run("up")).stdout).toBe("up\n");
    expect((await started).dials).toBe(1);
  });

  it("has an end: the last reason and the number of attempts are told", async () => {
    const port = await freePort();
    const said = await refusal(nowhere(port), 600);
    expect(said).toContain(`w1: cannot be reached over SSH at 127.0.0.1:${port}: connect ECONNREFUSED`);
    // How many there were goes by the machine's load.
    expect(said).toMatch(/\(\d+ attempts in 1 s\)$/);
  });
});

describe("a bastion", () => {
  it("carries the connection, and each of the two has its own key pinned", async () => {
    const bastion = await host({ key: newKey("ecdsa") });
    const server = await host({ exec: echo });
    const session = await open(server.connection(), HANGS_AFTER, bastion.connection({ user: "jump" }));
    expect((await session.run("uptime")).stdout).toBe("uptime\n");
    expect(bastion.forwarded).toEqual([`127.0.0.1:${server.port}`]);
  });

  it("is left when the host behind it is", async () => {
    const bastion = await host();
    const server = await host({ exec: echo });
    const session = await connect("w1", server.connection(), {
      patience: HANGS_AFTER,
      bastion: bastion.connection(),
    });
    expect(bastion.open).toBe(1);
    session.close();
    await bastion.empty();
    expect([bastion.open, server.open]).toEqual([0, 0]);
  });

  it("is named when its own key is another one, and nothing is forwarded", async () => {
    const bastion = await host();
    const server = await host({ exec: echo });
    const said = await refusal(
      server.connection(),
      HANGS_AFTER,
      bastion.connection({ hostKey: otherHostKey() }),
    );
    expect(said).toContain("bastion 127.0.0.1: the host key does not match the settings");
    expect([bastion.dials, bastion.logOns, server.dials]).toEqual([1, 0, 0]);
  });

  it("is named when it takes the user's key for none of its own", async () => {
    const bastion = await host({ accept: false });
    const server = await host({ exec: echo });
    const said = await refusal(server.connection(), HANGS_AFTER, bastion.connection({ user: "jump" }));
    expect(said).toContain("bastion 127.0.0.1: the host does not accept the SSH key for user jump");
    expect(server.dials).toBe(0);
  });

  it("is named when it forwards nothing, once patience is at its end", async () => {
    const bastion = await host({ forwards: false });
    const server = await host({ exec: echo });
    const said = await refusal(server.connection(), 100, bastion.connection());
    expect(said).toMatch(/cannot be reached over SSH at 127\.0\.0\.1:\d+: bastion 127\.0\.0\.1: /);
    await bastion.empty();
    expect([bastion.open, server.dials]).toEqual([0, 0]);
  });

  it("is not what is blamed for the host behind it, and is left all the same", async () => {
    const bastion = await host();
    const server = await host({ exec: echo });
    const said = await refusal(
      server.connection({ hostKey: otherHostKey() }),
      HANGS_AFTER,
      bastion.connection(),
    );
    expect(said).toContain("the host key does not match the settings");
    expect(said).not.toContain("bastion");
    await bastion.empty();
    expect([bastion.open, server.logOns]).toEqual([0, 0]);
  });
});

describe("commands", () => {
  async function shell(user: string): Promise<{ session: Session; server: SshHost }> {
    const machine = new Machine();
    cleanUp.push(() => machine.remove());
    const server = await host({ exec: machine.exec() });
    return { session: await open(server.connection({ user })), server };
  }

  it("of root are given as they are", async () => {
    const { session, server } = await shell("root");
    await session.run("echo one");
    expect(server.commands).toEqual(["echo one"]);
  });

  it.each(["root", "ubuntu"])(
    "of %s begin when the start files of the shell have ended, whatever those print",
    async (user) => {
      const machine = new Machine();
      cleanUp.push(() => machine.remove());
      const run = machine.exec();
      const server = await host({
        exec: (command, channel) => {
          channel.stdout.write("Now using node v20\nWelcome");
          run(command, channel);
        },
      });
      const lines: string[] = [];
      const session = await open(server.connection({ user }));
      const result = await session.run("echo one; exit 3", { onLine: (line) => lines.push(line) });
      expect(result).toEqual({ status: 3, stdout: "one\n", stderr: "" });
      expect(lines).toEqual(["one"]);
    },
  );

  it.each([0, 1])("that a start file keeps from running with status %d are no answer", async (status) => {
    const server = await host({
      exec: (_, channel) => {
        channel.stdout.write("no shells here\n");
        channel.exit(status);
        channel.end();
      },
    });
    const problem = await (await open(server.connection())).run("true").catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(HostProblem);
    expect((problem as HostProblem).report()).toMatch(
      /the shell of SSH user \S+ ended with status \d before it ran anything: its start files, such as ~\/\.bashrc, .*\n {2}\| no shells here/,
    );
  });

  it("of another user run whole under sudo that asks for nothing, whatever is quoted in them", async () => {
    const { session, server } = await shell("ubuntu");
    const text = `it's "$(echo $((1 + 1)))" \\ & ;`;
    const result = await session.run(`printf '%s' 'it'\\''s' && printf ' %s' "$((1 + 1))" && cat`, {
      input: text,
    });
    expect(result).toEqual({ status: 0, stdout: `it's 2${text}`, stderr: "" });
    expect(server.commands[0].startsWith("sudo -n -- /bin/sh -c '")).toBe(true);
  });

  it.each(["root", "ec2-user"])(
    "of %s find what lies in /usr/local, whatever search path the host gives them",
    async (user) => {
      const machine = new Machine();
      cleanUp.push(() => machine.remove());
      // As on RHEL 9 and Amazon Linux 2023: Defaults secure_path = /sbin:/bin:/usr/sbin:/usr/bin
      machine.program("sudo", 'shift 2\nexec env PATH=/sbin:/bin:/usr/sbin:/usr/bin "$@"');
      machine.write("usr/local/bin/kubectl", "#!/bin/sh\necho ours\n", 0o755);
      const server = await host({ exec: machine.exec() });
      const session = await open(server.connection({ user }));
      expect(await session.run("/bin/bash -s", { input: "kubectl" })).toEqual({
        status: 0,
        stdout: "ours\n",
        stderr: "",
      });
    },
  );

  it("give status, both outputs, and lines while they come, the last without its end too", async () => {
    const { session } = await shell("root");
    const lines: string[] = [];
    const result = await session.run("echo one; echo two >&2; printf three; exit 7", {
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ status: 7, stdout: "one\nthree", stderr: "two\n" });
    expect(lines).toEqual(["one", "three"]);
  });

  it("keep characters whole that come in two packets", async () => {
    const said = "größer als 3 € 🙂\n";
    const text = Buffer.from(`${BEGIN}\n${said}`);
    const server = await host({
      exec: (_, channel) => {
        let next = 0;
        const write = (): void => {
          if (next === text.length) {
            channel.exit(0);
            channel.end();
            return;
          }
          channel.stdout.write(text.subarray(next, next + 1));
          channel.stderr.write(text.subarray(next, next + 1));
          next += 1;
          setImmediate(write);
        };
        write();
      },
    });
    const lines: string[] = [];
    const session = await open(server.connection());
    const result = await session.run("x", { onLine: (line) => lines.push(line) });
    expect(result).toEqual({ status: 0, stdout: said, stderr: text.toString() });
    expect(lines).toEqual(["größer als 3 € 🙂"]);
  });

  it("that a signal ends have failed: that is not a connection that broke off", async () => {
    const { session } = await shell("root");
    const result = await session.run("echo before; kill -TERM $$");
    expect(result.status).toBeGreaterThan(128);
    expect(result.stdout).toBe("before\n");
  });

  it("are Dropped when the connection breaks off, and half a line is not taken for one", async () => {
    const server = await host({
      exec: (_, channel) => {
        channel.stdout.write(`${BEGIN}\nwhole\nha`);
      },
    });
    const session = await open(server.connection());
    const lines: string[] = [];
    const running = session.run("x", {
      onLine: (line) => {
        lines.push(line);
        server.drop();
      },
    });
    await expect(running).rejects.toBeInstanceOf(SessionDroppedError);
    await server.empty();
    expect(lines).toEqual(["whole"]);
    await expect(session.run("y")).rejects.toBeInstanceOf(SessionDroppedError);
    expect(server.commands).toEqual(["x"]);
  });

  it("are Dropped when the server runs none", async () => {
    const server = await host();
    const session = await open(server.connection());
    await expect(session.run("x")).rejects.toBeInstanceOf(SessionDroppedError);
  });
});
