import { isAddress } from "../../network/addresses";
import type { Checked } from "../checked";
import type { Path, Problems } from "../problems";
import type { Machine } from "../resolved";
import { DNS_LABEL, DNS_LABEL_RULE } from "../schema/primitives";
import type { MachinesInput } from "../schema/cluster";
import { checkControlPlaneCount } from "./controlPlaneCount";

/** A machine that people wrote down; what was refused of it is undefined. */
export interface WrittenMachine {
  readonly name: string;
  readonly path: Path;
  readonly input: MachinesInput["machines"][string];
  readonly role: Machine["role"] | undefined;
  readonly architecture: Machine["architecture"] | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Given, or the SSH host where that is an address. */
  readonly nodeAddress: string | undefined;
  /** Where a problem with `nodeAddress` is reported: its own key, or that which it follows from. */
  readonly nodeAddressPath: Path;
}

/** None on AWS, where nobody writes addresses. */
export function writtenMachines({ written, settings, refused }: Checked): WrittenMachine[] {
  return settings.machines.flatMap(({ name, role, ssh, nodeAddress, architecture }) => {
    const input = written.machines?.[name];
    if (input === undefined) return [];
    const path = ["machines", name];
    const known = <T>(key: string, value: T) => (refused([...path, key]) ? undefined : value);
    const key = "nodeAddress" in input || refused([...path, "nodeAddress"]) ? "nodeAddress" : "host";
    return [
      {
        name,
        path,
        input,
        role: known("role", role),
        architecture: known("architecture", architecture),
        host: known("host", ssh.host),
        port: known("port", ssh.port),
        nodeAddress: isAddress(nodeAddress) ? known(key, nodeAddress) : undefined,
        nodeAddressPath: [...path, key],
      },
    ];
  });
}

export function validateMachineNames({ settings }: Checked, problems: Problems): void {
  for (const { name } of settings.machines)
    if (!DNS_LABEL.test(name))
      problems.add(
        ["machines", name],
        name,
        "is not a valid DNS label, which the name of a machine and its node must be",
        {
          allowed: DNS_LABEL_RULE,
        },
      );
}

export function validateControlPlaneCount({ settings }: Checked, problems: Problems): void {
  const count = settings.machines.filter(({ role }) => role === "controlPlane").length;
  const none = "machines have role controlPlane";
  const allowed = "1, 3, 5 or 7 machines with role controlPlane";
  checkControlPlaneCount(count, { path: ["machines"], none, allowed }, problems);
}

/** Two names for one machine would be set up, joined and reset against each other. */
export function validateDistinctMachines(checked: Checked, problems: Problems): void {
  const machines = writtenMachines(checked);
  const byTarget = new Map<string, WrittenMachine>();
  const byAddress = new Map<string, WrittenMachine>();
  const oneEach = { allowed: "one machine for each SSH address" };
  for (const machine of machines) {
    const { path, host, port, nodeAddress, nodeAddressPath } = machine;
    const target = host === undefined || port === undefined ? undefined : `${host}:${port}`.toLowerCase();
    const sameTarget = target === undefined ? undefined : byTarget.get(target);
    if (sameTarget !== undefined)
      problems.add(
        [...path, "host"],
        host,
        `and port ${port} are also those of machine ${sameTarget.name}`,
        oneEach,
      );
    const sameAddress = nodeAddress === undefined ? undefined : byAddress.get(nodeAddress);
    const derived = nodeAddressPath.at(-1) === "host";
    if (sameAddress !== undefined && !(derived && sameTarget !== undefined))
      problems.add(nodeAddressPath, nodeAddress, `is also the node address of machine ${sameAddress.name}`, {
        allowed: "one machine for each node address",
      });
    if (target !== undefined && sameTarget === undefined) byTarget.set(target, machine);
    if (nodeAddress !== undefined && sameAddress === undefined) byAddress.set(nodeAddress, machine);
  }
  for (const { path, host, port, nodeAddress } of machines) {
    const answers = host === undefined ? undefined : byAddress.get(host);
    // Where the host is this machine's node address too, that was said above.
    if (answers === undefined || host === nodeAddress || answers.host === host || answers.port !== port)
      continue;
    const message = `is the node address of machine ${answers.name}, whose SSH would answer on port ${port}`;
    problems.add([...path, "host"], host, message, oneEach);
  }
}

export function validateNodeAddresses(checked: Checked, problems: Problems): void {
  for (const { path, host, nodeAddress, nodeAddressPath } of writtenMachines(checked)) {
    if (nodeAddress !== undefined || host === undefined || nodeAddressPath.at(-1) !== "host") continue;
    problems.add(
      [...path, "nodeAddress"],
      undefined,
      `is missing: ${host} is a name, and nodes need an address`,
      { allowed: "the IPv4 address at which other nodes reach the machine" },
    );
  }
}

/** A worker's role label is its pool's name; these two mean the control plane (kubeadm constants, LabelNodeRoleControlPlane). */
export const RESERVED_POOLS: readonly string[] = ["control-plane", "master"];

/** Pools are what machines name. */
export function validateUpgradePools({ settings, written }: Checked, problems: Problems): void {
  const pools = [
    ...new Set(settings.machines.flatMap(({ role, pool }) => (role === "worker" ? [pool] : []))),
  ];
  for (const name of Object.keys(written.upgrades?.pools ?? {})) {
    if (pools.includes(name)) continue;
    const allowed = pools.length === 0 ? "no pools, since there are no workers" : pools.join(", ");
    problems.add(["upgrades", "pools", name], name, "is not a pool of the machines", { allowed });
  }
}

/** A load balancer is not a node, and a pool is a set of workers. */
export function validateRoles(checked: Checked, problems: Problems): void {
  for (const { path, role, input } of writtenMachines(checked)) {
    const { pool } = input;
    if (role !== undefined && role !== "worker" && pool !== undefined)
      problems.add(
        [...path, "pool"],
        pool,
        `is set on a machine of role ${role}; only workers belong to pools`,
        {
          allowed: "no pool, or role: worker",
        },
      );
    if (pool !== undefined && RESERVED_POOLS.includes(pool)) {
      const message = `would label workers node-role.kubernetes.io/${pool}, which is reserved for control-plane nodes`;
      problems.add([...path, "pool"], pool, message, { allowed: "another name" });
    }
    if (role !== "loadBalancer") continue;
    for (const key of ["labels", "taints"] as const)
      if (input[key] !== undefined)
        problems.add([...path, key], input[key], "are set on a load balancer, which is not a node", {
          allowed: `no ${key}`,
        });
  }
}
