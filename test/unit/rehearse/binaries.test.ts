import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type * as net from "node:net";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { binariesIn, downloadedBinaries, serversOf } from "../../../rehearse/binaries";
import { Scratch } from "../../../rehearse/scratch";

const ARCHITECTURE = process.arch === "arm64" ? "arm64" : "amd64";
const VERSIONS = { etcd: "3.6.8", kubernetes: "1.36.4" };
const API = `/k/v1.36.4/bin/linux/${ARCHITECTURE}/kube-apiserver`;
const RELEASE = "/g/etcd-io/etcd/releases/download/v3.6.8";
const ETCD = `etcd-v3.6.8-linux-${ARCHITECTURE}`;

let scratch: Scratch;
let server: http.Server;
let base = "";
let served: Record<string, Buffer | string> = {};
let asked: string[] = [];

const sha = (content: Buffer | string): string => createHash("sha256").update(content).digest("hex");

beforeEach(async () => {
  scratch = new Scratch((line) => line);
  server = http.createServer(({ url = "" }, answer) => {
    asked.push(url);
    const content = served[url];
    answer.writeHead(content === undefined ? 404 : 200).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  asked = [];
  const release = scratch.path("release", ETCD);
  fs.mkdirSync(release, { recursive: true });
  for (const name of ["etcd", "etcdutl", "etcdctl"])
    fs.writeFileSync(path.join(release, name), `#!/bin/sh\necho ${name} Version: 3.6.8\n`, { mode: 0o755 });
  execFileSync("tar", ["-czf", scratch.path("etcd.tgz"), "-C", scratch.path("release"), ETCD]);
  const archive = fs.readFileSync(scratch.path("etcd.tgz"));
  const program = "#!/bin/sh\necho Kubernetes v1.36.4\n";
  served = {
    [API]: program,
    [`${API}.sha256`]: sha(program),
    [`${RELEASE}/${ETCD}.tar.gz`]: archive,
    [`${RELEASE}/SHA256SUMS`]: `${sha("other")}  other.tar.gz\n${sha(archive)}  ${ETCD}.tar.gz\n`,
  };
});

afterEach(async () => {
  scratch.close();
  await new Promise((resolve) => server.close(resolve));
});

const downloaded = (): ReturnType<typeof downloadedBinaries> =>
  downloadedBinaries(
    scratch,
    scratch.path("cache"),
    VERSIONS,
    { kubernetes: `${base}/k`, github: `${base}/g` },
    () => undefined,
  );

describe("binaries of a rehearsal", () => {
  it("are downloaded once, with the checksums that upstream publishes", async () => {
    const found = await downloaded();
    expect(execFileSync(found.kubeApiserver, { encoding: "utf8" })).toBe("Kubernetes v1.36.4\n");
    expect(execFileSync(found.etcdutl, { encoding: "utf8" })).toContain("etcdutl");
    const before = asked.length;
    expect(await downloaded()).toEqual(found);
    expect(asked).toHaveLength(before);
  });

  it.each([
    ["another file came", () => (served[API] = "#!/bin/sh\nrm -rf /\n"), "nothing of it is kept"],
    ["it has no checksum", () => (served[`${API}.sha256`] = "<html>"), "upstream publishes no checksum"],
    ["it is not there", () => delete served[API], "404 Not Found. --bin DIR needs no download"],
    [
      "the archive has another checksum",
      () => (served[`${RELEASE}/SHA256SUMS`] = `${sha("x")}  ${ETCD}.tar.gz\n`),
      "nothing of it is kept",
    ],
  ])("are refused when %s, and nothing stays in the cache", async (_, spoil, why) => {
    spoil();
    await expect(downloaded()).rejects.toThrow(why);
    const left = fs.existsSync(scratch.path("cache")) ? fs.readdirSync(scratch.path("cache")) : [];
    expect(left.filter((name) => name !== "kubernetes-1.36.4" || why !== "nothing of it is kept")).toEqual(
      [],
    );
  });

  it("come from the mirror of the hosts, which must be HTTPS", async () => {
    expect(serversOf("https://mirror.example.com/x/dl.k8s.io/v1.36.4/bin/linux/amd64/kubeadm")).toEqual({
      kubernetes: "https://mirror.example.com/x/dl.k8s.io",
      github: "https://mirror.example.com/x/github.com",
    });
    const upstream = { kubernetes: "https://dl.k8s.io", github: "https://github.com" };
    expect(serversOf("https://dl.k8s.io/v1.36.4/bin/linux/amd64/kubeadm")).toEqual(upstream);
    expect(serversOf(undefined)).toEqual(upstream);
    const plain = serversOf("http://10.40.0.1:8080/dl.k8s.io/v1.36.4/bin/linux/amd64/kubeadm");
    await expect(
      downloadedBinaries(scratch, scratch.path("cache"), VERSIONS, plain, () => undefined),
    ).rejects.toThrow("is not HTTPS");
  });

  it("of a folder are taken where their versions fit", async () => {
    const bin = scratch.path("bin");
    fs.mkdirSync(bin);
    const put = (name: string, version: string): void =>
      fs.writeFileSync(path.join(bin, name), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    put("etcd", "etcd Version: 3.6.9");
    put("etcdutl", "etcdutl version: 3.6.9");
    await expect(binariesIn(scratch, bin, VERSIONS)).rejects.toThrow("has no kube-apiserver");
    put("kube-apiserver", "Kubernetes v1.35.8");
    await expect(binariesIn(scratch, bin, VERSIONS)).rejects.toThrow(
      "kube-apiserver is 1.35.8, and the snapshot needs 1.36",
    );
    put("kube-apiserver", "Kubernetes v1.36.1");
    expect((await binariesIn(scratch, bin, VERSIONS)).kubeApiserver).toBe(path.join(bin, "kube-apiserver"));
  });
});
