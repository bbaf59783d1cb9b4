/** The scripts of the probe on this machine: a listener, and those who ask it. */
import { spawn, type ChildProcess } from "node:child_process";
import * as dgram from "node:dgram";
import { once } from "node:events";
import * as net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  answersIn,
  askScript,
  listenCommand,
  listensIn,
  type Answer,
  type Asked,
  type Ports,
} from "../../../model/probes/scripts";

const HERE = "127.0.0.1";
const TOKEN = "ab".repeat(8);

let children: ChildProcess[] = [];
let servers: { close(): unknown }[] = [];

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const server of servers) server.close();
  children = [];
  servers = [];
});

/** Ports that nobody has now. */
async function free(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => net.createServer());
  for (const server of held) await once(server.listen(0, HERE), "listening");
  const ports = held.map(portOf);
  for (const server of held) await new Promise((closed) => server.close(closed));
  return ports;
}

function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

/** A listener as a host runs it; its ports once it is ready. */
async function listen(ports: Ports): Promise<{ child: ChildProcess; got: string[] }> {
  const child = spawn("/bin/sh", ["-c", listenCommand({ nodeAddress: HERE }, ports, TOKEN)]);
  children.push(child);
  child.stderr.pipe(process.stderr);
  const got: string[] = [];
  await new Promise<void>((ready) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("##ready\n")) ready();
    });
    child.once("close", () => ready());
    child.stdout.once("close", () => ready());
    child.stdout.on("data", () => {
      got.length = 0;
      for (const line of text.split("\n")) {
        const said = listensIn(line);
        if (said !== undefined) got.push(...said.ports.map((port) => `${said.protocol} ${port}`));
      }
    });
  });
  return { child, got };
}

/** What each question came to. */
async function asked(
  questions: readonly Omit<Asked, "number" | "address" | "mtu">[],
  token = TOKEN,
  patience = 5,
): Promise<(Answer | undefined)[]> {
  const whole = questions.map((one, number): Asked => ({ ...one, number, address: HERE, mtu: 1500 }));
  const child = spawn("bash", ["-c", askScript(whole, token, patience)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  const answers = answersIn(text);
  return questions.map((_, number) => answers.get(number));
}

async function ask(...given: Parameters<typeof asked>): Promise<(string | undefined)[]> {
  return (await asked(...given)).map((answer) => answer?.word);
}

const tcp = (port: number) => ({ protocol: "tcp", by: "listener", port }) as const;
const udp = (port: number) => ({ protocol: "udp", by: "listener", port }) as const;

describe("a listener", () => {
  it("answers full packets on each of its ports, and has ended when its standard input has", async () => {
    const [one = 0, two = 0, three = 0] = await free(3);
    const { child, got } = await listen({ tcp: [one, two], udp: [three] });
    expect(got).toEqual([`tcp ${one}`, `tcp ${two}`, `udp ${three}`]);
    expect(await ask([tcp(one), tcp(two), udp(three)])).toEqual(["open", "open", "open"]);
    child.stdin?.end();
    const [status] = (await once(child, "close")) as [number];
    expect(status).toBe(0);
    expect(await ask([tcp(one), udp(three)], TOKEN, 1)).toEqual(["refused", "refused"]);
  });

  it("does not say what it has not got, and answers nobody without the word of its run", async () => {
    const taken = net.createServer();
    servers.push(taken);
    await once(taken.listen(0, HERE), "listening");
    const [own = 0, datagrams = 0] = await free(2);
    const { got } = await listen({ tcp: [portOf(taken), own], udp: [datagrams] });
    expect(got).toEqual([`tcp ${own}`, `udp ${datagrams}`]);
    expect(await ask([tcp(own), udp(datagrams)], "cd".repeat(8), 1)).toEqual(["cut", "silent"]);
    const socket = net.connect(own, HERE);
    let heard = 0;
    socket.on("data", ({ length }) => (heard += length));
    socket.write(`${TOKEN} 0 100000000\n`);
    await once(socket, "close");
    expect(heard).toBe(0);
  });
});

describe("those who ask", () => {
  /** Takes part in the talk as a path does that loses packets above a size. */
  async function losing(way: "there" | "back", limit: number): Promise<number> {
    return served((socket) => {
      let text = Buffer.alloc(0);
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        text = Buffer.concat([text, chunk]);
        for (;;) {
          const line = text.indexOf("\n");
          if (line === -1) return;
          const [, there = 0, back = 0] = text.subarray(0, line).toString().split(" ").map(Number);
          if (way === "there" && there + 52 > limit) return socket.pause();
          if (text.length < line + 1 + there) return;
          text = text.subarray(line + 1 + there);
          socket.write("+");
          if (way === "back" && back + 52 > limit) return socket.pause();
          socket.write(Buffer.alloc(back));
        }
      });
    });
  }

  async function served(serve: (socket: net.Socket) => unknown): Promise<number> {
    const server = net.createServer(serve);
    servers.push(server);
    await once(server.listen(0, HERE), "listening");
    return portOf(server);
  }

  /** Answers datagrams up to a size. */
  async function answers(limit: number): Promise<number> {
    const socket = dgram.createSocket("udp4");
    servers.push(socket);
    socket.on("message", (data, { port, address }) => {
      if (data.length + 28 <= limit) socket.send(`+${data.length}`, port, address);
    });
    socket.bind(0, HERE);
    await once(socket, "listening");
    return socket.address().port;
  }

  it(
    "tell what keeps them out, which way full packets get lost, and which size arrives",
    { timeout: 60_000 },
    async () => {
      const [closed = 0] = await free(1);
      const silent = await served(() => undefined);
      const ends = await served((socket) => socket.destroy());
      const questions = [closed, silent, ends, await losing("there", 1400), await losing("back", 1420)].map(
        tcp,
      );
      expect(await asked([...questions, udp(await answers(1450))], TOKEN, 2)).toEqual([
        { word: "refused", size: 0 },
        { word: "silent", size: 0 },
        { word: "cut", size: 0 },
        { word: "there", size: 1400 },
        { word: "back", size: 1420 },
        { word: "there", size: 1450 },
      ]);
    },
  );
});
