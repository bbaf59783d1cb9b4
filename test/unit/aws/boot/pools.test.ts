import { describe, expect, it } from "vitest";
import {
  adoptedLabels,
  kubeletMaySet,
  poolMachine,
  registeredLabels,
} from "../../../../model/aws/node/pools";
import { joinDocument } from "../../../../model/kubeadm";
import { awsSettings, poolOf } from "./support";
import { filesOfNode } from "../../../support/fromSettings";
import { nodeSpec } from "../../../../model/settings/specs";

describe("labels of a pool", () => {
  it.each([
    ["disk", true],
    ["example.com/disk", true],
    ["notkubernetes.io/disk", true],
    ["node.kubernetes.io/disk", true],
    ["kubelet.kubernetes.io/disk", true],
    ["topology.kubernetes.io/zone", true],
    ["node-role.kubernetes.io/web", false],
    ["node-restriction.kubernetes.io/tenant", false],
    ["team.k8s.io/disk", false],
    ["kubernetes.io/disk", false],
  ])("%s may be set by the kubelet: %s", (label, may) => expect(kubeletMaySet(label)).toBe(may));

  it("are either the kubelet's or a control-plane node's, none of them both", () => {
    const pool = { name: "general", labels: { disk: "fast", "node-restriction.kubernetes.io/tenant": "a" } };
    expect(registeredLabels(pool)).toEqual({ disk: "fast", "pulumi-kubeadm.github.io/pool": "general" });
    expect(adoptedLabels(pool)).toEqual({
      "node-restriction.kubernetes.io/tenant": "a",
      "node-role.kubernetes.io/general": "",
    });
  });
});

describe("kubeadm's documents on AWS", () => {
  const settings = awsSettings();

  it("give kubelets the external cloud provider, and tokens where only the instance knows", () => {
    const text = joinDocument(settings, poolMachine(poolOf(settings)), "/run/discovery");
    expect(text).toContain("name: '@NODE_NAME@'".replaceAll("'", '"'));
    expect(text).toMatch(/name: cloud-provider\n\s+value: external/);
    expect(text).toMatch(/name: node-ip\n\s+value: "@NODE_ADDRESS@"/);
  });

  const [controlPlaneNode] = settings.machines;
  const cluster = (given = settings): string =>
    filesOfNode(given, given.machines[0] ?? poolMachine(poolOf(given))).find((file) =>
      file.path.endsWith("/kubeadm.yaml"),
    )?.content ?? "";

  it("set the issuer by its token, with AWS' audience for nobody but AWS", () => {
    expect(cluster()).toMatch(/name: service-account-issuer\n\s+value: \$\{issuer\}/);
    expect(cluster()).toMatch(
      /name: api-audiences\n\s+value: \$\{issuer\},https:\/\/kubernetes\.default\.svc\.cluster\.local\n/,
    );
    expect(cluster()).toMatch(/name: service-account-jwks-uri\n\s+value: \$\{issuer\}\/openid\/v1\/jwks/);
  });

  it("leave the issuer alone without pod identity", () => {
    expect(cluster(awsSettings({ podIdentity: false }))).not.toContain("issuer");
  });

  it("have no empty name in the certificate, where the address for people is an output", () => {
    expect(cluster()).not.toMatch(/certSANs:[^:]*- ""/);
  });

  it("do not change on a control-plane node when a pool grows, and do when one is added", () => {
    if (controlPlaneNode === undefined) throw new Error("no control-plane node");
    const view = (workers: Record<string, unknown>) => nodeSpec(awsSettings({ workers }), controlPlaneNode);
    const general = { count: 2, instanceType: "t3.large" };
    const more = { count: 9, instanceType: "m7i.large", tags: { a: "b" }, joinTimeoutSeconds: 900 };
    expect(view({ general: more })).toEqual(view({ general }));
    expect(view({ general, burst: more })).not.toEqual(view({ general }));
  });
});
