/** Backups of a cluster in a simulated region, and what holds after a restore. */
import { expect } from "vitest";
import { eventually, saw } from "../cluster";
import type { AwsSettings } from "./environment";
import type { Life } from "./lifecycle";
import type { SimulatedRegion } from "./simulation";

const UNIT = "pulumi-kubeadm-etcd-backup";

/** Takes a snapshot on an instance; its name. */
export async function takeSnapshot(region: SimulatedRegion, id: string, label: string): Promise<string> {
  const { stdout, stderr } = await region.lab.exec(id, ["bash", "-c", `${UNIT} now ${label}`]);
  return /wrote (\S+):/.exec(stdout + stderr)?.[1] ?? expect.fail(stdout + stderr);
}

/** Every instance that is to be one is a Ready Node that names it, and there is no other. */
export async function nodesAreInstances(
  region: SimulatedRegion,
  isNode: (one: Life) => boolean = () => true,
): Promise<void> {
  const wanted = (): string[] =>
    region
      .instances()
      .filter(isNode)
      .map(({ instance }) => `aws:///${instance.zone}/${instance.id} True`)
      .sort();
  const template =
    'go-template={{range .items}}{{.spec.providerID}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}{{"\\n"}}{{end}}';
  await eventually(
    "nodes are the instances",
    async () => (await region.kubectl("get", "nodes", "-o", template)).trim().split("\n").sort(),
    (found) => found.join("\n") === wanted().join("\n"),
    600,
  );
  saw(await region.kubectl("get", "nodes", "-o", "wide"));
}

/** Instances end behind Pulumi's back, and a refresh of the control plane alone makes it forget them. */
export async function loseControlPlane(
  region: SimulatedRegion,
  settings: AwsSettings,
  cluster: string,
  lost: readonly string[],
): Promise<void> {
  for (const id of lost) region.terminate(id);
  await eventually(
    "they are gone",
    () => Promise.resolve(region.instances().map(({ instance }) => instance.id)),
    (ids) => lost.every((id) => !ids.includes(id)),
    300,
  );
  const forgotten = await region.engine("refresh", settings, { target: [`**::${cluster}-instances-cp-*`] });
  expect(forgotten.ok, forgotten.error).toBe(true);
}

/** What a run said of its restore. */
export function restoreLines(log: string): string {
  return log
    .split("\n")
    .filter((line) => /lost|replaced|not touched|registers anew|restore/.test(line))
    .join("\n");
}
