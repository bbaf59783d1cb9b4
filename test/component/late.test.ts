/** Machines that another provider makes in the same program: their addresses and host keys are outputs. */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Cluster, type ClusterArgs } from "../../components/cluster";
import { SPEC_VARIABLE, type StepInput } from "../../host/protocol";
import { byName, record, type Recorded, type RecordOptions } from "../../testing/recorder";
import { metalInput, type RawSettings } from "../support/settings";
import { made } from "./providers";

type Machines = Record<string, RawSettings>;

/** What a machine is made by; in a preview nobody knows its address. */
class Server extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;
  declare readonly hostKey: pulumi.Output<string>;

  constructor(name: string) {
    super("test:index:Server", name, { address: undefined, hostKey: undefined });
  }
}

const given = metalInput()["machines"] as Machines;

/** With servers' outputs in place of addresses and keys of these machines. */
function withServers(names: readonly string[]): Machines {
  return Object.fromEntries(
    Object.entries(given).map(([name, machine]) => {
      if (!names.includes(name)) return [name, plainMachines[name] ?? {}];
      const { address, hostKey } = new Server(name);
      return [name, { ...machine, host: address, hostKey, nodeAddress: address }];
    }),
  );
}

/** The same as plain values. */
const plainMachines: Machines = Object.fromEntries(
  Object.entries(given).map(([name, machine]) => [name, { ...machine, nodeAddress: machine["host"] }]),
);

async function cluster(
  machines: () => Machines,
  over: RawSettings = {},
  options: RecordOptions = {},
): Promise<readonly Recorded[]> {
  const resources = await record(
    () => {
      const settings = { ...metalInput(), ...over, machines: machines() };
      new Cluster("metal", {
        settings: settings as unknown as ClusterArgs["settings"],
        environment: "metal",
        secrets: { operator: pulumi.secret("key"), proxy: pulumi.secret("user:password") },
      });
    },
    {
      outputs: (resource) =>
        resource.type === "test:index:Server" && options.preview !== true
          ? { address: given[resource.name]?.["host"], hostKey: given[resource.name]?.["hostKey"] }
          : made(resource),
      onWarning: () => undefined,
      ...options,
    },
  );
  return resources.filter((one) => one.type !== "test:index:Server");
}

const everyone = Object.keys(given);
/** As they are sent, but for who may still boot, which plain machines do not. */
const inputsOf = (resources: readonly Recorded[]) =>
  resources.map(({ name, sent }) => ({
    name,
    sent: JSON.parse(JSON.stringify(sent).replace(/,\\"created\\":\[[^\]]*\]/, "")) as unknown,
  }));
const names = (resources: readonly Recorded[]) => resources.map(({ urn }) => urn).sort();

function environment(resources: readonly Recorded[], name: string): Record<string, unknown> {
  return byName(resources, name).inputs["environment"] as Record<string, unknown>;
}

/** Steps whose specification is not known yet. */
function unknownSteps(resources: readonly Recorded[]): string[] {
  return resources
    .filter(({ type }) => type === "command:local:Command")
    .map(({ name }) => name)
    .filter((name) => typeof environment(resources, name)[SPEC_VARIABLE] !== "string")
    .sort();
}

describe("addresses that are outputs", () => {
  const nftables = { firewall: "nftables", access: { ssh: ["10.0.0.0/8"], api: ["10.0.0.0/8"] } };
  const bastion = { user: "jump", hostKey: given["cp1"]?.["hostKey"], key: "operator" };
  const tenant = { network: { enforced: false, egress: [{ kubernetesApi: true }, { internet: true }] } };

  it.each<[string, RawSettings]>([
    ["with a firewall on the hosts", nftables],
    ["without one", { firewall: "none", access: {} }],
    ["with a proxy that asks for a password", { proxy: { http: "http://proxy:3128", credentials: "proxy" } }],
    ["with tenants whose policies name the API servers", { tenants: { shop: tenant } }],
  ])("make the same resources as plain ones, %s", async (_, over) => {
    const late = await cluster(() => withServers(everyone), over);
    const plain = await cluster(() => plainMachines, over);
    expect(inputsOf(late)).toEqual(inputsOf(plain));
  });

  it("make the same resources where the bastion's are outputs too", async () => {
    const host = "10.40.0.5";
    const over = { ...nftables, bastion: { ...bastion, host } };
    const late = { ...nftables, bastion: { ...bastion, host: pulumi.output(host) } };
    expect(inputsOf(await cluster(() => plainMachines, late))).toEqual(
      inputsOf(await cluster(() => plainMachines, over)),
    );
  });

  it("are not known in the first preview, which shows every resource", async () => {
    const preview = await cluster(() => withServers(everyone), {}, { preview: true });
    expect(names(preview)).toEqual(names(await cluster(() => plainMachines)));
  });

  it("of a new worker leave the steps of all others as they are", async () => {
    const over = { firewall: "none", access: {}, tenants: { shop: tenant } };
    const preview = await cluster(() => withServers(["w2"]), over, { preview: true });
    const plain = await cluster(() => plainMachines, over, { preview: true });
    expect(unknownSteps(preview)).toEqual([
      "metal-pool-general-w2-node",
      "metal-pool-general-w2-setup",
      "metal-preflight",
    ]);
    for (const name of ["metal-control-plane-cp1-setup", "metal-pool-general-w1-node"])
      expect(environment(preview, name)).toEqual(environment(plain, name));
  });

  it("make a step depend on the machines that it has to outlive", async () => {
    const urns = new Map<string, string>();
    const resources = await record(
      () => {
        const settings = { ...metalInput(), machines: withServers(["cp1", "w1", "w2"]) };
        new Cluster("metal", {
          settings: settings as unknown as ClusterArgs["settings"],
          environment: "metal",
        });
      },
      { preview: true, onWarning: () => undefined },
    );
    for (const { type, name, urn } of resources) if (type === "test:index:Server") urns.set(name, urn);
    const { dependsOn } = byName(resources, "metal-pool-general-w1-node");
    expect(dependsOn).toEqual(expect.arrayContaining([urns.get("w1"), urns.get("cp1")]));
    expect(dependsOn).not.toContain(urns.get("w2"));
  });
});

describe("the check of late values", () => {
  /** What preflight fails with when the values are known. */
  async function problems(over: Machines): Promise<string> {
    const machines = () =>
      Object.fromEntries(
        Object.entries(given).map(([name, machine]) => {
          const late = Object.entries(over[name] ?? {}).map(([key, value]) => [key, pulumi.output(value)]);
          const { nodeAddress: _derived, ...rest } = machine;
          return [name, { ...rest, ...Object.fromEntries(late) }];
        }),
      );
    const preflight = byName(await cluster(machines), "metal-preflight");
    const stdin = pulumi.runtime.unwrapRpcSecret(preflight.inputs["stdin"]) as string;
    return (JSON.parse(stdin) as StepInput).problems ?? "";
  }

  it("names all of them at once, with the values that came", async () => {
    const report = await problems({
      cp2: { host: "192.0.2.11" },
      w1: { nodeAddress: "10.244.3.1" },
      w2: { hostKey: "SHA256:abc", nodeAddress: undefined },
    });
    expect(report.split("\n").filter((line) => !line.startsWith("    "))).toEqual([
      "4 problems in the settings of Cluster metal",
      '  machines.cp2.host: "192.0.2.11" and port 22 are also those of machine cp1',
      expect.stringMatching(/^ {2}machines\.w1\.nodeAddress: "10\.244\.3\.1" .* lies within the pod range/),
      expect.stringMatching(/^ {2}machines\.w2\.hostKey: "SHA256:abc" is a fingerprint/),
      "  machines.w2.nodeAddress: null is empty",
    ]);
    expect(report).toContain("allowed: an address outside 10.244.0.0/16");
  });

  it("has no objection to what fits", async () => {
    expect(await problems({ w1: { host: "w1.example.com", nodeAddress: "10.40.0.21" } })).toBe("");
  });

  it("wants a node address where the host turns out to be a name", async () => {
    expect(await problems({ w1: { host: "w1.example.com" } })).toContain(
      "machines.w1.nodeAddress: is missing",
    );
  });
});
