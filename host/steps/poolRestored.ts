import { setTimeout as delay } from "node:timers/promises";
import {
  judgeRestored,
  readRestoredPool,
  replaceInstancesScript,
  restoredPoolScript,
} from "../../model/aws/boot/poolRestored";
import type { PoolReadySpec } from "../protocol";
import type { StepContext } from "../step";

/** Milliseconds for which kubelets may find the API again, and the cloud controller manager what is gone. */
const PATIENCE = 300_000;

/**
 * The first look at a pool after the cluster was put back to a snapshot: instances that the snapshot does not know are replaced, and the
 * others are waited for, because what the snapshot says of them is old. It ends without an error: the wait for Ready nodes follows.
 */
export async function afterRestore(
  { spec, hosts, say }: Pick<StepContext<PoolReadySpec>, "spec" | "hosts" | "say">,
  controlPlaneNode: string,
  interval: number,
  patience = PATIENCE,
): Promise<void> {
  const { cluster, pool } = spec;
  const until = Date.now() + patience;
  const replaced = new Set<string>();
  let since: number | undefined;
  let told = "";
  for (;;) {
    const output = await hosts.query(
      controlPlaneNode,
      `looking at pool ${pool}`,
      "/bin/bash -s",
      restoredPoolScript(cluster, pool),
    );
    const found = readRestoredPool(output);
    const { lost, waits } = judgeRestored(found, (since ??= found.now), spec.timeout);
    const more = lost.filter((id) => !replaced.has(id));
    if (more.length > 0) {
      say(
        `${pool}: ${more.join(", ")} joined after the snapshot, which has no Node of ${more.length === 1 ? "it" : "them"}: replaced`,
      );
      await hosts.query(
        controlPlaneNode,
        `replacing instances of pool ${pool}`,
        "/bin/bash -s",
        replaceInstancesScript(more),
      );
      for (const id of more) replaced.add(id);
    }
    const line = waits.join("; ");
    if (waits.length === 0 || Date.now() + interval > until) {
      if (line !== "") say(`${pool}: ${line}; continuing`);
      return;
    }
    if (line !== told) say(`${pool}: ${(told = line)}`);
    await delay(interval);
  }
}
