/** What the program of a stack takes from its configuration, and what it refuses before anything is made. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ClusterSettingsError } from "../../components/settingsError";
import { stackArgs } from "../../stacks/program";

const cluster = { platform: "machines" };
const encrypted = { secure: "v1:AAAA:BBBB" };

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "stack-args-"));
  void pulumi.runtime.setMocks(
    { newResource: () => ({ id: "", state: {} }), call: () => ({}) },
    "shop",
    "metal",
    false,
  );
});
afterEach(() => {
  pulumi.runtime.setAllConfig({});
  fs.rmSync(folder, { recursive: true });
});

/** As the CLI hands it to the program: objects as JSON, and which keys have a secret in them. */
function given(config: Record<string, unknown>, secretKeys: readonly string[] = []): void {
  const texts = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>, [...secretKeys]);
}

function file(config: Record<string, unknown>, name = "Pulumi.metal.yaml"): void {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), stringify({ config }));
}

function refusal(): string {
  try {
    stackArgs(folder);
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterSettingsError);
    return (error as Error).message;
  }
  return "";
}

const command = "pulumi config set --secret --path 'kubeadm:secrets.operator' < FILE";

describe("secrets of the stack", () => {
  it("are taken where all are encrypted", () => {
    file({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: encrypted } });
    given({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "key" } }, ["kubeadm:secrets"]);
    expect(stackArgs(folder)).toMatchObject({ settings: cluster, secrets: { operator: "key" } });
  });

  it("are refused where none is, wherever the configuration comes from", () => {
    given({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "the text of a key" } });
    expect(refusal()).toContain("kubeadm:secrets.operator: [hidden] is not encrypted");
    expect(refusal()).toContain(command);
    expect(refusal()).not.toContain("the text of a key");
    file({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "the text of a key" } });
    expect(refusal()).toContain("is not encrypted in Pulumi.metal.yaml");
  });

  it("are refused by name where one is and another is not", () => {
    file({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "plain", weave: encrypted } });
    given({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "plain", weave: "w" } }, [
      "kubeadm:secrets",
    ]);
    expect(refusal()).toContain(command);
    expect(refusal()).not.toContain("secrets.weave");
  });

  it("are judged by the file that they come from: another value came from elsewhere", () => {
    file({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "plain", weave: encrypted } });
    given({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "other", weave: "w" } }, [
      "kubeadm:secrets",
    ]);
    expect(refusal()).toBe("");
  });

  it("are found in the folder that the project keeps its stacks in", () => {
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: shop\nstackConfigDir: envs\n");
    file({ "kubeadm:secrets": { operator: "plain", weave: encrypted } }, "envs/Pulumi.metal.yaml");
    given({ "kubeadm:cluster": cluster, "kubeadm:secrets": { operator: "plain", weave: "w" } }, [
      "kubeadm:secrets",
    ]);
    expect(refusal()).toContain(command);
  });
});

describe("the file of the stack", () => {
  it("is refused where the CLI reads it differently from the plan", () => {
    given({ "kubeadm:cluster": { network: { maxNodes: 174 } } });
    fs.writeFileSync(
      path.join(folder, "Pulumi.metal.yaml"),
      "config:\n  kubeadm:cluster: { network: { maxNodes: 0256 } }\n",
    );
    expect(refusal()).toMatch(/line 2: "0256" is number 174 to Pulumi's CLI/);
  });

  it("need not be there", () => {
    given({ "kubeadm:cluster": cluster });
    expect(stackArgs(folder)).toMatchObject({ settings: cluster, secrets: {} });
  });
});
