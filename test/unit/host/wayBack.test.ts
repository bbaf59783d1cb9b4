/** What a failed change of version says of the node that it left. */
import { describe, expect, it } from "vitest";
import { HostProblem } from "../../../host/problem";
import type { NodeStepSpec } from "../../../host/protocol";
import type { StepContext } from "../../../host/step";
import { explained } from "../../../host/steps/wayBack";
import { nodeIdentity } from "../../support/fromSettings";
import { controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { stateLine } from "./sshHost";

const settings = settingsOf({ kubernetesVersion: "1.34.4" });
const cp1 = controlPlaneNode("cp1", 11);
const cluster = "ab".repeat(32);
const record = { ...nodeIdentity(settings, cp1, cluster), state: "joined" };

/** What is said where the host shows these lines beside its record. */
async function said(...lines: string[]): Promise<string> {
  const answer = [stateLine(record), ...lines].join("\n");
  const context = {
    hosts: { query: () => Promise.resolve(answer) },
    cluster,
    spec: { kubernetesVersion: "1.36.4", machines: [] },
  } as unknown as StepContext<NodeStepSpec>;
  return String(await explained(context, cp1, new HostProblem("cp1", "kubeadm failed"), "1.34.4"));
}

describe("a change of version that failed", () => {
  it("names the version that the node has again", async () => {
    expect(await said("##living apiServer 1.34.4")).toContain(
      "kubeadm failed. cp1 runs Kubernetes 1.34.4 again, and the cluster serves as before",
    );
  });

  it("names the API server's too where the control plane went through versions before", async () => {
    expect(await said("##living apiServer 1.35.8")).toContain(
      "cp1 runs Kubernetes 1.35.8, with its kubelet of 1.34.4, again, and the cluster serves as before",
    );
  });

  it("says that the next run puts it back where it is not", async () => {
    expect(await said("##undo")).toContain("cp1 is between Kubernetes 1.34.4 and 1.36.4");
  });
});
