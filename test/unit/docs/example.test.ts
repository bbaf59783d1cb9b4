import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { byName, record } from "../../../testing";

it("the example makes a cluster, and what it puts inside ends with it", async () => {
  const resources = await record(() => import("../../../examples/own-program/index.js"), {
    project: "shop",
    config: { operatorKey: "a key" },
    stack: "prod",
    preview: true,
    onWarning: () => undefined,
  });
  const namespace = resources.find(
    (one) => one.type === "kubernetes:core/v1:Namespace" && one.name === "shop",
  );
  const init = byName(resources, "shop-control-plane-init");
  expect(namespace?.deletedWith).toBe(init.urn);
  expect(namespace?.provider).toContain(byName(resources, "shop-kubernetes").urn);
  expect(namespace?.dependsOn).toContain(byName(resources, "shop-coredns-deployment-coredns").urn);
});

it("the example of parts makes each alone, with the provider it was given", async () => {
  const resources = await record(() => import("../../../examples/parts/index.js"), {
    project: "parts",
    config: { kubeconfig: "a kubeconfig" },
    stack: "prod",
    preview: true,
  });
  const roots = resources.filter((one) => one.parent === "").map((one) => one.name);
  expect(roots.sort()).toEqual([
    "cloud",
    "parts",
    "parts-coredns",
    "parts-flannel",
    "parts-pki",
    "parts-roles",
    "parts-shop",
  ]);
  const provider = byName(resources, "parts").urn;
  const inside = resources.filter((one) => one.type.startsWith("kubernetes:"));
  expect(inside.length).toBeGreaterThan(15);
  for (const one of inside) expect(one.provider, one.name).toContain(provider);
});

it("the example of any cloud makes nodes of servers whose addresses nobody knows yet", async () => {
  const resources = await record(() => import("../../../examples/any-cloud/index.js"), {
    project: "any-cloud",
    config: { networkId: "7" },
    stack: "prod",
    preview: true,
    onWarning: () => undefined,
  });
  const server = byName(resources, "w1");
  const step = byName(resources, "shop-pool-default-w1-node");
  expect(step.dependsOn).toContain(server.urn);
  expect(resources.filter(({ name }) => name.endsWith("-setup"))).toHaveLength(3);
  expect(pulumi.runtime.isRpcSecret(step.inputs["stdin"])).toBe(true);
});
