import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { kubeletConfiguration, kubeProxyConfiguration, patches } from "../../../model/kubeadm";
import type { ClusterSettings, Machine } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";

type Json = Record<string, unknown>;

/** JSON merge patch as RFC 7386 words it, written apart from the model's own. */
function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Json =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

function patchOf(settings: ClusterSettings, one: Machine): Json {
  const files = patches(settings, one);
  expect(files.map((file) => file.path)).toEqual([
    "/etc/kubernetes/pulumi-kubeadm/patches/kubeletconfiguration0+merge.yaml",
  ]);
  return parse(files[0].content) as Json;
}

const userConfig = fc.dictionary(
  fc.constantFrom("maxPods", "evictionHard", "authentication", "failSwapOn", "clusterDNS", "featureGates"),
  fc.oneof(
    fc.constant(null),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.string(), { maxLength: 2 }),
    fc.dictionary(
      fc.constantFrom("memory.available", "anonymous", "Foo"),
      fc.oneof(fc.constant(null), fc.string()),
    ),
  ),
);

describe("kubelet configuration", () => {
  it("lets nobody in without credentials and asks the API server who may do what", () => {
    expect(kubeletConfiguration(settingsOf())).toMatchObject({
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
      authorization: { mode: "Webhook" },
      readOnlyPort: 0,
      serverTLSBootstrap: true,
      rotateCertificates: true,
    });
  });

  it("keeps more for itself on a control-plane node", () => {
    const settings = settingsOf();
    const onControlPlaneNode = kubeletConfiguration(settings, controlPlaneNode("cp1", 11))
      .kubeReserved as Json;
    const onWorker = kubeletConfiguration(settings, machine("w1")).kubeReserved as Json;
    expect(parseInt(onControlPlaneNode.cpu as string, 10)).toBeGreaterThan(
      parseInt(onWorker.cpu as string, 10),
    );
  });

  it("shuts critical pods down within the time of the whole shutdown", () => {
    const config = kubeletConfiguration(settingsOf());
    expect(parseInt(config.shutdownGracePeriodCriticalPods as string, 10)).toBeLessThan(
      parseInt(config.shutdownGracePeriod as string, 10),
    );
  });

  it("takes single keys of the user's into its own objects, and drops what the user sets to null", () => {
    const config = {
      evictionHard: { "memory.available": "1Gi", "nodefs.available": null },
      readOnlyPort: null,
    };
    const merged = kubeletConfiguration(settingsOf({ kubelet: { config } }));
    expect(merged.evictionHard).toEqual(
      expect.objectContaining({ "memory.available": "1Gi", "imagefs.available": "15%" }),
    );
    expect(merged.evictionHard).not.toHaveProperty("nodefs.available");
    expect(merged).not.toHaveProperty("readOnlyPort");
  });

  it("is on every node what the settings say now, whatever the cluster's ConfigMap kept from init", () => {
    fc.assert(
      fc.property(userConfig, userConfig, (before, now) => {
        const kept = kubeletConfiguration(settingsOf({ kubelet: { config: before } }));
        const settings = settingsOf({ kubelet: { config: now } });
        const applied = applyMergePatch(kept, patchOf(settings, machine("w1"))) as Json;
        const wanted = kubeletConfiguration(settings, machine("w1"));
        // What only the former settings named may stay: the patch cannot know of it.
        for (const [key, value] of Object.entries(wanted)) {
          if (typeof value !== "object" || Array.isArray(value)) expect(applied[key]).toEqual(value);
          else expect(applied[key]).toMatchObject(value as Json);
        }
        for (const [key, value] of Object.entries(now))
          if (value === null) expect(applied).not.toHaveProperty(key);
      }),
    );
  });
});

describe("kube-proxy configuration", () => {
  it("takes the mode of the settings and the user's own keys", () => {
    const kubeProxy = { mode: "iptables" as const, config: { conntrack: { maxPerCore: 0 } } };
    expect(kubeProxyConfiguration(settingsOf({ kubeProxy }))).toMatchObject({
      mode: "iptables",
      conntrack: { maxPerCore: 0 },
    });
  });
});
