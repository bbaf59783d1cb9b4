import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { askNodes } from "../../../smoke/nodePort";

let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.writeHead(request.url === "/hostname" ? 200 : 404).end("pod-1\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

const node = (...addresses: [string, string][]) => ({
  metadata: { name: "n1" },
  status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
});

it("a node answers at its address inside", async () => {
  const answers = await askNodes([node(["Hostname", "n1"], ["InternalIP", "127.0.0.1"])], port, "/hostname");
  expect(answers).toEqual([{ address: "127.0.0.1", answer: "pod-1" }]);
});

it("a node whose address inside cannot be reached from here answers at the one outside", async () => {
  // Nobody listens at 127.0.0.2.
  const seenFromOutside = node(["ExternalIP", "127.0.0.1"], ["InternalIP", "127.0.0.2"]);
  const answers = await askNodes([seenFromOutside], port, "/hostname");
  expect(answers).toEqual([{ address: "127.0.0.1", answer: "pod-1" }]);
});

it("a node that answers nowhere is named with what was tried", async () => {
  const silent = node(["InternalIP", "127.0.0.2"], ["ExternalIP", "127.0.0.1"]);
  await expect(askNodes([silent], port, "/other")).rejects.toThrow(
    new RegExp(`^n1: .*127\\.0\\.0\\.2.*; http://127\\.0\\.0\\.1:${port}/other answered 404$`),
  );
});

it("a node without an address is named", async () => {
  await expect(askNodes([node()], port, "/hostname")).rejects.toThrow("n1 has no address");
});
