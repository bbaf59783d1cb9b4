/** Reads every object and every Secret of a restored cluster. */
import type { RestoredCluster } from "./cluster";
import { RehearsalError } from "./problem";

export interface Counted {
  /** How many objects there are, by kind and group: `Pod`, `Deployment.apps`. */
  readonly objects: Readonly<Record<string, number>>;
  readonly secrets: {
    readonly total: number;
    readonly decrypted: number;
    /** `namespace/name` of those that do not decrypt; the first of them. */
    readonly unreadable: readonly string[];
    /** How many are in etcd as plain text. */
    readonly plain: number;
  };
  /** Kinds that the API server does not read, and why. */
  readonly unread: readonly string[];
}

const DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const METADATA = "application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadataList";
const SECRETS = "/registry/secrets/";
const WEBHOOKS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/** Objects in one answer. */
const PAGE = 500;
/** Names that a report has. */
const MOST_NAMED = 10;

/** Groups whose objects another group serves, too, and what the API server makes up when it is asked. */
const SHOWN_TWICE = ["events.k8s.io"];
const MADE_UP = ["componentstatuses"];

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind: string };
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

/** @throws RehearsalError */
export async function countObjects(cluster: RestoredCluster): Promise<Counted> {
  const objects: Record<string, number> = {};
  const unread: string[] = [];
  const converted = await convertedByWebhook(cluster);
  for (const resource of await resourcesOf(cluster)) {
    const { group, plural, kind } = resource;
    if (group === "" && plural === "secrets") continue;
    const name = group === "" ? kind : `${kind}.${group}`;
    const counted = converted.has(`${plural}.${group}`)
      ? await stored(cluster, `/registry/${group}/${plural}/`)
      : await listed(cluster, resource);
    if (typeof counted === "string") unread.push(`${name}: ${counted}`);
    else if (counted > 0) objects[name] = counted;
  }
  const secrets = await decryptSecrets(cluster);
  if (secrets.total > 0) objects["Secret"] = secrets.total;
  return {
    objects: Object.fromEntries(Object.entries(objects).sort(([a], [b]) => (a < b ? -1 : 1))),
    secrets,
    unread,
  };
}

async function resourcesOf(cluster: RestoredCluster): Promise<Resource[]> {
  const found: Resource[] = [];
  for (const path of ["/api", "/apis"]) {
    const { status, body } = await cluster.get(path, DISCOVERY);
    if (status !== 200) throw new RehearsalError(`the API server does not say what it serves: ${why(body)}`);
    for (const { metadata, versions } of (JSON.parse(body) as Discovery).items) {
      const group = metadata?.name ?? "";
      if (SHOWN_TWICE.includes(group)) continue;
      const seen = new Set<string>();
      // The preferred version comes first; a resource may be in a later one alone.
      for (const { version, resources = [] } of versions)
        for (const { resource: plural, responseKind, verbs } of resources) {
          if (!verbs.includes("list") || seen.has(plural) || MADE_UP.includes(plural)) continue;
          seen.add(plural);
          found.push({ group, version, plural, kind: responseKind?.kind ?? plural });
        }
    }
  }
  return found;
}

/** Own resources, as `plural.group`, whose versions a webhook in the cluster converts: it is not here. */
async function convertedByWebhook(cluster: RestoredCluster): Promise<ReadonlySet<string>> {
  const { body } = await cluster.get(WEBHOOKS);
  const { items = [] } = JSON.parse(body) as {
    readonly items?: readonly {
      readonly metadata: { readonly name: string };
      readonly spec?: { readonly conversion?: { readonly strategy?: string } };
    }[];
  };
  return new Set(
    items.filter(({ spec }) => spec?.conversion?.strategy === "Webhook").map(({ metadata }) => metadata.name),
  );
}

async function stored(cluster: RestoredCluster, prefix: string): Promise<number> {
  let count = 0;
  for await (const _ of cluster.keysBelow(prefix)) count += 1;
  return count;
}

/** How many objects the API server reads, or why it does not. */
async function listed(cluster: RestoredCluster, resource: Resource): Promise<number | string> {
  const { group, version, plural } = resource;
  const base = `${group === "" ? `/api/${version}` : `/apis/${group}/${version}`}/${plural}?limit=${PAGE}`;
  let count = 0;
  for (let more = ""; ;) {
    const { status, body } = await cluster.get(`${base}${more}`, METADATA);
    if (status !== 200) return why(body);
    const { items, metadata } = JSON.parse(body) as {
      readonly items?: readonly unknown[];
      readonly metadata?: { readonly continue?: string };
    };
    count += items?.length ?? 0;
    if (metadata?.continue === undefined || metadata.continue === "") return count;
    more = `&continue=${encodeURIComponent(metadata.continue)}`;
  }
}

/** A whole list fails where one Secret does not decrypt: then each is asked for. */
async function decryptSecrets(cluster: RestoredCluster): Promise<Counted["secrets"]> {
  const names: string[] = [];
  let plain = 0;
  for await (const { key, value } of cluster.keysBelow(SECRETS)) {
    names.push(key.slice(SECRETS.length));
    if (!value.subarray(0, 8).equals(Buffer.from("k8s:enc:"))) plain += 1;
  }
  const all = await listed(cluster, { group: "", version: "v1", plural: "secrets", kind: "Secret" });
  if (all === names.length) return { total: all, decrypted: all, unreadable: [], plain };
  const unreadable: string[] = [];
  for (const name of names) {
    const [namespace = "", own = ""] = name.split("/");
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(own)}`;
    const { status } = await cluster.get(path, METADATA.replace("List", ""));
    if (status !== 200) unreadable.push(name);
  }
  return {
    total: names.length,
    decrypted: names.length - unreadable.length,
    unreadable: unreadable.slice(0, MOST_NAMED),
    plain,
  };
}

function why(body: string): string {
  try {
    return (JSON.parse(body) as { readonly message?: string }).message ?? body.slice(0, 200);
  } catch {
    return body.slice(0, 200);
  }
}
