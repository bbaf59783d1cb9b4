import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { isMapping } from "../model/core/tree";
import { DEFAULTS } from "../model/settings/defaults";
import { relocated, SettingsError, show, sortedProblems, type Problem } from "../model/settings/problems";
import type { Platform } from "../model/settings/resolved";
import type { NodePool } from "./cloud";
import { secretsByName, type Secrets } from "./secrets";

type Mapping = Readonly<Record<string, unknown>>;

/** A pool that a program creates and passes to its cluster. */
export interface DeclaredPool {
  /** The resource itself. */
  readonly resource: NodePool;
  /** Name of the resource. */
  readonly name: string;
  /** Its class, for reports. */
  readonly component: string;
  readonly platform: Platform;
  /** The pool's name. */
  readonly pool: string;
  /** What the settings would have of it, by name: its machines, or on AWS the pool under `workers`. Addresses may be outputs. */
  readonly entries: Readonly<Record<string, Mapping>>;
  /** What the settings would have of it under `upgrades.pools`; undefined: nothing. */
  readonly upgrades?: Mapping;
  /** The private keys that its machines name; undefined: the cluster has them. */
  readonly secrets?: pulumi.Input<Secrets> | undefined;
}

const declared = new WeakMap<object, DeclaredPool>();
const taken = new WeakSet<object>();

/** Makes a pool known to the cluster that it will be passed to. */
export function declarePool(pool: DeclaredPool): void {
  declared.set(pool.resource, pool);
  const stack = pulumi.runtime.getStackResource() as
    { readonly outputs: { promise(): Promise<unknown> } } | undefined;
  // They are there when the program has ended well. Nothing may be awaited in between: the SDK then looks once more whether
  // something is being registered, and tells the engine that it was all.
  stack?.outputs.promise().then(
    () => {
      if (!taken.has(pool.resource)) refuse(pool);
    },
    () => undefined,
  );
}

/**
 * Fails the run when no cluster has the pool. Without a failing step the engine would go on to delete what the pool had before, and
 * whoever forgot to pass it would lose its nodes; an error that is only logged comes too late for that.
 */
function refuse({ resource, name, pool, component }: DeclaredPool): void {
  const message = `pool ${pool} is in no cluster: pass the ${component} to a Cluster in pools, or remove it from the program`;
  void pulumi.log.error(message, resource);
  new command.local.Command(
    `${name}-in-no-cluster`,
    {
      interpreter: ["node", "-e"],
      create: `console.error(${JSON.stringify(message)}); process.exitCode = 1;`,
    },
    { parent: resource },
  );
}

/** Settings with the pools that the program created for them. */
export interface SettingsWithPools {
  readonly settings: unknown;
  /** What is wrong with the pools. */
  readonly problems: readonly Problem[];
  /** By their names. */
  readonly pools: ReadonlyMap<string, DeclaredPool>;
  /** Machines whose private keys come with their pool. */
  readonly keysElsewhere: readonly string[];
}

/** Where pools are in the settings. */
const KEYS = { machines: "machines", aws: "workers" } as const;

/** Puts pools among the settings of the cluster that they were passed to. */
export function withPools(settings: unknown, given: unknown): SettingsWithPools {
  const problems: Problem[] = [];
  if (given !== undefined && !Array.isArray(given)) problems.push(notPools("pools", given, "is not a list"));
  const pools = (Array.isArray(given) ? (given as readonly unknown[]) : []).flatMap((one, index) => {
    const pool = one !== null && typeof one === "object" ? declared.get(one) : undefined;
    if (pool !== undefined) return [pool];
    problems.push(notPools(`pools[${index}]`, one, "is not a pool"));
    return [];
  });
  const platform = isMapping(settings) && settings["platform"] === "aws" ? "aws" : "machines";
  const own = ownOf(settings, KEYS[platform]);
  problems.push(...misfits(pools, platform, own), ...boundTwice(settings, pools));
  const entries = Object.assign({}, ...pools.map((pool) => pool.entries)) as Mapping;
  const fitting = problems.length === 0 && pools.length > 0 && isMapping(settings);
  return {
    // Those of the settings come first, in their order: the first control-plane node is one of them.
    settings: fitting
      ? { ...settings, [KEYS[platform]]: { ...own, ...entries }, ...upgradesWith(settings, pools) }
      : settings,
    problems,
    pools: new Map(pools.map((pool) => [pool.pool, pool])),
    keysElsewhere: pools.flatMap((pool) => (pool.secrets === undefined ? [] : Object.keys(pool.entries))),
  };
}

/** `upgrades` of the settings with what pools say of theirs. */
function upgradesWith(settings: Mapping, pools: readonly DeclaredPool[]): Mapping {
  const given = new Map<string, Mapping>();
  for (const { pool, upgrades } of pools) if (upgrades !== undefined) given.set(pool, upgrades);
  if (given.size === 0) return {};
  const upgrades = ownOf(settings, "upgrades");
  return { upgrades: { ...upgrades, pools: { ...ownOf(upgrades, "pools"), ...Object.fromEntries(given) } } };
}

function boundTwice(settings: unknown, pools: readonly DeclaredPool[]): Problem[] {
  const inSettings = ownOf(ownOf(settings, "upgrades"), "pools");
  return pools
    .filter(({ pool, upgrades }) => upgrades !== undefined && pool in inSettings)
    .map((pool) => ({
      path: `${placeOf(pool)}.maxUnavailable`,
      value: show(pool.upgrades?.["maxUnavailable"]),
      message: `is set twice: the settings have upgrades.pools.${pool.pool} too`,
      allowed: "one of them",
    }));
}

function ownOf(settings: unknown, key: string): Mapping {
  const own = isMapping(settings) ? settings[key] : undefined;
  return isMapping(own) ? own : {};
}

function notPools(path: string, value: unknown, message: string): Problem {
  const shown = pulumi.Output.isInstance(value)
    ? "an output"
    : Array.isArray(value)
      ? "a list"
      : typeof value;
  return {
    path,
    value: shown,
    message,
    allowed: "a list of WorkerPool, or on AWS of AwsWorkerPool of pulumi-kubeadm/aws",
  };
}

/** Pools that cannot be in this cluster, and names that are there twice. */
function misfits(pools: readonly DeclaredPool[], platform: Platform, own: Mapping): Problem[] {
  const poolNames = new Map(
    poolNamesOf(platform, own).map((name) => [name, "the settings have such a pool"]),
  );
  const machines = new Map(Object.keys(own).map((name) => [name, "a machine in the settings"]));
  return pools.flatMap((pool) => {
    const path = placeOf(pool);
    if (pool.platform !== platform) {
      const message = `is for platform ${pool.platform}`;
      return [{ path, value: pool.component, message, allowed: `a pool for platform ${platform}` }];
    }
    if (taken.has(pool.resource)) {
      const message = "is in another cluster already";
      return [{ path, value: show(pool.pool), message, allowed: "a pool for each cluster" }];
    }
    const found: Problem[] = [];
    const same = poolNames.get(pool.pool);
    if (same !== undefined)
      found.push({
        path,
        value: show(pool.pool),
        message: `is not unique: ${same}`,
        allowed: "another `pool`",
      });
    poolNames.set(pool.pool, "another pool has that name");
    for (const name of platform === "machines" ? Object.keys(pool.entries) : []) {
      const other = machines.get(name);
      if (other !== undefined)
        found.push({
          path: `${path}.machines.${name}`,
          value: show(name),
          message: `is also the name of ${other}`,
          allowed: "another name",
        });
      machines.set(name, `a machine of pool ${pool.pool}`);
    }
    return found;
  });
}

function poolNamesOf(platform: Platform, own: Mapping): string[] {
  if (platform === "aws") return Object.keys(own);
  return Object.values(own).flatMap((machine) => {
    if (!isMapping(machine) || machine["role"] !== "worker") return [];
    const { pool = DEFAULTS.pool } = machine;
    return typeof pool === "string" ? [pool] : [];
  });
}

/** Where a report says that a pool is. */
function placeOf({ pool }: DeclaredPool): string {
  return `pools.${pool}`;
}

/** What `read` returns. Problems with pools are reported at the arguments of their components. */
export function locatingPools<T>({ pools }: SettingsWithPools, environment: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError) || pools.size === 0) throw error;
    const places = [...pools.values()].flatMap((pool) =>
      Object.keys(pool.entries).map((name): [string, string] =>
        pool.platform === "aws"
          ? [`workers.${name}`, placeOf(pool)]
          : [`machines.${name}`, `${placeOf(pool)}.machines.${name}`],
      ),
    );
    const problems = error.problems.map((problem) => relocated(problem, (path) => located(path, places)));
    throw new SettingsError(sortedProblems(problems), environment);
  }
}

function located(path: string, places: readonly (readonly [string, string])[]): string {
  const place = places.find(
    ([from]) => path === from || (/^[.[]/.test(path.slice(from.length)) && path.startsWith(from)),
  );
  return place === undefined ? path : `${place[1]}${path.slice(place[0].length)}`;
}

/** From now on the pools are in a cluster, and in no other. */
export function takePools({ pools }: SettingsWithPools): void {
  for (const { resource } of pools.values()) taken.add(resource);
}

/** The pools by name. */
export function poolResources({ pools }: SettingsWithPools): ReadonlyMap<string, NodePool> {
  return new Map([...pools].map(([name, { resource }]) => [name, resource]));
}

/** The private keys that pools bring, by machine. */
export function keysOfPools({ pools }: SettingsWithPools): Record<string, pulumi.Input<string>> {
  const keys = [...pools.values()].flatMap(({ secrets, entries }) => {
    if (secrets === undefined) return [];
    const machines = Object.entries(entries).map(([name, { key }]) => [name, String(key)] as const);
    const values = secretsByName(secrets, [...new Set(machines.map(([, key]) => key))]);
    return machines.map(([name, key]) => [name, values[key] ?? ""] as const);
  });
  return Object.fromEntries(keys);
}
