import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import {
  initStep,
  nodeStep,
  preflightStep,
  setupStep,
  type StepsArgs,
} from "../../components/machines/steps";
import { ignoreReason, INIT_IGNORES } from "../../components/options";
import { CLUSTER_VARIABLE, SPEC_VARIABLE, type HostSpec, type StepInput } from "../../host/protocol";
import type { ClusterSettings } from "../../model/settings/resolved";
import { byName, record, type Recorded } from "../../testing/recorder";
import { metalInput, metalSettings, type RawSettings } from "../support/settings";
import { made } from "./providers";
import { nodeDigest } from "../support/fromSettings";
import { nodeStepSpec, preflightSpec, setupSpec } from "../../components/machines/specs";
import { immutableSettings } from "../../model/settings/specs";

const key = "the-private-key-of-this-test";
const file = { path: "/etc/kubernetes/pki/ca.key", content: "the-ca-key-of-this-test" };

/** One step of each kind, for the machines that tell them apart. */
function steps(settings: ClusterSettings, keys: Record<string, pulumi.Input<string>> = {}) {
  return record(
    () => {
      const args: StepsArgs = {
        settings,
        sshKeys: { operator: pulumi.secret(key), ...keys },
        clusterId: "ab".repeat(32),
        controlPlaneFiles: pulumi.secret([file]),
      };
      const of = (name: string) =>
        settings.machines.find((one) => one.name === name) ?? expect.fail(`no machine ${name}`);
      preflightStep("preflight", args, {});
      initStep("init", args, {});
      setupStep("setup-cp1", args, of("cp1"), {});
      setupStep("setup-w1", args, of("w1"), {});
      nodeStep("node-cp2", args, of("cp2"), {});
      nodeStep("node-w1", args, of("w1"), {});
    },
    { outputs: made },
  );
}

const settings = metalSettings();
let resources: readonly Recorded[];
beforeAll(async () => {
  resources = await steps(settings);
});

const inputs = (name: string, from = resources) => byName(from, name).inputs;
const environment = (name: string, from = resources) =>
  inputs(name, from).environment as Record<string, string>;
const spec = (name: string, from = resources) =>
  JSON.parse(environment(name, from)[SPEC_VARIABLE]) as HostSpec;

/** Standard input as the host program reads it. */
function stdin(name: string, from = resources): StepInput {
  const sent = inputs(name, from).stdin;
  expect(pulumi.runtime.isRpcSecret(sent), `${name} has a secret standard input`).toBe(true);
  return JSON.parse(pulumi.runtime.unwrapRpcSecret(sent) as string) as StepInput;
}

function changedMachine(name: string, over: RawSettings): ClusterSettings {
  const machines = metalInput().machines as Record<string, RawSettings>;
  return metalSettings({ machines: { ...machines, [name]: { ...machines[name], ...over } } });
}

describe("the command", () => {
  it.each([
    ["preflight", ["create", "update"]],
    ["init", ["create", "update"]],
    ["setup-w1", ["create", "update", "delete"]],
    ["node-w1", ["create", "update", "delete"]],
  ])("of %s is there for %j, and does nothing for others", (name, operations) => {
    for (const operation of ["create", "update", "delete"]) {
      const text = operations.includes(operation)
        ? `require("pulumi-kubeadm/host").main("${operation}")`
        : undefined;
      expect(inputs(name)[operation]).toBe(text);
    }
    expect(inputs(name).interpreter).toEqual(["node", "-e"]);
    expect(inputs(name).dir).toBeUndefined();
  });

  it("keeps nothing in the state that tells which machine runs Pulumi", () => {
    const sent = JSON.stringify(resources.map((one) => one.sent));
    for (const own of [process.cwd(), process.execPath, process.env.HOME ?? "/root"])
      expect(sent).not.toContain(`${own}/`);
  });

  it("carries no secret but on standard input", () => {
    for (const { sent, name } of resources) {
      const { stdin: _stdin, ...rest } = sent;
      expect(JSON.stringify(rest), name).not.toMatch(/of-this-test/);
    }
  });
});

describe("the specification", () => {
  const of = (name: string) => settings.machines.find((one) => one.name === name) ?? expect.fail(name);

  it("is what the step reads of the settings", () => {
    expect(spec("preflight")).toEqual(json(preflightSpec(settings)));
    expect(spec("setup-w1")).toEqual(json(setupSpec(settings, of("w1"))));
    expect(spec("node-cp2")).toEqual(json(nodeStepSpec(settings, of("cp2"))));
  });

  it("says what is done to whom", () => {
    expect(spec("init")).toMatchObject({ step: "init", controlPlaneNodes: ["cp1", "cp2", "cp3"] });
    expect(spec("setup-w1")).toMatchObject({ step: "setup", machine: "w1", revision: 1 });
    expect(spec("node-cp2")).toMatchObject({
      step: "node",
      machine: "cp2",
      role: "controlPlane",
      digest: nodeDigest(settings, of("cp2")),
    });
  });

  it("goes with the cluster's identity", () => {
    for (const one of resources) expect(environment(one.name)[CLUSTER_VARIABLE]).toBe("ab".repeat(32));
  });
});

describe("standard input", () => {
  it("opens just the hosts a step talks to: its own and every control-plane node", () => {
    const reached = (name: string) => Object.keys(stdin(name).connections);
    expect(reached("preflight")).toEqual(["cp1", "cp2", "cp3", "w1", "w2"]);
    expect(reached("init")).toEqual(["cp1", "cp2", "cp3"]);
    // A living node asks a control-plane node for its turn.
    expect(reached("setup-w1")).toEqual(["w1", "cp1", "cp2", "cp3"]);
    expect(reached("node-w1")).toEqual(["w1", "cp1", "cp2", "cp3"]);
    expect(reached("node-cp2")).toEqual(["cp2", "cp1", "cp3"]);
  });

  it("has the host's pinned key and the private key that the settings name", () => {
    const { ssh } = settings.machines.find((one) => one.name === "w1") ?? expect.fail("no w1");
    expect(stdin("setup-w1").connections.w1).toEqual({
      host: "192.0.2.21",
      port: 22,
      user: "ubuntu",
      hostKey: ssh.hostKey,
      privateKey: key,
    });
  });

  it("hands the authorities' keys to control-plane nodes and to nobody else", () => {
    for (const name of ["init", "node-cp2"]) expect(stdin(name).files).toEqual([file]);
    for (const name of ["preflight", "setup-cp1", "setup-w1", "node-w1"])
      expect(stdin(name).files).toEqual([]);
  });

  it("has the bastion where there is one", async () => {
    expect(stdin("setup-w1").bastion).toBeUndefined();
    const machines = metalInput().machines as Record<string, { hostKey: string }>;
    const bastion = { host: "192.0.2.99", user: "jump", hostKey: machines.w1.hostKey, key: "jump" };
    const all = await steps(metalSettings({ bastion }), { jump: "the-jump-key-of-this-test" });
    for (const name of ["setup-w1", "node-w1", "preflight", "init"])
      expect(stdin(name, all).bastion).toMatchObject({
        host: "192.0.2.99",
        port: 22,
        user: "jump",
        privateKey: "the-jump-key-of-this-test",
      });
  });

  it("is watched, so that a rotated key reaches later deletions; the specification stays as it was", async () => {
    const rotated = await steps(settings, { operator: pulumi.secret("the-new-key-of-this-test") });
    for (const name of ["setup-w1", "node-w1"]) {
      expect(stdin(name, rotated)).not.toEqual(stdin(name));
      expect(environment(name, rotated)).toEqual(environment(name));
      expect(byName(rotated, name).ignoreChanges).toEqual([]);
    }
  });

  it("changes for those alone who talk to a machine when its SSH port does, and nothing else changes", async () => {
    const moved = await steps(changedMachine("w1", { port: 2222 }));
    const changed = resources
      .map((one) => one.name)
      .filter((name) => JSON.stringify(stdin(name)) !== JSON.stringify(stdin(name, moved)));
    expect(changed.sort()).toEqual(["node-w1", "preflight", "setup-w1"]);
    for (const one of resources) expect(environment(one.name, moved)).toEqual(environment(one.name));
  });

  it("is secret before anything is known of it, too", async () => {
    const unknown = await record(
      () => {
        const args: StepsArgs = {
          settings,
          sshKeys: {},
          clusterId: "",
          controlPlaneFiles: pulumi.secret([]),
        };
        preflightStep("preflight", args, {});
      },
      { preview: true },
    );
    expect(pulumi.runtime.isRpcSecret(inputs("preflight", unknown).stdin)).toBe(true);
  });
});

describe("identity", () => {
  it("replaces a node step, the old one deleted first, and nothing else", () => {
    expect(inputs("node-w1").triggers).toEqual(["w1@1"]);
    expect(byName(resources, "node-w1").deleteBeforeReplace).toBe(true);
    for (const name of ["preflight", "init", "setup-cp1", "setup-w1"]) {
      expect(inputs(name).triggers, name).toBeUndefined();
      expect(byName(resources, name).deleteBeforeReplace, name).toBe(false);
    }
  });

  it("changes with a raised revision, and with nothing that is said of the machine", async () => {
    const raised = await steps(changedMachine("w1", { revision: 2 }));
    expect(inputs("node-w1", raised).triggers).toEqual(["w1@2"]);
    expect(inputs("node-cp2", raised).triggers).toEqual(["cp2@1"]);
    const other = { host: "192.0.2.77", nodeAddress: "10.40.0.77", labels: { a: "b" } };
    const moved = await steps(changedMachine("w1", other));
    expect(inputs("node-w1", moved).triggers).toEqual(["w1@1"]);
  });
});

describe("what is not watched", () => {
  it("is init's alone, and each property has its reason", () => {
    const ignored = INIT_IGNORES.map((one) => one.property);
    expect(byName(resources, "init").ignoreChanges).toEqual(ignored);
    for (const one of resources.filter(({ name }) => name !== "init")) expect(one.ignoreChanges).toEqual([]);
    for (const property of ignored) {
      expect(ignoreReason("metal-control-plane-init", property)?.length).toBeGreaterThan(40);
      expect(ignoreReason("metal-general-w1-setup", property)).toBeUndefined();
    }
    expect(ignoreReason("metal-control-plane-init", "create")).toBeUndefined();
  });

  it("leaves init what it must see: the cluster's identity, and what a cluster is born with", async () => {
    expect(JSON.parse(environment("init").KUBEADM_FIXED)).toEqual(immutableSettings(settings));
    const cni = { kind: "flannel", backend: "vxlan", podCidr: "10.248.0.0/16" };
    const other = await steps(metalSettings({ cni }));
    expect(environment("init", other).KUBEADM_FIXED).not.toBe(environment("init").KUBEADM_FIXED);
    const audit = await steps(metalSettings({ audit: { maxAge: 7 } }));
    expect(environment("init", audit).KUBEADM_FIXED).toBe(environment("init").KUBEADM_FIXED);
  });
});

/** As it is after JSON: what is undefined is gone. */
function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
