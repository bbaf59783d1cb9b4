import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../../model/kubernetes";
import { TENANT_REFUSALS } from "../../../model/tenants/settings";
import { tenantPolicies } from "../../../model/tenants/admission";
import { metalSettings } from "../../support/settings";

const cni = { kind: "flannel", podCidr: "10.244.0.0/16", networkPolicy: "kube-network-policies" };
const policies = (tenants: object): KubernetesObject[] =>
  tenantPolicies(metalSettings({ cni, tenants }).tenancy);

interface Selector {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

function bindings(objects: readonly KubernetesObject[]) {
  return objects
    .filter((one) => one.kind.endsWith("Binding"))
    .map((one) => {
      const spec = one["spec"] as unknown as {
        policyName: string;
        validationActions: string[];
        matchResources: { namespaceSelector: { matchExpressions: Selector[] } };
      };
      const { matchExpressions } = spec.matchResources.namespaceSelector;
      return { name: one.metadata.name, ...spec, matchExpressions };
    });
}

/** Whether a binding holds in the namespace of a tenant; undefined for one that is not a tenant's. */
function holds(selectors: readonly Selector[], tenant: string | undefined): boolean {
  return selectors.every(({ operator, values = [] }) => {
    if (operator === "Exists") return tenant !== undefined;
    if (operator === "In") return tenant !== undefined && values.includes(tenant);
    return tenant === undefined || !values.includes(tenant);
  });
}

describe("what admission refuses to tenants", () => {
  it("is nothing without tenants", () => expect(policies({})).toEqual([]));

  it("has a binding for each policy, which comes after it, denies, and holds in no other namespace", () => {
    const objects = policies({ shop: { hosts: ["a.example.com"], priorityClasses: ["b"] }, pay: {} });
    const names = objects.map((one) => `${one.kind} ${one.metadata.name}`);
    for (const { name, policyName, validationActions, matchExpressions } of bindings(objects)) {
      const [own, its] = [
        `ValidatingAdmissionPolicyBinding ${name}`,
        `ValidatingAdmissionPolicy ${policyName}`,
      ];
      expect(names.indexOf(its)).toBeGreaterThanOrEqual(0);
      expect(names.indexOf(own)).toBeGreaterThan(names.indexOf(its));
      expect(validationActions).toEqual(["Deny"]);
      expect(holds(matchExpressions, undefined)).toBe(false);
    }
    expect(new Set(names).size).toBe(names.length);
    for (const one of objects) expect(one.metadata.name).toMatch(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/);
    for (const one of objects.filter((each) => each.kind === "ValidatingAdmissionPolicy"))
      expect(one["spec"]).toMatchObject({ failurePolicy: "Fail" });
  });

  it.each(TENANT_REFUSALS.filter((word) => word !== "externalIPs"))(
    "%s is let one tenant do, and no other",
    (word) => {
      const before = bindings(policies({ shop: {}, pay: {} }));
      const after = bindings(policies({ shop: { allow: [word] }, pay: {} }));
      const of = (all: typeof before, tenant: string): string[] =>
        all.filter((one) => holds(one.matchExpressions, tenant)).map((one) => one.name);
      expect(of(after, "pay")).toEqual(of(before, "pay"));
      expect(of(before, "shop").length - of(after, "shop").length).toBe(1);
    },
  );

  it("compares hosts with those of every other tenant, and never with one's own", () => {
    const all = bindings(policies({ shop: {}, pay: {}, edge: { allow: ["sharedHosts"] } }));
    const compared = (tenant: string): string[] =>
      all
        .filter((one) => one.policyName.endsWith("taken-hosts") && holds(one.matchExpressions, tenant))
        .map((one) => one.name.replace(/.*-/, ""));
    expect([compared("shop"), compared("pay"), compared("edge")]).toEqual([
      ["pay", "edge"],
      ["shop", "edge"],
      [],
    ]);
  });
});
