import { describe, expect, it } from "vitest";
import { manifestResource, manifestResources } from "../../../components/kubernetes/manifest";
import type { KubernetesObject } from "../../../model/kubernetes";
import { byName, record } from "../../../testing/recorder";

const object = (apiVersion: string, kind: string, name: string): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name },
  spec: {},
});

describe("manifestResource", () => {
  it("makes the typed resource of the object's own kind, with the object as its inputs", async () => {
    const budget = { ...object("policy/v1", "PodDisruptionBudget", "b"), spec: { maxUnavailable: 1 } };
    const [resource] = await record(() => manifestResource("x", budget));
    expect(resource.type).toBe("kubernetes:policy/v1:PodDisruptionBudget");
    expect(resource.inputs).toMatchObject({ metadata: { name: "b" }, spec: { maxUnavailable: 1 } });
  });
});

describe("manifestResources", () => {
  const objects = [
    object("apps/v1", "Deployment", "d"),
    object("v1", "Service", "s"),
    object("rbac.authorization.k8s.io/v1", "ClusterRole", "system:d"),
    object("v1", "Namespace", "n"),
  ];

  it("makes namespaces first, then what pods need, then pods and Services side by side", async () => {
    const resources = await record(() => manifestResources("add", objects, {}));
    const namespace = byName(resources, "add-namespace-n");
    const role = byName(resources, "add-cluster-role-system-d");
    expect(namespace.dependsOn).toEqual([]);
    expect(role.dependsOn).toEqual([namespace.urn]);
    for (const name of ["add-deployment-d", "add-service-s"]) {
      expect([...byName(resources, name).dependsOn].sort()).toEqual([namespace.urn, role.urn].sort());
    }
  });

  it("names a resource the same whatever else is in the list", async () => {
    const all = await record(() => manifestResources("add", objects, {}));
    const one = await record(() => manifestResources("add", [objects[1]], {}));
    expect(all.map((resource) => resource.name)).toContain(one[0].name);
  });
});
