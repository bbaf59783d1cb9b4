import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import "../../aws";
import { Cluster } from "../../components/cluster";
import { ControlPlane } from "../../components/kubeadm/controlPlane";
import { LoadBalancer } from "../../components/machines/loadBalancer";
import { preflightStep, type StepsArgs } from "../../components/machines/steps";
import { poolsOf, WorkerPool } from "../../components/machines/workerPool";
import { checked } from "../../components/part";
import { renderKubeconfig } from "../../model/kubeconfig";
import { byName, record, type Recorded } from "../../testing/recorder";
import { metalInput, metalSettings, type RawSettings } from "../support/settings";
import { KEY, made } from "./providers";

const machines = metalInput().machines as Record<string, RawSettings>;
type Output = { isSecret: Promise<boolean>; promise(): Promise<string> };

/** The parts of a cluster that reach hosts, on their own. */
function parts(over: RawSettings = {}): Promise<readonly Recorded[]> {
  const settings = metalSettings(over);
  return record(
    () => {
      const args: StepsArgs = {
        settings,
        sshKeys: {},
        clusterId: "ab".repeat(32),
        controlPlaneFiles: pulumi.secret([]),
      };
      const preflight = preflightStep("preflight", args, {});
      const plane = new ControlPlane("plane", { ...args, after: [preflight] });
      const general = poolsOf(settings).filter(({ pool }) => pool === "general");
      new WorkerPool("pool", checked(general[0])).createSteps({
        ...args,
        after: [preflight],
        controlPlaneNodes: plane.nodeSteps,
      });
      new LoadBalancer("balancer", { ...args, after: [preflight] });
    },
    { outputs: made },
  );
}

/** Names of what a resource waits for, itself and its parents left out. */
function waitsFor(all: readonly Recorded[], name: string): string[] {
  const names = new Map(all.map((one) => [one.urn, one.name]));
  return byName(all, name)
    .dependsOn.map((urn) => names.get(urn) ?? urn)
    .sort();
}

describe("the control plane", () => {
  it("sets its control-plane nodes up side by side, inits once, and lets them join one after the other", async () => {
    const all = await parts();
    for (const name of ["cp1", "cp2", "cp3"])
      expect(waitsFor(all, `plane-${name}-setup`)).toEqual(["preflight"]);
    expect(waitsFor(all, "plane-init")).toEqual(["plane-cp1-setup", "plane-cp2-setup", "plane-cp3-setup"]);
    expect(waitsFor(all, "plane-cp1-node")).toEqual(["plane-cp1-setup", "plane-init"]);
    expect(waitsFor(all, "plane-cp2-node")).toEqual(["plane-cp1-node", "plane-cp2-setup", "plane-init"]);
    expect(waitsFor(all, "plane-cp3-node")).toEqual(["plane-cp2-node", "plane-cp3-setup", "plane-init"]);
  });

  it("costs two resources a control-plane node and one for init", async () => {
    const all = await parts();
    const plane = byName(all, "plane");
    const children = all.filter((one) => one.parent === plane.urn);
    expect(children).toHaveLength(7);
    const one = await parts({ machines: { cp1: machines.cp1, w1: machines.w1 } });
    expect(one.filter((child) => child.parent === byName(one, "plane").urn)).toHaveLength(3);
  });

  it("keeps init's name when the first control-plane node is another one: it is not a machine's", async () => {
    const { cp1, cp2, cp3, ...workers } = machines;
    const turned = await parts({ machines: { cp3, cp2, cp1, ...workers } });
    expect(byName(turned, "plane-init").parent).toBe(byName(turned, "plane").urn);
    expect(waitsFor(turned, "plane-cp3-node")).toEqual(["plane-cp3-setup", "plane-init"]);
  });
});

describe("a worker pool", () => {
  it("has the machines of its pool, two resources each, that join side by side after every control-plane node", async () => {
    const other = { ...machines.w2, pool: "gpu" };
    const all = await parts({ machines: { ...machines, w2: other } });
    const children = all.filter((one) => one.parent === byName(all, "pool").urn);
    expect(children.map((one) => one.name).sort()).toEqual(["pool-w1-node", "pool-w1-setup"]);
    expect(waitsFor(all, "pool-w1-setup")).toEqual(["preflight"]);
    const both = await parts();
    for (const name of ["w1", "w2"])
      expect(waitsFor(both, `pool-${name}-node`)).toEqual([
        "plane-cp1-node",
        "plane-cp2-node",
        "plane-cp3-node",
        `pool-${name}-setup`,
      ]);
  });
});

describe("a load balancer", () => {
  it("is one setup a machine and no node step", async () => {
    const { hostKey } = machines.w1;
    const lb1 = { role: "loadBalancer", host: "192.0.2.5", user: "ubuntu", hostKey, key: "operator" };
    const all = await parts({
      machines: { ...machines, lb1 },
      endpoint: { kind: "loadBalancer", machine: "lb1" },
    });
    const children = all.filter((one) => one.parent === byName(all, "balancer").urn);
    expect(children.map((one) => one.name)).toEqual(["balancer-lb1-setup"]);
    expect(waitsFor(all, "balancer-lb1-setup")).toEqual(["preflight"]);
  });
});

describe("the kubeconfig", () => {
  async function cluster(over: RawSettings = {}, preview = false) {
    let made_: Cluster | undefined;
    const settings = { ...metalInput(), ...over } as unknown as ConstructorParameters<
      typeof Cluster
    >[1]["settings"];
    const all = await record(() => (made_ = new Cluster("metal", { settings, environment: "metal" })), {
      outputs: preview ? undefined : made,
      preview,
      onWarning: () => undefined,
    });
    if (made_ === undefined) throw new Error("no cluster was made");
    return { all, kubeconfig: made_.kubeconfig as unknown as Output };
  }

  interface Kubeconfig {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  }

  it("is secret, holds the administrator's credentials, and names the server by its certificate", async () => {
    const { kubeconfig } = await cluster();
    expect(await kubeconfig.isSecret).toBe(true);
    const { clusters, users } = parse(await kubeconfig.promise()) as Kubeconfig;
    const text = (encoded: string) => Buffer.from(encoded, "base64").toString();
    expect(clusters[0].cluster.server).toMatch(/^https:\/\/192\.0\.2\.11:6443$/);
    expect(clusters[0].cluster["tls-server-name"]).toBe("api.metal.example.internal");
    expect(text(clusters[0].cluster["certificate-authority-data"])).toBe(
      "certificate of metal-pki-ca-certificate\n",
    );
    expect(text(users[0].user["client-key-data"])).toBe(`${KEY}metal-pki-admin-key`);
    expect(text(users[0].user["client-certificate-data"])).toBe(
      "certificate of metal-pki-admin-certificate\n",
    );
  });

  it("is not known before init is done: a provider that finds no API when it starts stays without one", async () => {
    const { all } = await cluster();
    const provider = byName(all, "metal-kubernetes");
    expect(provider.dependsOn).toContain(byName(all, "metal-control-plane-init").urn);
    expect(pulumi.runtime.isRpcSecret(provider.inputs.kubeconfig)).toBe(true);
    const early = await cluster({}, true);
    expect(await early.kubeconfig.isSecret).toBe(true);
    const { kubeconfig } = byName(early.all, "metal-kubernetes").inputs;
    expect(pulumi.runtime.unwrapRpcSecret(kubeconfig)).toBe(pulumi.unknown);
  });

  it("verifies a name that every API server has where the endpoint is an address", () => {
    const settings = metalSettings({ endpoint: { kind: "address", host: "192.0.2.250", port: 6443 } });
    const text = renderKubeconfig(settings, { caCertificate: "ca", certificate: "c", key: "k" });
    const { clusters } = parse(text) as Kubeconfig;
    expect(clusters[0].cluster["tls-server-name"]).toBe("kubernetes");
  });
});
