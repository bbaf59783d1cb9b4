import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { SupportsFeatureRequest } from "@pulumi/pulumi/proto/resource_pb";
import { disconnectSync, getMonitor, resetOptions } from "@pulumi/pulumi/runtime/settings";
import { expect, it } from "vitest";
import { keepClientsApart } from "./clients";

const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

it("an engine can have the port of an earlier one whose client asked once too often", async () => {
  keepClientsApart();
  const first = await listen();
  const { port } = first.address() as AddressInfo;
  await ended(first);
  expect(await askNewClient(port)).toBe(UNAVAILABLE);

  const later = await listen(port);
  expect(await askNewClient(port)).toBe(UNIMPLEMENTED);
  disconnectSync();
  await ended(later);
});

/** A server that speaks gRPC and knows no method. */
async function listen(port = 0): Promise<http2.Http2Server> {
  const server = http2.createServer();
  server.on("stream", (stream) => {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": `${UNIMPLEMENTED}` },
      { endStream: true },
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

function ended(server: http2.Http2Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/** The status that the SDK's own client gets, as one is made for each operation. */
function askNewClient(port: number): Promise<number | undefined> {
  resetOptions("project", "stack", 1, "", `127.0.0.1:${port}`, false, "organization");
  return new Promise((resolve) => {
    getMonitor()?.supportsFeature(new SupportsFeatureRequest(), (error) => resolve(error?.code));
  });
}
