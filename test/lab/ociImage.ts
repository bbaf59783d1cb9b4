import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { run } from "../support/run";

/** An image to be made: what is in its one layer, and how it starts. */
export interface ImageSpec {
  /** Reference as a cluster names it, `registry.example/repository:tag`. */
  reference: string;
  /** Folder whose content is the layer. */
  root: string;
  entrypoint?: string[];
  cmd?: string[];
  env?: string[];
}

/** Media types of the OCI image specification 1.1. */
const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** Repository and tag under which a mirror of several registries serves an image: its name without the host. */
function mirroredName(reference: string): { repository: string; tag: string } {
  const [, repository, tag] = /^[^/]+\/(.+):([^:/]+)$/.exec(reference) ?? [];
  if (repository === undefined)
    throw new Error(`"${reference}" is not an image reference with a host and a tag`);
  return { repository, tag };
}

/** Makes an image of a folder and puts it into a registry that speaks plain HTTP. */
export async function pushImage(registry: string, spec: ImageSpec, scratch: string): Promise<void> {
  const layer = path.join(scratch, "layer.tar");
  const stable = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await run(["tar", ...stable, "-cf", layer, "-C", spec.root, "."]);
  const diffId = digestOf(fs.readFileSync(layer));
  await run(["gzip", "-n", "-1", "-f", layer]);
  const compressed = fs.readFileSync(`${layer}.gz`);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: {
        Entrypoint: spec.entrypoint,
        Cmd: spec.cmd,
        Env: spec.env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      },
      rootfs: { type: "layers", diff_ids: [diffId] },
      history: [{ created_by: "lab" }],
    }),
  );
  const { repository, tag } = mirroredName(spec.reference);
  const base = `${registry}/v2/${repository}`;
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: await pushBlob(base, config), size: config.length },
    layers: [
      { mediaType: mediaTypes.layer, digest: await pushBlob(base, compressed), size: compressed.length },
    ],
  };
  await send(`${base}/manifests/${tag}`, "PUT", Buffer.from(JSON.stringify(manifest)), mediaTypes.manifest);
  fs.rmSync(`${layer}.gz`);
}

async function pushBlob(base: string, content: Buffer): Promise<string> {
  const digest = digestOf(content);
  const upload = await send(`${base}/blobs/uploads/`, "POST");
  const location = new URL(upload.headers.get("location") ?? "", base);
  location.searchParams.set("digest", digest);
  await send(location.href, "PUT", content, "application/octet-stream");
  return digest;
}

async function send(url: string, method: string, body?: Buffer, type?: string): Promise<Response> {
  const headers = type === undefined ? undefined : { "content-type": type };
  const response = await fetch(url, {
    method,
    headers,
    body: body === undefined ? undefined : new Uint8Array(body),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

function digestOf(content: Buffer): string {
  return `sha256:${crypto.createHash("sha256").update(content).digest("hex")}`;
}
