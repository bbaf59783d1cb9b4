/** What the library writes for a registry with a private CA and a login, read by containerd itself. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certsFolder, registryFiles } from "../../model/node/registries";
import type { RegistrySettings } from "../../model/settings/resolved";
import { run } from "../support/run";
import { ensureTool } from "../support/toolchain";
import { describeWithEngine } from "./available";

const LOGIN = "robot$nodes:pa:ss wörd";
const IMAGE = "app/one:1";
const sha = (content: Buffer): string => `sha256:${createHash("sha256").update(content).digest("hex")}`;

/** An image with one empty layer, by path below /v2/. */
function image(): Map<string, { readonly type: string; readonly content: Buffer }> {
  const tar = Buffer.alloc(1024);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [sha(tar)] },
    }),
  );
  const type = "application/vnd.oci.image.manifest.v1+json";
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: sha(config),
        size: config.length,
      },
      layers: [
        { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: sha(layer), size: layer.length },
      ],
    }),
  );
  return new Map([
    ["app/one/manifests/1", { type, content: manifest }],
    [`app/one/manifests/${sha(manifest)}`, { type, content: manifest }],
    ...[config, layer].map(
      (content) => [`app/one/blobs/${sha(content)}`, { type: "application/octet-stream", content }] as const,
    ),
  ]);
}

const asRoot = process.getuid?.() === 0 ? describeWithEngine : describe.skip;

asRoot("a registry with a private CA and a login", () => {
  let folder: string;
  let server: https.Server;
  let daemon: ChildProcess;
  let ctr: string;
  let host: string;
  const asked: (string | undefined)[] = [];

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "registry-login-"));
    const at = (name: string): string => path.join(folder, name);
    const [containerd, client] = await Promise.all([ensureTool("containerd"), ensureTool("ctr")]);
    ctr = client;
    const subject = ["-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    await run([
      "openssl",
      "req",
      "-x509",
      ...curve,
      ...subject,
      "-keyout",
      at("key.pem"),
      "-out",
      at("ca.pem"),
    ]);
    const blobs = image();
    const wanted = `Basic ${Buffer.from(LOGIN).toString("base64")}`;
    server = https.createServer(
      { key: fs.readFileSync(at("key.pem")), cert: fs.readFileSync(at("ca.pem")) },
      (request, response) => {
        asked.push(request.headers.authorization);
        const found = blobs.get((request.url ?? "").replace(/^\/v2\//, "").replace(/\?.*$/, ""));
        if (request.headers.authorization !== wanted)
          response.writeHead(401, { "www-authenticate": 'Basic realm="registry"' }).end();
        else if (found === undefined) response.writeHead(404).end();
        else {
          response.writeHead(200, {
            "content-type": found.type,
            "content-length": found.content.length,
            "docker-content-digest": sha(found.content),
          });
          response.end(request.method === "HEAD" ? undefined : found.content);
        }
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    fs.writeFileSync(
      at("config.toml"),
      `version = 3
root = "${at("root")}"
state = "${at("state")}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
[grpc]
  address = "${at("containerd.sock")}"
`,
    );
    daemon = spawn(containerd, ["--config", at("config.toml")], { stdio: "ignore" });
    for (
      let tries = 0;
      spawnSync(ctr, ["--address", at("containerd.sock"), "version"]).status !== 0;
      tries++
    ) {
      if (tries === 1200) throw new Error("containerd does not answer");
      await delay(100);
    }
  });

  afterAll(async () => {
    daemon.kill();
    await new Promise((resolve) => server.close(resolve));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Writes what the library would, and pulls an image of a registry by it. */
  async function pull(
    registry: string,
    settings: { mirrors?: Record<string, readonly string[]>; registries: Record<string, RegistrySettings> },
  ): Promise<{ status: number; output: string }> {
    const certs = path.join(folder, "certs.d");
    fs.rmSync(certs, { recursive: true, force: true });
    const { plain, secret } = registryFiles(
      { images: { mirrors: settings.mirrors ?? {}, registries: settings.registries } },
      { login: LOGIN, wrong: "robot:other" },
    );
    for (const file of [...plain, ...secret]) {
      const target = file.path.replace(certsFolder, certs);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, file.content.replaceAll(certsFolder, certs));
    }
    asked.length = 0;
    const address = path.join(folder, "containerd.sock");
    const how = ["--local", "--snapshotter", "native", "--hosts-dir", certs];
    const done = await run([ctr, "--address", address, "images", "pull", ...how, `${registry}/${IMAGE}`], {
      timeout: 120_000,
      allowFailure: true,
    });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  }

  const ca = (): string => fs.readFileSync(path.join(folder, "ca.pem"), "utf8");

  it("is pulled from with both", async () => {
    const { status, output } = await pull(host, {
      registries: { [host]: { credentials: "login", ca: ca() } },
    });
    expect(status, output).toBe(0);
    expect(asked.length).toBeGreaterThan(0);
  });

  it("is pulled from as the mirror of another registry", async () => {
    const { status, output } = await pull("registry.example.com", {
      mirrors: { "registry.example.com": [`https://${host}`] },
      registries: { [host]: { credentials: "login", ca: ca() } },
    });
    expect(status, output).toBe(0);
  });

  it.each<[string, () => RegistrySettings, RegExp]>([
    ["without the CA", () => ({ credentials: "login" }), /certificate/],
    ["without the login", () => ({ ca: ca() }), /authorization failed|401|no basic auth/],
    [
      "with another password",
      () => ({ credentials: "wrong", ca: ca() }),
      /authorization failed|401|no basic auth/,
    ],
  ])("refuses who comes %s, so that taking means something", async (_, registry, said) => {
    const { status, output } = await pull(host, { registries: { [host]: registry() } });
    expect(status).not.toBe(0);
    expect(output).toMatch(said);
  });
});
