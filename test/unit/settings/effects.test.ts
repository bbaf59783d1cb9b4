import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { refuseMismatch, refuseOtherIssuer, refuseOtherNode } from "../../../host/guard";
import { HostProblem } from "../../../host/problem";
import type { HostState } from "../../../host/state";
import { serviceAccountIssuers } from "../../../model/kubeadm/issuer";
import { covers, effectOf, EFFECTS } from "../../../scripts/settings/effects";
import { effectsPage, EFFECTS_PAGE } from "../../../scripts/settings/effectsPage";
import { read } from "../../../scripts/settings/content";
import { readCluster } from "../../../model/settings/parse";
import { awsCluster, machinesCluster } from "../../../model/settings/schema/cluster";
import { metalInput } from "../../support/settings";
import { expectWritten } from "../../support/written";
import { all, set, type Change } from "./edit";
import { nodeIdentity, knownCluster } from "../../support/fromSettings";

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** Every key that people can write, with `*` for a name and `[]` for a list's entry. */
function keysOf(schema: z.ZodType, at = ""): string[] {
  const definition = schema.def as unknown as Definition;
  const { innerType, shape, valueType, element, options } = definition;
  if (innerType !== undefined) return keysOf(innerType, at);
  if (shape !== undefined)
    return Object.entries(shape).flatMap(([key, value]) => keysOf(value, at === "" ? key : `${at}.${key}`));
  if (valueType !== undefined) return keysOf(valueType, `${at}.*`);
  if (element !== undefined) return keysOf(element, `${at}[]`);
  if (options !== undefined) return options.flatMap((option) => keysOf(option, at));
  return [at];
}

const platforms = [
  ["machines", machinesCluster],
  ["aws", awsCluster],
] as const;

describe.each(platforms)("what a change does, platform %s", (platform, schema) => {
  const keys = [...new Set(keysOf(schema))];

  it("is decided for every key of the schema", () => {
    expect(keys.length).toBeGreaterThan(300);
    expect(keys.filter((key) => effectOf(platform, key) === undefined)).toEqual([]);
  });

  it("is decided for no key that the schema does not have", () => {
    const patterns = [...EFFECTS[platform], ...EFFECTS.everywhere].flatMap((row) => row.keys);
    expect(patterns.filter((pattern) => !keys.some((key) => covers(pattern, key)))).toEqual([]);
  });
});

it("docs/replacement.md has the table as it is here (npm run effects writes it)", async () => {
  const written = read(EFFECTS_PAGE);
  expect(written).toContain("<!-- end of effects -->");
  await expectWritten(EFFECTS_PAGE, effectsPage(written));
});

describe("what is refused", () => {
  const cluster = "ab".repeat(32);
  const parsed = (change: Change) => {
    const raw = metalInput();
    change(raw);
    return readCluster(raw, { environment: "metal" });
  };

  /** A change of each key, from the settings that the base makes. */
  const cases: readonly (readonly [key: string, change: Change, base?: Change])[] = [
    ["name", set("name", "other")],
    ["domain", set("domain", "other.example")],
    ["network.serviceCidr", set("network.serviceCidr", "10.97.0.0/16")],
    ["network.clusterDomain", set("network.clusterDomain", "k8s.example")],
    ["network.nodeCidrMaskSize", set("network.nodeCidrMaskSize", 25)],
    ["cni.kind", set("cni", { kind: "calico", podCidr: "10.244.0.0/16" })],
    [
      "cni.backend",
      all(set("cni.backend", "host-gw"), set("cni.port", undefined), set("cni.vni", undefined)),
    ],
    ["cni.podCidr", set("cni.podCidr", "10.248.0.0/16")],
    ["cni.blockSize", set("cni.blockSize", 28), set("cni", { kind: "calico", podCidr: "10.244.0.0/16" })],
    [
      "cni.kubeProxyReplacement",
      set("cni.kubeProxyReplacement", true),
      all(set("cni", { kind: "cilium", podCidr: "10.244.0.0/16" }), set("kubeProxy", undefined)),
    ],
    [
      "machines.*.role",
      all(
        set("machines.w1.role", "controlPlane"),
        set("machines.w2.role", "controlPlane"),
        set("machines.w1.pool", undefined),
        set("machines.w2.pool", undefined),
      ),
    ],
    ["machines.*.nodeAddress", set("machines.w1.nodeAddress", "10.40.0.99")],
    ["endpoint.kind", set("endpoint", { kind: "address", host: "192.0.2.250" })],
    [
      "endpoint.host",
      set("endpoint", { kind: "address", host: "192.0.2.251" }),
      set("endpoint", { kind: "address", host: "192.0.2.250" }),
    ],
    ["endpoint.port", set("endpoint.port", 7444)],
  ];

  it.each(cases.map(([key, change, base]) => ({ key, change, base: base ?? (() => undefined) })))(
    "$key: preflight refuses it on a living node",
    ({ key, change, base }) => {
      expect(effectOf("machines", key)?.effect.kind).toBe("refused");
      const before = parsed(base);
      const after = parsed(all(base, change));
      const said = before.machines.map((machine) => {
        const living = { facts: {}, managers: {}, issuers: serviceAccountIssuers(before) };
        const state: HostState = {
          node: { ...nodeIdentity(before, machine, cluster), state: "joined" },
          setup: undefined,
          machineId: "1f",
          kubelet: true,
          apiServer: false,
          etcd: false,
          now: 0,
          living,
        };
        const own = after.machines.find((one) => one.name === machine.name);
        try {
          if (own) refuseOtherNode(own, state);
          refuseMismatch(machine.name, state, cluster, knownCluster(after));
          refuseOtherIssuer(machine.name, state, serviceAccountIssuers(after));
          return "";
        } catch (error) {
          if (error instanceof HostProblem) return error.report();
          throw error;
        }
      });
      expect(said.join("")).not.toBe("");
    },
  );

  it("is shown above for every key that can be written on machines", () => {
    const refused = [...EFFECTS.machines, ...EFFECTS.everywhere].filter(
      ({ effect }) => effect.kind === "refused",
    );
    const elsewhere = ["platform"];
    const patterns = refused.flatMap((row) => row.keys).filter((pattern) => !elsewhere.includes(pattern));
    expect(patterns.filter((pattern) => !cases.some(([key]) => covers(pattern, key)))).toEqual([]);
  });
});
