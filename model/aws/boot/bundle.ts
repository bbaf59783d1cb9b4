import { sha256 } from "../../core/hash";
import { gunzipSync } from "node:zlib";
import type { RenderedFile } from "../../renderedFile";
import { compressed } from "./compressed";

/**
 * What a pool's instances get besides their user data, which has room for 16 KiB: files, packed, in a bucket of the cluster
 * under their own SHA-256. User data names the digest, so an instance runs what its launch template means or nothing.
 */
export interface BootBundle {
  /** `<pool>/<SHA-256 of the bytes in hex>`. */
  readonly key: string;
  /** gzip of a JSON list of files. */
  readonly bytes: Buffer;
}

export function bootBundle(pool: string, files: readonly RenderedFile[]): BootBundle {
  const bytes = compressed(JSON.stringify(files.map(({ path, mode, content }) => ({ path, mode, content }))));
  return { key: `${pool}/${sha256(bytes)}`, bytes };
}

/** The files of a bundle. */
export function bundleFiles(bytes: Buffer): RenderedFile[] {
  return JSON.parse(gunzipSync(bytes).toString("utf8")) as RenderedFile[];
}
