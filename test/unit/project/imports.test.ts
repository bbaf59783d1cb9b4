import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = join(__dirname, "../../..");

/** Every TypeScript file of a folder, from the root on. */
function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}

/** Every file of a folder with the files of it that it imports, types included. */
function importsOf(folder: string): Map<string, string[]> {
  const files = sourcesOf(folder);
  const known = new Set(files);
  return new Map(
    files.map((file) => [
      file,
      ts
        .preProcessFile(readFileSync(join(root, file), "utf8"))
        .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
        .map(({ fileName }) => join(dirname(file), fileName))
        .flatMap((path) => [`${path}.ts`, join(path, "index.ts")].filter((one) => known.has(one))),
    ]),
  );
}

/** Groups of files that import one another in a circle (Tarjan's strongly connected components). */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const visit = (file: string): number => {
    let low = order.size;
    order.set(file, low);
    path.push(file);
    const own = low;
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (path.includes(next)) low = Math.min(low, order.get(next) ?? low);
    }
    lowest.set(file, low);
    if (low === own) {
      const group = path.splice(path.indexOf(file));
      if (group.length > 1) found.push(group.sort());
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found.sort();
}

/** Bottom to top: a file imports its own floor and those below. */
const FLOORS: readonly (readonly string[])[] = [
  ["core", "data", "text", "yaml", "kubernetes", "renderedFile", "commandLine"],
  [
    "types",
    "machine",
    "network",
    "cni",
    "addons",
    "pinnedChart",
    "charts",
    "checksums",
    "versions",
    "images",
    "documents",
    "flags",
  ],
  ["kubeadm", "kubeconfig", "cis", "smoke"],
  ["extras", "tenants"],
  ["flows", "immutableSettings"],
  ["node", "packetFilter"],
  ["etcd", "maintenance", "probes"],
  ["nodes on AWS"],
  ["lifecycle"],
  ["rotation", "upgrade"],
  ["aws", "windows"],
  ["reach", "doctor"],
  ["settings"],
];

/** Of AWS, what nodes have for being there; what makes them stands above nodes. */
const AWS_BELOW_NODES = /^model\/aws\/(node\/|names\.|tags\.)/;

/** The types of the settings, and what domains describe themselves with, are what every floor may name. */
const TYPES =
  /^model\/(settings\/(resolved[A-Z]?|input\/(components|machines|network|nodes)\.|problems\.|effect\.|placed\.|prune\.|entries\.|schema\/(primitives|labels)\.)|(addons|aws|tenants|extras|etcd|maintenance)\/([^/]+\/)?settings\.|etcd\/backup\/(input|schedule)\.|maintenance\/input\.)/;
/** How an add-on is written in the settings, and what stands alone of them, goes with the settings. */
const OF_SETTINGS =
  /^model\/(addons\/helm\/.*|(etcd\/backup|maintenance)\/(schema|validate|resolve|index)|(aws|documents|flags)\/validate\/.*|aws\/.*(schema|input|validate|resolve|layout|advise|rules|primitives)|.*\/alone)\.ts$/;

function roomOf(file: string): string {
  if (TYPES.test(file)) return "types";
  if (OF_SETTINGS.test(file)) return "settings";
  if (AWS_BELOW_NODES.test(file)) return "nodes on AWS";
  return (file.split("/")[1] ?? "").replace(/\.ts$/, "");
}

function floorOf(file: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)));
}

describe("imports of the model, types included", () => {
  const graph = importsOf("model");
  const arrows = [...graph].flatMap(([from, all]) => all.map((to) => ({ from, to })));

  it("finds a cycle of three and a chain of none", () => {
    const wheel = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["a", "d"]],
      ["d", ["e"]],
      ["e", []],
    ]);
    expect(cyclesOf(wheel)).toEqual([["a", "b", "c"]]);
  });

  it("sees the whole model", () => {
    expect(arrows.length).toBeGreaterThan(500);
    expect([...graph.keys()].filter((file) => floorOf(file) === -1)).toEqual([]);
  });

  it("make no circle", () => {
    expect(cyclesOf(graph)).toEqual([]);
  });

  it("point down", () => {
    const upward = arrows
      .filter(({ from, to }) => floorOf(to) > floorOf(from))
      .map(({ from, to }) => `${from} -> ${to}`);
    expect(upward).toEqual([]);
  });

  it("keep kubeadm apart from platforms and hosts", () => {
    const above = /^model\/(aws|windows|node|lifecycle|addons)\//;
    expect(arrows.filter(({ from, to }) => from.startsWith("model/kubeadm/") && above.test(to))).toEqual([]);
  });
});
