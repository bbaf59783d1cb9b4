import { spawnSync } from "node:child_process";
import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings, Machine, MachineRole, OsFamily } from "../../../model/settings/resolved";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVrXuUKaEF8HyTD3WxVqz6nL1dFyWnRU5W2mBdXJc5t";

type Raw = Record<string, unknown>;

export function machineInput(role: MachineRole, host: string, more: Raw = {}): Raw {
  return { role, host, user: "ubuntu", hostKey, key: "operator", ...more };
}

const oneControlPlaneNode: Raw = {
  cp1: machineInput("controlPlane", "192.0.2.11"),
  w1: machineInput("worker", "192.0.2.21", { pool: "general" }),
};

export const threeControlPlaneNodes: Raw = {
  cp1: machineInput("controlPlane", "192.0.2.11"),
  cp2: machineInput("controlPlane", "192.0.2.12"),
  cp3: machineInput("controlPlane", "192.0.2.13"),
  w1: machineInput("worker", "192.0.2.21", { pool: "general" }),
  w2: machineInput("worker", "192.0.2.22", { pool: "general", os: "rhel-9" }),
};

export const withBalancer: Raw = {
  ...threeControlPlaneNodes,
  lb1: machineInput("loadBalancer", "192.0.2.5"),
};

/** Settings as people write them, resolved; `raw` replaces whole keys. */
export function settingsOf(raw: Raw = {}): ClusterSettings {
  return readCluster(
    {
      platform: "machines",
      network: { serviceCidr: "10.96.0.0/16" },
      cni: { kind: "flannel", backend: "vxlan", podCidr: "10.244.0.0/16" },
      machines: oneControlPlaneNode,
      ...raw,
    },
    { environment: "metal" },
  );
}

export function machineOf(settings: ClusterSettings, name: string, os?: OsFamily): Machine {
  const found = settings.machines.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no machine ${name}`);
  return os === undefined ? found : { ...found, os };
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function bash(script: string, args: readonly string[] = []): Ran {
  const result = spawnSync("bash", ["-s", "--", ...args], { input: script, encoding: "utf8" });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}
