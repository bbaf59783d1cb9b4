/** Why no session came about: a removal goes on for one reason alone, and so each has a class. */
import * as net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connect } from "../../../host/connection";
import {
  BastionError,
  HandshakeError,
  HostKeyError,
  LocalNetworkError,
  LoginRefusedError,
  NameResolutionError,
  NoSessionError,
  UnreachableError,
} from "../../../host/problem";
import type { Connection } from "../../../host/protocol";
import { newKey } from "../../support/sshKey";
import { otherHostKey, SshHost, userKey } from "./sshHost";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

async function host(...args: Parameters<typeof SshHost.start>): Promise<SshHost> {
  const started = await SshHost.start(...args);
  cleanUp.push(() => started.stop());
  return started;
}

/** A server that is not an SSH server; its port stays taken until the test ends. */
async function tcp(serve: (socket: net.Socket) => void): Promise<number> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    serve(socket);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
  return (server.address() as net.AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = await SshHost.start();
  const { port } = server;
  await server.stop();
  return port;
}

function at(address: string, port: number, over: Partial<Connection> = {}): Connection {
  const hostKey = otherHostKey();
  return { host: address, port, user: "root", hostKey, privateKey: userKey.private, ...over };
}

async function failure(connection: Connection, bastion?: Connection): Promise<NoSessionError> {
  const error = await connect("w1", connection, { patience: 100, bastion }).then(
    () => new Error("it was let in"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(NoSessionError);
  return error as NoSessionError;
}

describe("a machine that is dialled directly", () => {
  it("is unreachable when its address refuses the connection", async () => {
    expect(await failure(at("127.0.0.1", await closedPort()))).toBeInstanceOf(UnreachableError);
  });

  it("is there when something answers and hangs up, which is not an SSH", async () => {
    const port = await tcp((socket) => socket.destroy());
    expect(await failure(at("127.0.0.1", port))).toBeInstanceOf(HandshakeError);
  });

  it("is there when something answers that speaks another protocol", async () => {
    const port = await tcp((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await failure(at("127.0.0.1", port))).toBeInstanceOf(HandshakeError);
  });

  it("is not judged when its name does not resolve", async () => {
    const error = await failure(at("no-such-host.invalid", 22));
    expect(error).toBeInstanceOf(NameResolutionError);
  });

  it("is not judged when this computer has no way into the network", async () => {
    // Linux has no route for TCP to the broadcast address.
    expect(await failure(at("255.255.255.255", 22))).toBeInstanceOf(LocalNetworkError);
  });

  it("shows another key, which is kept for whoever knows of it", async () => {
    const server = await host();
    const error = await failure(server.connection({ hostKey: otherHostKey() }));
    expect(error).toBeInstanceOf(HostKeyError);
    expect((error as HostKeyError).shown).toBe(server.hostKey);
  });

  it("has no key of the type that is pinned", async () => {
    const server = await host({ key: newKey("ecdsa") });
    const error = await failure(server.connection({ hostKey: otherHostKey() }));
    expect(error).toBeInstanceOf(HostKeyError);
    expect((error as HostKeyError).shown).toBeUndefined();
  });

  it("refuses the login", async () => {
    const server = await host({ accept: false });
    expect(await failure(server.connection())).toBeInstanceOf(LoginRefusedError);
  });

  it("is not dialled with a key that cannot be read", async () => {
    const server = await host();
    expect(await failure(server.connection({ privateKey: "none" }))).toBeInstanceOf(LoginRefusedError);
  });
});

describe("a machine behind a bastion", () => {
  it.each([
    [2, "Connection refused", UnreachableError],
    [2, "No route to host", UnreachableError],
    [2, "Connection timed out", UnreachableError],
    [2, "dial tcp 10.40.0.21:22: i/o timeout", UnreachableError],
    [2, "", UnreachableError],
    [2, "Network is unreachable", BastionError],
    [2, "Name or service not known", NameResolutionError],
    [2, "Temporary failure in name resolution", NameResolutionError],
    [1, "open failed", BastionError],
    [4, "no more channels", BastionError],
  ])("is what the bastion says: code %i, %j", async (reason, description, kind) => {
    const bastion = await host({ forwards: false, refusal: { reason, description } });
    const error = await failure(at("10.40.0.21", 22), bastion.connection());
    expect(error.constructor).toBe(kind);
    expect(error.message).toContain("bastion 127.0.0.1: ");
  });

  it("is not judged when the bastion shows another key", async () => {
    const bastion = await host();
    const server = await host();
    const error = await failure(server.connection(), bastion.connection({ hostKey: otherHostKey() }));
    expect(error).toBeInstanceOf(BastionError);
  });

  it("is not judged when the bastion lets nobody in", async () => {
    const bastion = await host({ accept: false });
    const server = await host();
    expect(await failure(server.connection(), bastion.connection())).toBeInstanceOf(BastionError);
  });

  it("is not judged when the bastion is gone, or has no address", async () => {
    const server = await host();
    for (const bastion of [at("127.0.0.1", await closedPort()), at("no-such-bastion.invalid", 22)])
      expect(await failure(server.connection(), bastion)).toBeInstanceOf(BastionError);
  });

  it("has errors of its own like any other", async () => {
    const bastion = await host();
    const server = await host();
    const other = await failure(server.connection({ hostKey: otherHostKey() }), bastion.connection());
    expect(other).toBeInstanceOf(HostKeyError);
    const refusing = await host({ accept: false });
    expect(await failure(refusing.connection(), bastion.connection())).toBeInstanceOf(LoginRefusedError);
  });
});
