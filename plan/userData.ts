import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { bundleFiles } from "../model/aws/boot/bundle";
import { POOL_TAG, ROLE_TAG } from "../model/aws/tags";
import { planFile, type PlanFile } from "./planFile";
import type { PlannedResource } from "./resources";

const INSTANCE = "aws:ec2/instance:Instance";
const OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
/** The first bytes of gzip (RFC 1952, 2.3.1). */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * What instances start with, unpacked: the document that cloud-init reads, each file that it writes, and those that the host
 * fetches.
 */
export function userDataFiles(resources: readonly PlannedResource[]): PlanFile[] {
  return resources.flatMap((resource) => {
    if (resource.type === OBJECT) return fetchedFiles(resource);
    const encoded = resource.inputs[resource.type === TEMPLATE ? "userData" : "userDataBase64"];
    const host = hostOf(resource);
    if (host === undefined || typeof encoded !== "string") return [];
    const text = unpacked(Buffer.from(encoded, "base64"));
    const folder = `nodes/${host}`;
    if (!text.startsWith("#cloud-config")) return [{ path: `${folder}/user-data.ps1`, content: text }];
    return [{ path: `${folder}/user-data.yaml`, content: text }, ...writtenFiles(folder, text)];
  });
}

/** The pool, or the machine, that a resource starts. */
function hostOf({ name, parent, type, inputs }: PlannedResource): string | undefined {
  if (type === TEMPLATE) {
    const [first] = (inputs.tagSpecifications ?? []) as { tags?: Record<string, string> }[];
    return first?.tags?.[POOL_TAG];
  }
  if (type !== INSTANCE || parent === null) return undefined;
  const role = (inputs.tags as Record<string, string> | undefined)?.[ROLE_TAG];
  return role === "bastion" ? "bastion" : name.slice(parent.length + 1);
}

function unpacked(bytes: Buffer): string {
  return (bytes.subarray(0, 2).equals(GZIP) ? gunzipSync(bytes) : bytes).toString("utf8");
}

/** The bundle of a pool, whose key begins with the pool's name. */
function fetchedFiles({ inputs }: PlannedResource): PlanFile[] {
  const { key, contentBase64 } = inputs;
  if (typeof key !== "string" || typeof contentBase64 !== "string") return [];
  const folder = `nodes/${key.split("/")[0]}`;
  return bundleFiles(Buffer.from(contentBase64, "base64")).map((file) =>
    planFile(`${folder}/files${file.path}`, file),
  );
}

function writtenFiles(folder: string, text: string): PlanFile[] {
  const { write_files: files } = parse(text) as {
    write_files?: { path: string; content: string; permissions?: string }[];
  };
  return (files ?? []).map(({ path, content, permissions: mode = "0644" }) =>
    planFile(`${folder}/files${path}`, { content, mode }),
  );
}
