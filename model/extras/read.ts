import { type Document, LineCounter, parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../kubernetes";
import type { ExtraObject } from "./settings";
import { entriesOf } from "../settings/prune";
import { plainPath, type ProjectFiles } from "./files";
import { kindProblem, nameProblem } from "./kinds";

/** What is wrong with something that people brought. */
export interface ExtraProblem {
  /** Position in the list of the settings. */
  readonly index: number;
  /** Where it was written. */
  readonly source: string;
  readonly message: string;
  readonly allowed?: string;
}

export interface ReadObjects {
  readonly objects: readonly (ExtraObject & { readonly index: number })[];
  readonly problems: readonly ExtraProblem[];
}

const MANIFEST = /\.(ya?ml|json)$/;

interface Text {
  readonly index: number;
  readonly file: string;
  readonly text: string;
}

/**
 * The objects that entries of `manifests` stand for: a file, all files of a folder, or the object itself. Lists are taken
 * apart. Without `files` entries that are paths are left out: nobody can say what is in them.
 */
export function readObjects(entries: readonly unknown[], files: ProjectFiles | undefined): ReadObjects {
  const objects: (ExtraObject & { index: number })[] = [];
  const problems: ExtraProblem[] = [];
  for (const [index, entry] of entriesOf(entries)) {
    if (typeof entry === "string" && files === undefined) continue;
    const before = objects.length + problems.length;
    if (typeof entry !== "string")
      take({ index, source: `manifests[${index}]`, value: entry }, objects, problems);
    else if (files !== undefined)
      for (const text of textsOf(entry, index, files, problems)) takeText(text, objects, problems);
    if (objects.length + problems.length > before) continue;
    const source = typeof entry === "string" ? plainPath(entry) : `manifests[${index}]`;
    problems.push({
      index,
      source,
      message: "holds no object",
      allowed: "at least one object, or remove the entry",
    });
  }
  return { objects, problems: [...problems, ...doubles(objects)] };
}

function textsOf(entry: string, index: number, files: ProjectFiles, problems: ExtraProblem[]): Text[] {
  const path = plainPath(entry);
  const text = files.read(path);
  if (text !== undefined) return [{ index, file: path, text }];
  const inside = files.list(path);
  const manifests = (inside ?? []).filter((file) => MANIFEST.test(file));
  if (manifests.length === 0) {
    const message =
      inside === undefined
        ? "is not a file or folder of the project"
        : "is a folder without a file that ends in .yaml, .yml or .json";
    problems.push({ index, source: path, message, allowed: "a path relative to the project's folder" });
  }
  return manifests.map((file) => ({ index, file, text: files.read(file) ?? "" }));
}

function takeText(
  { index, file, text }: Text,
  objects: (ExtraObject & { index: number })[],
  problems: ExtraProblem[],
) {
  const lines = new LineCounter();
  // Merge keys as kubectl takes them.
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: "error",
  });
  for (const document of Array.isArray(documents) ? documents : []) {
    const place = (offset: number) => `${file}:${lines.linePos(offset).line}`;
    const [error] = document.errors;
    if (error !== undefined) {
      problems.push({
        index,
        source: place(error.pos[0]),
        message: `is not valid YAML: ${error.message.split("\n")[0]}`,
        allowed: "documents of YAML with --- between them",
      });
      continue;
    }
    const source = place(document.contents?.range?.[0] ?? 0);
    const read = valueOf(document);
    if ("message" in read) problems.push({ index, source, ...read });
    else if (read.value !== null && read.value !== undefined)
      take({ index, source, value: read.value }, objects, problems);
  }
}

/** Aliases are looked up only here: one that nothing anchors, or too many of them, is not an error of the parser. */
function valueOf(document: Document.Parsed): { value: unknown } | { message: string; allowed: string } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return {
      message: `is not valid YAML: ${(error as Error).message}`,
      allowed: "aliases whose anchor is defined earlier",
    };
  }
}

interface Found {
  readonly index: number;
  readonly source: string;
  readonly value: unknown;
}

function take(found: Found, objects: (ExtraObject & { index: number })[], problems: ExtraProblem[]): void {
  const { index, source, value } = found;
  if (
    isMapping(value) &&
    typeof value.kind === "string" &&
    /List$/.test(value.kind) &&
    Array.isArray(value.items)
  ) {
    for (const item of value.items) take({ index, source, value: item }, objects, problems);
    return;
  }
  const wrong = objectProblem(value);
  if (wrong !== undefined) problems.push({ index, source, ...wrong });
  else objects.push({ index, source, object: value as KubernetesObject });
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Why a value is not an object of the Kubernetes API; undefined when it looks like one. */
export function objectProblem(value: unknown): { message: string; allowed?: string } | undefined {
  if (!isMapping(value))
    return { message: "is not a mapping", allowed: "an object with apiVersion, kind and metadata" };
  for (const key of ["apiVersion", "kind"] as const) {
    if (typeof value[key] !== "string" || value[key] === "")
      return { message: `has no ${key}`, allowed: "an object with apiVersion, kind and metadata" };
  }
  const { metadata } = value;
  if (!isMapping(metadata) || typeof metadata.name !== "string" || metadata.name === "") {
    const generated = isMapping(metadata) && "generateName" in metadata;
    return {
      message: generated
        ? "has metadata.generateName, so the API server would choose its name"
        : "has no metadata.name",
      allowed: "metadata: {name: ...}",
    };
  }
  const { namespace } = metadata;
  if (namespace !== undefined && (typeof namespace !== "string" || namespace === ""))
    return {
      message: "has a metadata.namespace that is not text",
      allowed: "the name of a namespace, or none",
    };
  const { apiVersion, kind } = value as { apiVersion: string; kind: string };
  return (
    kindProblem(apiVersion, kind) ??
    nameProblem(apiVersion, kind, metadata.name) ??
    lacking(value as unknown as KubernetesObject) ??
    otherThanText(value)
  );
}

/** Mappings whose values are text, by where they stand; YAML reads `1.0` and `true` as something else. */
function otherThanText(value: Record<string, unknown>): { message: string; allowed: string } | undefined {
  const metadata = isMapping(value.metadata) ? value.metadata : {};
  const core = value.apiVersion === "v1" && (value.kind === "ConfigMap" || value.kind === "Secret");
  const places: [string, unknown][] = [
    ["metadata.labels", metadata.labels],
    ["metadata.annotations", metadata.annotations],
    ...(core
      ? [["data", value.data] as [string, unknown], ["stringData", value.stringData] as [string, unknown]]
      : []),
  ];
  for (const [place, mapping] of places) {
    if (mapping === undefined || mapping === null) continue;
    if (!isMapping(mapping))
      return { message: `has a ${place} that is not a mapping`, allowed: "keys with text" };
    const wrong = Object.entries(mapping).find(([, one]) => typeof one !== "string");
    if (wrong === undefined) continue;
    const [key, one] = wrong;
    const scalar = typeof one === "number" || typeof one === "boolean";
    return {
      message: `has a ${place}.${key} that is not text`,
      allowed: scalar && value.kind !== "Secret" ? `"${one}", in quotes` : "text, in quotes",
    };
  }
  return undefined;
}

/**
 * What objects of a kind cannot be without, by group and kind: properties that @pulumi/kubernetes 4.34.2 throws for when
 * they are not there (its classes, "Missing required property").
 */
const REQUIRED: Readonly<Record<string, string>> = {
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": "spec",
  "apiextensions.k8s.io/CustomResourceDefinition": "spec",
  "apps/ControllerRevision": "data",
  "apps/DaemonSet": "spec",
  "apps/Deployment": "spec",
  "apps/ReplicaSet": "spec",
  "apps/StatefulSet": "spec",
  "autoscaling/HorizontalPodAutoscaler": "spec",
  "batch/CronJob": "spec",
  "/Binding": "target",
  "/Event": "involvedObject",
  "certificates.k8s.io/CertificateSigningRequest": "spec",
  "certificates.k8s.io/ClusterTrustBundle": "spec",
  "certificates.k8s.io/PodCertificateRequest": "spec",
  "discovery.k8s.io/EndpointSlice": "addressType",
  "events.k8s.io/Event": "eventTime",
  "flowcontrol.apiserver.k8s.io/FlowSchema": "spec",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": "spec",
  "networking.k8s.io/IPAddress": "spec",
  "node.k8s.io/RuntimeClass": "handler",
  "rbac.authorization.k8s.io/ClusterRoleBinding": "roleRef",
  "rbac.authorization.k8s.io/RoleBinding": "roleRef",
  "resource.k8s.io/DeviceClass": "spec",
  "resource.k8s.io/DeviceTaintRule": "spec",
  "resource.k8s.io/ResourceClaim": "spec",
  "resource.k8s.io/ResourceClaimTemplate": "spec",
  "resource.k8s.io/ResourceSlice": "spec",
  "scheduling.k8s.io/PriorityClass": "value",
  "storage.k8s.io/CSIDriver": "spec",
  "storage.k8s.io/CSINode": "spec",
  "storage.k8s.io/CSIStorageCapacity": "storageClassName",
  "storage.k8s.io/StorageClass": "provisioner",
  "storage.k8s.io/VolumeAttachment": "spec",
  "storage.k8s.io/VolumeAttributesClass": "driverName",
};

function lacking(object: KubernetesObject): { message: string; allowed: string } | undefined {
  const key = REQUIRED[`${groupOf(object.apiVersion)}/${object.kind}`];
  if (key === undefined) return undefined;
  const value = (object as unknown as Readonly<Record<string, unknown>>)[key];
  if (value !== undefined && value !== null) return undefined;
  return {
    message: `contains ${nameOf(object)}, which has no ${key}`,
    allowed: `${key} (see kubectl explain)`,
  };
}

/** `apps/v1` is in the group `apps`, `v1` in the one without a name. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** One object of the API, whatever version it is written in. */
export function identityOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  return [groupOf(apiVersion), kind, metadata.namespace ?? "", metadata.name].join("/");
}

/** `Deployment shop/web`, for people. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
}

function doubles(objects: ReadObjects["objects"]): ExtraProblem[] {
  const first = new Map<string, string>();
  return objects.flatMap(({ index, source, object }) => {
    const { metadata } = object;
    // What says no namespace goes into `default`, where another may have said so.
    const identity = identityOf({
      ...object,
      metadata: { ...metadata, namespace: metadata.namespace ?? "default" },
    });
    const other = first.get(identity);
    if (other === undefined) {
      first.set(identity, source);
      return [];
    }
    return [
      {
        index,
        source,
        message: `contains ${nameOf(object)}, which ${other} also contains`,
        allowed: "each object once",
      },
    ];
  });
}
