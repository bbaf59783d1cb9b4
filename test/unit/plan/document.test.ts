import { beforeAll, describe, expect, it, vi } from "vitest";
import { COMPUTED, SECRET, type PlannedResource } from "../../../plan/resources";
import type { Plan } from "../../../plan/plan";
import { fileOf, metalPlan, someSecrets } from "./support";

let plan: Plan;
let resources: readonly PlannedResource[];

beforeAll(async () => {
  plan = await metalPlan();
  ({ resources } = plan.document);
});

function resource(name: string): PlannedResource {
  const found = resources.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no resource ${name}`);
  return found;
}

describe("plan.json", () => {
  it("is the same bytes every time, at any time of any day", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2039-12-31T23:59:59.999Z") });
    const again = await metalPlan().finally(() => vi.useRealTimers());
    expect(fileOf(again, "plan.json")).toBe(fileOf(plan, "plan.json"));
    expect(again.files).toEqual(plan.files);
  });

  it("gives every resource its name, type, parent, dependencies, options and inputs", () => {
    const parsed = JSON.parse(fileOf(plan, "plan.json")) as { environment: string; resources: object[] };
    expect(parsed.environment).toBe("metal");
    expect(parsed.resources.length).toBeGreaterThan(30);
    for (const one of parsed.resources) {
      expect(Object.keys(one)).toEqual(["name", "type", "parent", "dependsOn", "options", "inputs"]);
    }
  });

  it("lists a resource after its parent and everything it depends on, and refers to none that is not there", () => {
    const seen = new Set<string>();
    for (const one of resources) {
      for (const other of [one.parent, ...one.dependsOn]) {
        if (other !== null) expect(seen, `${one.name} before ${other}`).toContain(other);
      }
      seen.add(one.name);
    }
    expect(seen.size).toBe(resources.length);
  });

  it("masks what only a provider can make, instead of making it up", () => {
    const setup = resource("metal-control-plane-cp1-setup").inputs.environment;
    expect(setup).toMatchObject({ KUBEADM_CLUSTER_ID: COMPUTED });
    expect(resource("metal-pki-admin-certificate").inputs.caCertPem).toBe(COMPUTED);
  });

  it.each([
    ["metal-control-plane-cp1-setup", "stdin"],
    ["metal-control-plane-cp1-node", "stdin"],
    ["metal-control-plane-init", "stdin"],
    ["metal-pki-ca-certificate", "privateKeyPem"],
    ["metal-pki-admin-certificate", "caPrivateKeyPem"],
    ["metal-kubernetes", "kubeconfig"],
  ])("marks %s.%s as a secret, known or not", (name, property) => {
    expect(resource(name).inputs[property]).toBe(SECRET);
  });

  it("holds no secret, nor does any other file, when the secrets are there to be read", async () => {
    const secrets = someSecrets();
    const encryption = { keys: ["generated", "older"] };
    const known = await metalPlan({ secrets, secretNames: Object.keys(secrets) }, { encryption });
    expect(known.files.length).toBe(plan.files.length);
    for (const value of Object.values(secrets)) {
      const lines = value.split("\n").filter((line) => line.length > 30 && !line.startsWith("-----"));
      expect(lines.length).toBeGreaterThan(0);
      for (const file of known.files) {
        for (const line of lines)
          expect(file.content.includes(line), `${file.path} holds a secret`).toBe(false);
      }
    }
    expect(known.document.watch.filter((item) => item.kind === "todo")).toEqual([]);
  });

  it("tells for every ignored property why", () => {
    const ignored = resources.flatMap((one) => one.options.ignoreChanges ?? []);
    expect(ignored.map((one) => one.property)).toEqual(["stdin", "environment.KUBEADM_SPEC"]);
    for (const { reason } of ignored) expect(reason).not.toBe("no reason given");
  });

  it("shows the options that decide over replacing and deleting", () => {
    expect(resource("metal-control-plane-cp2-node").options).toMatchObject({
      deleteBeforeReplace: true,
    });
    expect(resource("metal-pki-ca-key").options).toMatchObject({ protect: true });
    expect(resource("metal-flannel-daemon-set-kube-flannel-ds").options).toMatchObject({
      deletedWith: "metal-control-plane-init",
      provider: "metal-kubernetes",
    });
  });

  it("counts the resources by type", () => {
    const { counts } = plan.document;
    expect(counts.total).toBe(resources.length);
    expect(Object.values(counts.byType).reduce((sum, one) => sum + one, 0)).toBe(counts.total);
    expect(counts.byType["kubeadm:index:Cluster"]).toBe(1);
  });

  it("depends on no path", () => {
    expect(fileOf(plan, "plan.json")).not.toContain(process.cwd());
  });
});

describe("certificates", () => {
  it("names each with its span and who renews it", () => {
    const byName = new Map(plan.document.certificates.map((one) => [one.name, one]));
    expect(byName.get("CA kubernetes")).toMatchObject({ validDays: 3650 });
    expect(byName.get("CA kubernetes")?.renewed).toContain("never");
    expect(byName.get("kubernetes-admin")?.renewed).toContain("pulumi up");
    expect(byName.get("API server")?.renewed).toContain("pulumi-kubeadm-renew-certificates");
    expect(byName.has("Kubelet, serving")).toBe(true);
  });

  it("takes the span of leaf certificates from the settings", async () => {
    const { document } = await metalPlan({}, { certificates: { validityDays: 90, renewBeforeDays: 20 } });
    const leaf = document.certificates.find((one) => one.name === "API server");
    expect(leaf).toMatchObject({ validDays: 90 });
    expect(leaf?.renewed).toContain("20 days");
  });
});

describe("what to watch", () => {
  it("names each secret that nobody has set, with the command that sets it", () => {
    const todo = plan.document.watch.filter((item) => item.kind === "todo");
    expect(todo).toHaveLength(1);
    expect(todo[0].text).toContain("operator");
    expect(todo[0].command).toContain("kubeadm:secrets.operator");
    expect(plan.document.secrets).toEqual({ referredTo: ["operator"], missing: ["operator"] });
  });

  it("says that encrypted secrets were not checked, and asks for none of them", async () => {
    const { document } = await metalPlan({ secretNames: ["operator"] });
    expect(document.secrets.missing).toEqual([]);
    expect(document.watch.some((item) => item.kind === "todo")).toBe(false);
    expect(document.watch.some((item) => item.text.includes("encrypted"))).toBe(true);
  });

  it("lists what is protected, fixed and ignored", () => {
    const kinds = plan.document.watch.map((item) => item.kind);
    expect(kinds).toEqual(expect.arrayContaining(["fixed", "protected", "ignored", "capacity", "renewal"]));
    const held = plan.document.watch.find((item) => item.kind === "protected");
    expect(held?.names).toContain("metal-pki-ca-key");
  });
});

describe("wrong settings", () => {
  it("end in one report with every problem, before any resource", async () => {
    const network = { serviceCidr: "10.244.0.0/24", maxNodes: 0 };
    await expect(metalPlan({}, { network })).rejects.toThrow(/network\.maxNodes[\s\S]*network\.serviceCidr/);
  });
});
