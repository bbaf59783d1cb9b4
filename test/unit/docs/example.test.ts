import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { byName, record } from "../../../testing";

it("the example makes a cluster, and what it puts inside ends with it", async () => {
  pulumi.runtime.setAllConfig({ "shop:operatorKey": "a key" }, ["shop:operatorKey"]);
  const resources = await record(() => import("../../../examples/own-program/index.js"), {
    project: "shop",
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
