import { expect } from "vitest";
import type { LabCluster } from "./cluster";

/** A cluster is what it was at a snapshot, with the ConfigMap `before`, the Secret `deep`, and without what came later. */
export async function expectPutBack(
  cluster: LabCluster,
  { log, kubeconfig, word }: { readonly log: string; readonly kubeconfig: string; readonly word: string },
): Promise<void> {
  expect(log).toMatch(/what was changed in the last \d+ (s|min) is lost/);
  const names = await cluster.kubectl("get", "configmaps", "-o", "name");
  expect(names).toContain("configmap/before");
  expect(names).not.toContain("configmap/after");
  expect(cluster.kubeconfig()).toBe(kubeconfig);
  const read = await cluster.kubectl("get", "secret", "deep", "-o", "jsonpath={.data.word}");
  expect(Buffer.from(read, "base64").toString()).toBe(word);
  await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
}
