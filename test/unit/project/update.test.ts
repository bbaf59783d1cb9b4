/** Scripts that look for what upstream has published, against a server of this test. */
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHECKSUMS } from "../../../model/checksums";
import { newChart } from "../../../scripts/update/charts";
import {
  checksumsOf,
  newVersions,
  UPSTREAM,
  withRows,
  type Servers,
} from "../../../scripts/update/checksums";
import { missingTypes } from "../../../scripts/update/instances";

let pages: Record<string, string> = {};
let server: Server;
let servers: Servers;
let address = "";
beforeAll(async () => {
  server = createServer((request, response) => {
    const page = pages[request.url ?? ""];
    response.writeHead(page === undefined ? 404 : 200).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  servers = { kubernetes: address, github: address, githubApi: address };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => (pages = {}));

const a = "a".repeat(64);
const b = "b".repeat(64);

describe("new versions", () => {
  it("of Kubernetes are the patches of known minor versions and of the newest one", async () => {
    pages = {
      "/release/stable.txt": "v1.37.1\n",
      "/release/stable-1.37.txt": "v1.37.1\n",
      "/release/stable-1.36.txt": "v1.36.5\n",
    };
    const known = ["1.36.2", "1.36.3", "1.36.4"];
    expect(await newVersions("kubeadm", known, servers)).toEqual([
      "1.36.0",
      "1.36.1",
      "1.36.5",
      "1.37.0",
      "1.37.1",
    ]);
  });

  it("of a project on GitHub are releases of known minor versions and newer ones", async () => {
    const release = (tag_name: string, prerelease = false) => ({ tag_name, prerelease });
    const tags = [
      release("v2.4.0-rc.1"),
      release("v2.4.0"),
      release("v2.3.5"),
      release("v2.3.4"),
      release("v1.7.9"),
    ];
    pages["/repos/containerd/containerd/releases?per_page=100"] = JSON.stringify([
      ...tags,
      release("v2.3.6", true),
      release("api/v1.11.0"),
    ]);
    expect(await newVersions("containerd", ["2.3.4"], servers)).toEqual(["2.4.0", "2.3.5"]);
  });

  it("cannot be had where the server does not answer: the address is named", async () => {
    await expect(newVersions("runc", [], servers)).rejects.toThrow(
      `${address}/repos/opencontainers/runc/releases?per_page=100: 404`,
    );
  });
});

describe("checksums", () => {
  it("are known for every table", () => {
    expect(Object.keys(UPSTREAM)).toEqual(Object.keys(CHECKSUMS));
  });

  it("are read from a file of one checksum", async () => {
    pages["/v1.36.5/bin/linux/amd64/kubeadm.sha256"] = a;
    pages["/v1.36.5/bin/linux/arm64/kubeadm.sha256"] = `${b}\n`;
    expect(await checksumsOf("kubeadm", "1.36.5", servers)).toEqual({ amd64: a, arm64: b });
  });

  it("are read from a list by the file's name", async () => {
    const list = `${"0".repeat(64)} *runc.armhf\n${b} *runc.arm64\n${a}  runc.amd64\n`;
    pages["/opencontainers/runc/releases/download/v1.4.4/runc.sha256sum"] = list;
    expect(await checksumsOf("runc", "1.4.4", servers)).toEqual({ amd64: a, arm64: b });
  });

  it("are refused where a page is not a list of them", async () => {
    pages["/v1.36.5/bin/linux/amd64/kubeadm.sha256"] = "<html>Not found</html>";
    pages["/v1.36.5/bin/linux/arm64/kubeadm.sha256"] = b;
    await expect(checksumsOf("kubeadm", "1.36.5", servers)).rejects.toThrow(
      `${address}/v1.36.5/bin/linux/amd64/kubeadm.sha256: no SHA-256 of kubeadm`,
    );
  });

  it("go into the table's text by version, and nothing else changes", () => {
    const text = fs.readFileSync(path.resolve(__dirname, "../../../model/checksums.ts"), "utf8");
    for (const name of Object.keys(CHECKSUMS)) expect(withRows(text, name, {})).toBe(text);
    const row = (version: string) =>
      `    "${version}": {\n      amd64: "${a}",\n      arm64: "${b}",\n    },\n`;
    const sums = { amd64: a, arm64: b };
    const more = withRows(text, "crictl", { "1.34.1": sums, "1.37.0": sums });
    expect(more).toContain(`  crictl: {\n${row("1.37.0")}    "1.36.0": {`);
    expect(more).toContain(`${row("1.34.1")}    "1.34.0": {`);
    expect(more.replace(row("1.37.0"), "").replace(row("1.34.1"), "")).toBe(text);
    expect(() => withRows(text, "crictll", {})).toThrow("no table crictll");
  });
});

describe("charts", () => {
  const index = `entries:
  metallb:
    - { version: 0.17.0-rc.1, appVersion: v0.17.0-rc.1 }
    - { version: 0.9.9, appVersion: v0.9.9 }
    - { version: 0.16.2, appVersion: v0.16.2 }
`;
  const pinned = (version: string) => ({ version, appVersion: `v${version}`, repository: address });

  it("that are newer are told, prereleases are not", async () => {
    pages["/index.yaml"] = index;
    expect(await newChart("metallb", pinned("0.16.1"))).toEqual({ version: "0.16.2", appVersion: "v0.16.2" });
    expect(await newChart("metallb", pinned("0.16.2"))).toBeUndefined();
  });

  it("that the repository does not have are an error", async () => {
    pages["/index.yaml"] = index;
    await expect(newChart("metalllb", pinned("0.16.1"))).rejects.toThrow("no release of metalllb");
  });
});

it("instance types that the table lacks are named by family, in the table's notation", () => {
  const types = [
    "m5.large",
    "m5.3xlarge",
    "m99.large",
    "m99.xlarge",
    "m99.12xlarge",
    "m99.metal-24xl",
    "mac9.metal",
  ];
  expect(missingTypes(types)).toEqual(["m5: 3", "m99: large x 12 metal-24xl"]);
});
