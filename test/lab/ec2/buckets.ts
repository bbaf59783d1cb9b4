/**
 * Buckets of S3 that are there before the stack, as one for backups is: files of a folder, so that the account's own file stays small
 * (Amazon S3 API Reference, PutObject, GetObject, DeleteObject, ListObjectsV2). Not simulated: versions, owners, uploads in parts.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { element, escaped } from "./ec2Api";
import { Refusal } from "./refusal";
import type { Allow } from "./services";

/** Keys of a page, so that paging is gone through. */
const PAGE = 2;

export interface BucketCall {
  readonly method: string;
  /** As in the address, decoded. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export class Buckets {
  constructor(private readonly folder: string) {}

  has(bucket: string): boolean {
    return fs.existsSync(path.join(this.folder, bucket));
  }

  private keys(bucket: string): string[] {
    const found = fs.readdirSync(path.join(this.folder, bucket));
    return found.map((name) => decodeURIComponent(name)).sort();
  }

  /** @param allow asks the role's policies, by the action's name and what it is about */
  answer(bucket: string, call: BucketCall, allow: (action: string) => Allow): Buffer {
    const { method, key, query, body } = call;
    const file = path.join(this.folder, bucket, encodeURIComponent(key));
    const object = `arn:aws:s3:::${bucket}/${key}`;
    if (key === "" && method === "GET") return this.list(bucket, query, allow("ListBucket"));
    switch (method) {
      case "PUT":
        allow("PutObject")(object);
        fs.writeFileSync(file, body);
        return Buffer.from("");
      case "DELETE":
        allow("DeleteObject")(object);
        fs.rmSync(file, { force: true });
        return Buffer.from("");
      case "GET":
        allow("GetObject")(object);
        if (!fs.existsSync(file)) throw new Refusal(404, "NoSuchKey", "The specified key does not exist.");
        return fs.readFileSync(file);
      default:
        throw new Refusal(405, "MethodNotAllowed", method);
    }
  }

  private list(bucket: string, query: URLSearchParams, allow: Allow): Buffer {
    const prefix = query.get("prefix") ?? "";
    allow(`arn:aws:s3:::${bucket}`, { "s3:prefix": prefix });
    const all = this.keys(bucket).filter((key) => key.startsWith(prefix));
    const at = Number(query.get("continuation-token") ?? 0);
    const page = all
      .slice(at, at + PAGE)
      .map((key) => `<Contents>${element("Key", escaped(key))}</Contents>`);
    const more = at + PAGE < all.length;
    const rest = more ? element("NextContinuationToken", String(at + PAGE)) : "";
    return Buffer.from(
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${element("IsTruncated", String(more))}${rest}${page.join("")}</ListBucketResult>`,
    );
  }
}
