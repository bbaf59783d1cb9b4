import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { SPEC_VARIABLE, type StepSpec } from "../../host/protocol";
import { createCluster } from "../../stacks/program";
import { byName, record, type Recorded, type RecordOptions } from "../../testing/recorder";
import { metalInput, type RawSettings } from "../support/settings";
import { made } from "./providers";

function cluster(settings: RawSettings = {}, options: RecordOptions = {}): Promise<readonly Recorded[]> {
  const input = { ...metalInput(), ...settings };
  return record(
    () => {
      createCluster({
        settings: input as unknown as Parameters<typeof createCluster>[0]["settings"],
        environment: "metal",
      });
    },
    { outputs: made, onWarning: () => undefined, ...options },
  );
}

let resources: readonly Recorded[];

beforeAll(async () => {
  resources = await cluster();
});

const urnOf = (name: string) => byName(resources, name).urn;
const component = (one: Recorded) => !one.custom;
const inCluster = (one: Recorded) => one.type.startsWith("kubernetes:");
const plane = "metal-control-plane";

describe("the tree", () => {
  it("has one root, the cluster, and everything else below a component", () => {
    const roots = resources.filter((one) => one.parent === "");
    expect(roots.map((one) => one.name)).toEqual(["metal"]);
    const components = new Set(resources.filter(component).map((one) => one.urn));
    for (const one of resources) if (one.name !== "metal") expect(components, one.name).toContain(one.parent);
  });

  it("names every child after its parent, and no two resources alike", () => {
    const names = new Map(resources.map((one) => [one.urn, one.name]));
    for (const one of resources) {
      if (one.parent !== "") expect(one.name.startsWith(`${names.get(one.parent)}-`), one.name).toBe(true);
    }
    expect(new Set(resources.map((one) => one.name)).size).toBe(resources.length);
  });

  it("gives components tokens of kubeadm:<entry point>:<Class>", () => {
    const components = resources.filter(component);
    expect(components.length).toBeGreaterThanOrEqual(9);
    for (const one of components) expect(one.type).toMatch(/^kubeadm:[a-z]+:[A-Z][A-Za-z]+$/);
  });

  it("ends every component in registerOutputs", async () => {
    const prototype = pulumi.ComponentResource.prototype as unknown as { registerOutputs: () => void };
    const calls = vi.spyOn(prototype, "registerOutputs");
    await cluster();
    const counts = new Map<unknown, number>();
    for (const context of calls.mock.contexts) counts.set(context, (counts.get(context) ?? 0) + 1);
    calls.mockRestore();
    const ours = [...counts].filter(([one]) => (one as pulumi.Resource).constructor.name !== "Stack");
    expect(ours).toHaveLength(resources.filter(component).length);
    // The SDK calls it once for every component, after its constructor.
    for (const [one, count] of ours) expect(count, (one as pulumi.Resource).constructor.name).toBe(2);
  });

  it("is the same when nothing that providers make is known yet", async () => {
    const key = (one: Recorded) => `${one.urn} ${[...one.dependsOn].sort().join(" ")}`;
    const preview = await cluster({}, { preview: true, outputs: undefined });
    expect(preview.map(key).sort()).toEqual(resources.map(key).sort());
  });
});

describe("outputs of a stack", () => {
  it("are never undefined, of which Pulumi would warn at every run", async () => {
    let outputs: object = {};
    const settings = metalInput() as unknown as Parameters<typeof createCluster>[0]["settings"];
    await record(() => void ({ outputs } = createCluster({ settings, environment: "metal" })), {
      outputs: made,
      onWarning: () => undefined,
    });
    expect(Object.keys(outputs).sort()).toEqual([
      "caCertificate",
      "endpoint",
      "kubeconfig",
      "tenantKubeconfigs",
    ]);
    expect(Object.values(outputs)).not.toContain(undefined);
  });
});

describe("order", () => {
  it("sets up no machine before all of them were looked at", () => {
    const setups = resources.filter((one) => one.name.endsWith("-setup"));
    expect(setups).toHaveLength(5);
    for (const one of setups) expect(one.dependsOn, one.name).toContain(urnOf("metal-preflight"));
  });

  it("inits once, when every control-plane node is set up", () => {
    const init = resources.filter((one) => one.name.endsWith("-init"));
    expect(init.map((one) => one.name)).toEqual([`${plane}-init`]);
    for (const name of ["cp1", "cp2", "cp3"])
      expect(init[0].dependsOn).toContain(urnOf(`${plane}-${name}-setup`));
  });

  it("lets control-plane nodes become members one after the other, after init and their own setup", () => {
    const names = ["cp1", "cp2", "cp3"];
    names.forEach((name, index) => {
      const { dependsOn } = byName(resources, `${plane}-${name}-node`);
      expect(dependsOn).toContain(urnOf(`${plane}-init`));
      expect(dependsOn).toContain(urnOf(`${plane}-${name}-setup`));
      const earlier = names.slice(Math.max(0, index - 1), index);
      for (const one of earlier) expect(dependsOn).toContain(urnOf(`${plane}-${one}-node`));
    });
  });

  it("lets workers join after every control-plane node", () => {
    for (const name of ["w1", "w2"]) {
      // What breaks a control-plane node breaks no worker.
      for (const controlPlaneNode of ["cp1", "cp2", "cp3"])
        expect(byName(resources, `metal-pool-general-${name}-setup`).dependsOn).toContain(
          urnOf(`${plane}-${controlPlaneNode}-setup`),
        );
      const { dependsOn } = byName(resources, `metal-pool-general-${name}-node`);
      expect(dependsOn).toContain(urnOf(`metal-pool-general-${name}-setup`));
      for (const controlPlaneNode of ["cp1", "cp2", "cp3"])
        expect(dependsOn).toContain(urnOf(`${plane}-${controlPlaneNode}-node`));
    }
  });

  it("makes the provider of the cluster wait for init, and CoreDNS for the CNI", () => {
    expect(byName(resources, "metal-kubernetes").dependsOn).toContain(urnOf(`${plane}-init`));
    const network = resources.filter((one) => one.parent === urnOf("metal-flannel")).map((one) => one.urn);
    expect(network.length).toBeGreaterThan(0);
    // Its children are registered below it and so after it: the component's own dependencies hold for them.
    const dns = byName(resources, "metal-coredns").dependsOn;
    for (const urn of network) expect(dns).toContain(urn);
  });

  it("makes CoreDNS wait for all nodes, so that its replicas are placed on several", () => {
    const dns = byName(resources, "metal-coredns").dependsOn;
    for (const name of ["w1", "w2"]) expect(dns).toContain(urnOf(`metal-pool-general-${name}-node`));
  });

  it("has no circle in it", () => {
    const waiting = new Map(
      resources.map((one) => [one.urn, [...one.dependsOn, one.parent].filter((urn) => urn !== "")]),
    );
    for (;;) {
      const free = [...waiting].filter(([, others]) => !others.some((urn) => waiting.has(urn)));
      if (free.length === 0) break;
      for (const [urn] of free) waiting.delete(urn);
    }
    expect([...waiting.keys()]).toEqual([]);
  });
});

describe("what lives in the cluster", () => {
  it("uses the cluster's own provider and goes with init", () => {
    const inside = resources.filter(inCluster);
    expect(inside.length).toBeGreaterThan(10);
    for (const one of inside) {
      expect(one.provider.startsWith(`${urnOf("metal-kubernetes")}::`), one.name).toBe(true);
      expect(one.deletedWith, one.name).toBe(urnOf(`${plane}-init`));
    }
  });

  it("keeps its identity when the administrator's certificate is renewed", () => {
    expect(byName(resources, "metal-kubernetes").inputs.clusterIdentifier).toBe(
      "kubeadm:project:stack:metal",
    );
  });
});

describe("hosts", () => {
  const steps = () => resources.filter((one) => one.type === "command:local:Command");

  function specOf(one: Recorded): StepSpec {
    const environment = one.inputs.environment as Record<string, string>;
    return JSON.parse(environment[SPEC_VARIABLE]) as StepSpec;
  }

  it("are two resources each", () => {
    for (const machine of ["cp1", "cp2", "cp3", "w1", "w2"]) {
      const own = steps().filter((one) => {
        const spec = specOf(one);
        return "machine" in spec && spec.machine === machine;
      });
      expect(own.map((one) => specOf(one).step).sort(), machine).toEqual(["node", "setup"]);
    }
  });

  it("add two resources with each machine", async () => {
    const machines = metalInput().machines as Record<string, Record<string, unknown>>;
    const w3 = { ...machines.w2, host: "192.0.2.23", nodeAddress: "10.40.0.23" };
    const more = await cluster({ machines: { ...machines, w3 } });
    expect(more.length - resources.length).toBe(2);
  });

  it("are reached by one door: the package's own program, the same text everywhere, all secrets on standard input", () => {
    for (const one of steps()) {
      expect(one.inputs.interpreter).toEqual(["node", "-e"]);
      for (const operation of ["create", "update", "delete"]) {
        const text = one.inputs[operation];
        if (text !== undefined) expect(text).toBe(`require("pulumi-kubeadm/host").main("${operation}")`);
      }
      expect(pulumi.runtime.isRpcSecret(one.inputs.stdin), one.name).toBe(true);
      expect(JSON.stringify(one.sent.environment)).not.toContain("key of");
    }
  });

  it("are replaced on another identity alone, the old node step deleted first", async () => {
    const machines = metalInput().machines as Record<string, Record<string, unknown>>;
    const raised = await cluster({ machines: { ...machines, w2: { ...machines.w2, revision: 2 } } });
    const triggers = (all: readonly Recorded[]) =>
      new Map(all.filter((one) => one.name.endsWith("-node")).map((one) => [one.name, one.inputs.triggers]));
    const before = triggers(resources);
    const after = triggers(raised);
    const changed = [...before].filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(after.get(name)),
    );
    expect(changed.map(([name]) => name)).toEqual(["metal-pool-general-w2-node"]);
    for (const name of before.keys()) expect(byName(resources, name).deleteBeforeReplace, name).toBe(true);
    for (const one of steps()) {
      if (!/-(node|firewall)$/.test(one.name)) expect(one.inputs.triggers, one.name).toBeUndefined();
    }
    // Of the hosts' firewalls the old step is deleted last: by then who leaves has left.
    expect(byName(resources, "metal-firewall").deleteBeforeReplace).not.toBe(true);
  });
});

describe("secrets", () => {
  it.each([
    ["metal-kubernetes", "kubeconfig"],
    ["metal-pki-ca-certificate", "privateKeyPem"],
    ["metal-pki-etcd-ca-certificate", "privateKeyPem"],
    ["metal-pki-front-proxy-ca-certificate", "privateKeyPem"],
    ["metal-pki-admin-request", "privateKeyPem"],
    ["metal-pki-admin-certificate", "caPrivateKeyPem"],
  ])("stay marked: %s.%s", (name, property) => {
    expect(pulumi.runtime.isRpcSecret(byName(resources, name).inputs[property])).toBe(true);
  });

  it("stand nowhere else: no key is to be read in what the engine gets", () => {
    const plain = (value: unknown): unknown => {
      if (pulumi.runtime.isRpcSecret(value)) return undefined;
      if (Array.isArray(value)) return value.map(plain);
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
    };
    for (const one of resources) expect(JSON.stringify(plain(one.sent)), one.name).not.toContain("key of");
  });

  it("protects the CAs and keys that cannot be made again, and nothing when the settings say so", async () => {
    const held = resources.filter((one) => one.protect).map((one) => one.name);
    for (const part of ["ca", "etcd-ca", "front-proxy-ca"]) {
      expect(held).toContain(`metal-pki-${part}-key`);
      expect(held).toContain(`metal-pki-${part}-certificate`);
    }
    expect(held).toContain("metal-pki-service-account");
    expect(held).not.toContain("metal-pki-admin-key");
    const open = await cluster({ protect: false });
    expect(open.filter((one) => one.protect)).toEqual([]);
  });
});
