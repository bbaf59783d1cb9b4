import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { corednsManifests } from "../../../model/addons/coredns/manifests";
import { flannelManifests } from "../../support/cniManifests";
import type { Plan } from "../../../plan/plan";
import { metalSettings } from "../../support/settings";
import { fileOf, metalPlan } from "./support";
import { renderNode } from "../../support/fromSettings";

let plan: Plan;
const settings = metalSettings();

beforeAll(async () => {
  plan = await metalPlan();
});

function objects(name: string): unknown[] {
  const parsed = parseAllDocuments(fileOf(plan, name), { version: "1.1" });
  return parsed.map((document) => document.toJS() as unknown);
}

describe("nodes/", () => {
  it.each(["cp1", "cp2", "cp3", "w1", "w2"])(
    "holds what %s is set up by, as the library renders it",
    (name) => {
      const machine = settings.machines.find((one) => one.name === name);
      if (machine === undefined) throw new Error(`no machine ${name}`);
      const rendered = renderNode(settings, machine);
      expect(fileOf(plan, `nodes/${name}/setup.sh`)).toBe(rendered.setupScript);
      expect(fileOf(plan, `nodes/${name}/cleanup.sh`)).toBe(rendered.cleanupScript);
      for (const file of rendered.files)
        expect(fileOf(plan, `nodes/${name}/files${file.path}`)).toBe(file.content);
    },
  );

  it("holds the kubeadm documents of a control-plane node, with the pod range of the settings", () => {
    const documents = objects("nodes/cp1/kubeadm/kubeadm.yaml") as { kind: string; networking?: object }[];
    expect(documents.map((one) => one.kind)).toEqual(
      expect.arrayContaining(["InitConfiguration", "ClusterConfiguration", "KubeletConfiguration"]),
    );
    const cluster = documents.find((one) => one.kind === "ClusterConfiguration");
    expect(cluster?.networking).toMatchObject({ podSubnet: "10.244.0.0/16" });
  });

  it("holds the join document of every node", () => {
    for (const machine of settings.machines) {
      const [join] = objects(`nodes/${machine.name}/kubeadm/join.yaml`);
      expect(join).toMatchObject({ kind: "JoinConfiguration" });
    }
  });

  it("makes scripts executable and nothing else", () => {
    for (const file of plan.files) {
      if (file.path.endsWith(".sh")) expect(file.executable, file.path).toBe(true);
      if (/\.(yaml|json|html|toml|conf)$/.test(file.path))
        expect(file.executable ?? false, file.path).toBe(false);
    }
  });
});

describe("manifests/", () => {
  it.each([
    ["flannel", flannelManifests],
    ["coredns", corednsManifests],
  ])("holds the objects of %s, no more and no fewer, as YAML that kubectl takes", (name, manifests) => {
    const expected = JSON.parse(JSON.stringify(manifests(settings))) as {
      kind: string;
      metadata: { name: string };
    }[];
    const written = objects(`manifests/${name}.yaml`) as typeof expected;
    const key = (one: (typeof expected)[number]) => `${one.kind} ${one.metadata.name}`;
    const sorted = (list: typeof expected) => [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    expect(sorted(written)).toEqual(sorted(expected));
  });

  it("puts a namespace before what lives in it", () => {
    const [first] = objects("manifests/flannel.yaml");
    expect(first).toMatchObject({ kind: "Namespace" });
  });
});

describe("the list of files", () => {
  it("names every file of the plan once", () => {
    expect([...plan.document.files].sort()).toEqual(plan.files.map((file) => file.path).sort());
    expect(new Set(plan.document.files).size).toBe(plan.document.files.length);
  });
});
