import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import type { MachinesInput } from "../../model/settings/schema/cluster";
import { buildVersion, formerVersion, type Former } from "../support/toolchain";
import type { Lab } from "./lab";
import { mirrorChecksums } from "./mirror";

/** Settings as people write them. */
export type Settings = MachinesInput;
type MachineInput = Settings["machines"][string];

/** What a lab's cluster is made of. */
export interface Shape {
  /** Names of the control-plane nodes; an odd number. */
  readonly controlPlaneNodes: readonly string[];
  readonly workers: readonly string[];
  readonly backend?: "vxlan" | "host-gw";
}

/** Names as `npm run lab` gives them: cp1, cp2 ... and w1, w2 ... */
export function shapeOf(controlPlaneNodes: number, workers: number, backend?: Shape["backend"]): Shape {
  const names = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
  return { controlPlaneNodes: names("cp", controlPlaneNodes), workers: names("w", workers), backend };
}

/** The environment `lab` as its file has it. */
export function labFile(): Settings {
  const file = path.resolve(__dirname, "..", "..", "Pulumi.lab.yaml");
  const text = parse(fs.readFileSync(file, "utf8")) as { config: { "kubeadm:cluster": Settings } };
  return text.config["kubeadm:cluster"];
}

/** The settings of one machine of a lab. */
export function machineInput(lab: Lab, name: string, role: MachineInput["role"]): MachineInput {
  const host = lab.host(name);
  return {
    role,
    ...(role === "worker" ? { pool: "general" } : {}),
    host: host.address,
    user: "ubuntu",
    hostKey: host.hostKey,
    key: "operator",
  };
}

/** A former Kubernetes, for settings of a lab that has it. crictl of 1.35 is not served as a module; any in its skew will do. */
export async function olderVersions(former: Former = "older"): Promise<Partial<Settings>> {
  return {
    kubernetesVersion: formerVersion(former),
    ...(former === "older" ? { versions: { crictl: buildVersion("crictl") } } : {}),
    downloads: { ...labFile().downloads, checksums: await mirrorChecksums(former) },
  };
}

/** The environment `lab` with the machines and checksums of a lab that runs. */
export async function labSettings(lab: Lab, shape: Shape): Promise<Settings> {
  const file = labFile();
  const machines = Object.fromEntries([
    ...shape.controlPlaneNodes.map((name) => [name, machineInput(lab, name, "controlPlane")] as const),
    ...shape.workers.map((name) => [name, machineInput(lab, name, "worker")] as const),
  ]);
  return {
    ...file,
    ...(shape.backend === undefined || file.cni?.kind !== "flannel"
      ? {}
      : { cni: { ...file.cni, backend: shape.backend } }),
    machines,
    downloads: { ...file.downloads, checksums: await mirrorChecksums() },
  };
}

/** The secrets that the settings refer to. */
export function labSecrets(lab: Lab): Record<string, string> {
  return { operator: fs.readFileSync(lab.privateKeyFile, "utf8") };
}
