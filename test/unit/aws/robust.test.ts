import { describe, expect, it } from "vitest";

import { readCluster } from "../../../model/settings/parse";
import { SettingsError } from "../../../model/settings/problems";
import { REGION, largeAws, smallAws } from "../../support/awsInput";

type Tree = Record<string, unknown> | unknown[];

/** More keys than the two examples have, so that each is put out of shape once. */
function fullAws(): Record<string, unknown> {
  const raw = largeAws();
  const volume = { sizeGiB: 50, iops: 4000, throughput: 200 };
  return {
    ...raw,
    ssh: { authorizedKeys: [] },
    egress: "strict",
    storage: {},
    tags: { team: "a" },
    endpoint: { dns: { zoneId: "Z0123456789ABCDEFGHIJ", name: "api.example.com" } },
    controlPlane: {
      count: 3,
      instanceType: "m7i.large",
      volume,
      revisions: { "cp-1": 2 },
      labels: { a: "b" },
    },
    network: { zones: ["a", "b", "c"], subnetMask: 20, flowLogs: { retentionDays: 3 } },
    workers: {
      general: {
        count: 3,
        instanceType: "m7i.xlarge",
        volume,
        zones: ["a"],
        labels: {},
        taints: ["a=b:NoSchedule"],
      },
      burst: {
        min: 1,
        max: 6,
        instanceTypes: ["m6i.large"],
        spot: { onDemandBase: 1, maxPrice: "0.1" },
        os: "debian-13",
      },
    },
  };
}

function existingAws(): Record<string, unknown> {
  const subnets = [{ id: "subnet-00000001", cidr: "10.0.1.0/24", zone: "a", subnetType: "public" }];
  const raw = smallAws();
  return { ...raw, network: { ...(raw["network"] as object), existing: { vpcId: "vpc-01234567", subnets } } };
}

function pathsOf(tree: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (tree === null || typeof tree !== "object") return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    const own = [...path, key];
    return [own, ...pathsOf(value, own)];
  });
}

function replaced(
  tree: Record<string, unknown>,
  path: readonly (string | number)[],
  value: unknown,
): unknown {
  const copy = structuredClone(tree);
  let node: Tree = copy;
  for (const part of path.slice(0, -1)) node = (node as Record<string, Tree>)[part];
  (node as Record<string, unknown>)[path.at(-1) ?? ""] = value;
  return copy;
}

const ODD: readonly unknown[] = [
  null,
  undefined,
  "",
  "x",
  0,
  -1,
  1.5,
  10 ** 9,
  true,
  [],
  [null],
  {},
  { a: null },
];

describe.each([
  ["small", smallAws],
  ["full", fullAws],
  ["existing", existingAws],
])("settings put out of shape, one place at a time: %s", (_name, base) => {
  it("are taken as they stand", () => {
    expect(() => readCluster(base(), { environment: "cloud", region: REGION })).not.toThrow();
  });

  it.each(ODD.map((value) => [JSON.stringify(value) ?? "undefined", value]))("%s", (_text, value) => {
    for (const path of pathsOf(base())) {
      try {
        readCluster(replaced(base(), path, value), { environment: "cloud", region: REGION });
      } catch (error) {
        if (!(error instanceof SettingsError)) throw new Error(path.join("."), { cause: error });
        expect(error.problems.length).toBeGreaterThan(0);
      }
    }
  });
});
