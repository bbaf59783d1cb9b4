/** Clusters of one program that would share a host, or on AWS a name. */
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import "../../aws";
import { Cluster, type ClusterArgs } from "../../components/cluster";
import { ClusterSettingsError } from "../../components/settingsError";
import { record, type Recorded } from "../../testing/recorder";
import { smallAws } from "../support/awsInput";
import { metalInput, type RawSettings } from "../support/settings";

type Machine = RawSettings & { readonly host: string };

const metal = metalInput() as RawSettings & { readonly machines: Readonly<Record<string, Machine>> };
const secrets = { operator: pulumi.secret("key") };

/** Cluster `two` beside `one`, which is that of `metal`. */
async function beside(two: RawSettings): Promise<readonly Recorded[]> {
  return record(
    () => {
      new Cluster("one", { settings: metal as never, secrets });
      new Cluster("two", { settings: two as unknown as ClusterArgs["settings"], secrets });
    },
    { preview: true, onWarning: () => undefined },
  );
}

function machinesWith(change: (machine: Machine, name: string) => object): Record<string, object> {
  return Object.fromEntries(
    Object.entries(metal.machines).map(([name, machine]) => [name, { ...machine, ...change(machine, name) }]),
  );
}

const elsewhere = ({ host }: Machine) => ({ host: host.replace("192.0.2.", "198.51.100.") });

it("a host of two clusters is refused with both places, before the second one has a resource", async () => {
  const two = {
    ...metal,
    machines: machinesWith((machine, name) => (name === "w2" ? {} : elsewhere(machine))),
  };
  let found: unknown;
  const all = await record(
    () => {
      new Cluster("one", { settings: metal as never, secrets });
      try {
        new Cluster("two", { settings: two as never, secrets });
      } catch (error) {
        found = error;
      }
    },
    { preview: true, onWarning: () => undefined },
  );
  expect(found).toBeInstanceOf(ClusterSettingsError);
  expect((found as Error).message).toContain(
    'settings of Cluster two\n  machines.w2.host: "192.0.2.22" and port 22 are also those of machines.w2.host of Cluster one',
  );
  expect(all.filter(({ name }) => name.startsWith("two"))).toEqual([]);
});

it("other hosts, other ports, and the same private addresses behind another bastion are taken", async () => {
  await beside({ ...metal, machines: machinesWith(elsewhere) });
  await beside({
    ...metal,
    machines: machinesWith(({ host }) => ({
      host,
      port: 2222,
      nodeAddress: host.replace("192.0.2.", "10.9.0."),
    })),
  });
  const { cp1 } = metal.machines;
  const bastion = { host: "198.51.100.1", user: "jump", hostKey: cp1?.["hostKey"], key: "operator" };
  await beside({ ...metal, bastion });
});

it("an address that is an output is compared when it is known", async () => {
  const machines = machinesWith((machine, name) =>
    name === "w2" ? { host: pulumi.output(machine.host), nodeAddress: machine.host } : elsewhere(machine),
  );
  // A preview says it as an error, which the recorder throws.
  await expect(beside({ ...metal, machines })).rejects.toThrow(
    'machines.w2.host: "192.0.2.22" and port 22 are also those of machines.w2.host of Cluster one',
  );
});

it("a name of two clusters on AWS is refused, in one region", async () => {
  const on = (...clusters: readonly (readonly [string, string])[]) =>
    record(
      () => {
        clusters.forEach(([name, region], index) => {
          new Cluster(`c${index}`, { settings: { ...smallAws(), name } as never, secrets, region });
        });
      },
      { preview: true, onWarning: () => undefined },
    );
  await expect(on(["shop", "eu-central-1"], ["shop", "eu-central-1"])).rejects.toThrow(
    'name: "shop" names everything on AWS in eu-central-1, as does name of Cluster c0',
  );
  await on(["shop", "eu-central-1"], ["web", "eu-central-1"]);
});
