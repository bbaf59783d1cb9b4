import type { DraftMachine, Facts } from "../draft";
import type { Problems } from "../problems";
import { DNS_LABEL, DNS_LABEL_RULE } from "../schema/primitives";
import { checkControlPlaneCount } from "./controlPlaneCount";

export function validateMachineNames(facts: Facts, problems: Problems): void {
  for (const { name, path } of facts.machines) {
    if (DNS_LABEL.test(name)) continue;
    problems.add(path, name, "names a machine and its node, and is not a valid DNS label", {
      allowed: DNS_LABEL_RULE,
    });
  }
}

export function validateControlPlaneCount(facts: Facts, problems: Problems): void {
  const { controlPlaneNodes } = facts;
  if (controlPlaneNodes === undefined) return;
  const none = "machines have role controlPlane";
  const allowed = "1, 3, 5 or 7 machines with role controlPlane";
  checkControlPlaneCount(controlPlaneNodes, { path: ["machines"], none, allowed }, problems);
}

/** Two names for one machine would be set up, joined and reset against each other. */
export function validateDistinctMachines(facts: Facts, problems: Problems): void {
  const byTarget = new Map<string, DraftMachine>();
  const byAddress = new Map<string, DraftMachine>();
  for (const machine of facts.machines) {
    const target =
      machine.host !== undefined && machine.port !== undefined ? `${machine.host}:${machine.port}` : "";
    const sameTarget = target === "" ? undefined : byTarget.get(target.toLowerCase());
    if (sameTarget !== undefined) {
      const message = `and port ${machine.port} are those of machine ${sameTarget.name} too`;
      problems.add([...machine.path, "host"], machine.host, message, {
        allowed: "one machine for each SSH address",
      });
    }
    const sameAddress = machine.nodeAddress === undefined ? undefined : byAddress.get(machine.nodeAddress);
    const derived = machine.nodeAddressPath.at(-1) === "host";
    if (sameAddress !== undefined && !(derived && sameTarget !== undefined)) {
      problems.add(
        machine.nodeAddressPath,
        machine.nodeAddress,
        `is the node address of machine ${sameAddress.name} too`,
        {
          allowed: "one machine for each node address",
        },
      );
    }
    const answers = facts.machines.find(
      (other) =>
        other !== machine &&
        other.host !== machine.host &&
        other.nodeAddress === machine.host &&
        other.port === machine.port,
    );
    // Where the host is this machine's node address too, that was said above.
    if (answers !== undefined && machine.host !== undefined && machine.host !== machine.nodeAddress) {
      const message = `is the node address of machine ${answers.name}, whose SSH would answer on port ${machine.port}`;
      problems.add([...machine.path, "host"], machine.host, message, {
        allowed: "one machine for each SSH address",
      });
    }
    if (target !== "") byTarget.set(target.toLowerCase(), byTarget.get(target.toLowerCase()) ?? machine);
    if (machine.nodeAddress !== undefined) {
      byAddress.set(machine.nodeAddress, byAddress.get(machine.nodeAddress) ?? machine);
    }
  }
}

export function validateNodeAddresses(facts: Facts, problems: Problems): void {
  for (const { path, input, host, nodeAddress } of facts.machines) {
    if (nodeAddress !== undefined || host === undefined || "nodeAddress" in input) continue;
    problems.add(
      [...path, "nodeAddress"],
      undefined,
      `is missing: ${host} is a name and not the address nodes use`,
      {
        allowed: "the IPv4 address that other nodes reach the machine by",
      },
    );
  }
}

/** A worker's role label is its pool's name; these two say master (kubeadm constants, LabelNodeRoleControlPlane). */
const RESERVED_POOLS: readonly string[] = ["control-plane", "master"];

/** A load balancer is not a node, and a pool is a set of workers. */
export function validateRoles(facts: Facts, problems: Problems): void {
  for (const { path, role, input } of facts.machines) {
    if (role !== undefined && role !== "worker" && input.pool !== undefined) {
      problems.add(
        [...path, "pool"],
        input.pool,
        `is given to a machine of role ${role}; pools are of workers`,
        {
          allowed: "no pool, or role: worker",
        },
      );
    }
    if (input.pool !== undefined && RESERVED_POOLS.includes(input.pool)) {
      const message = `would give workers the role label node-role.kubernetes.io/${input.pool}, which is the control-plane nodes'`;
      problems.add([...path, "pool"], input.pool, message, { allowed: "another name" });
    }
    if (role !== "loadBalancer") continue;
    for (const key of ["labels", "taints"] as const) {
      if (input[key] === undefined) continue;
      problems.add([...path, key], input[key], "are given to a load balancer, which is not a node", {
        allowed: `no ${key}`,
      });
    }
  }
}
