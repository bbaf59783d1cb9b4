/** Node pools as arguments of a component, before the settings of their cluster are known. */
import { z } from "zod";

import { awsShape } from "../aws/schema";
import { valueAt } from "../core/tree";
import { parseAlone } from "./alone";
import type { Validator } from "./checked";
import { validateLabels, validateTaints } from "./checks/labels";
import {
  RESERVED_POOLS,
  validateDistinctMachines,
  validateMachineNames,
  validateNodeAddresses,
} from "./checks/machines";
import { validateReachableAddresses } from "./checks/ranges";
import type { MachinePoolInput } from "./input/pools";
import { relocated, SettingsError, sortedProblems, type Path } from "./problems";
import type { WorkerPoolInput } from "../aws/input";
import { machinePool, poolMachine } from "./schema/machines";
import { dnsLabel } from "./schema/primitives";

/** What is told of a pool besides its arguments. */
export interface PoolContext {
  /** Paths of arguments whose values come later; default: none. */
  readonly late?: readonly Path[];
  /** Values of its secrets; undefined: those of the cluster. */
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
}

/** What stands for arguments that were refused. */
const STAND_INS = {
  pool: "pool",
  machines: {},
  "machines.*.host": "unknown.invalid",
  "machines.*.user": "root",
  "machines.*.hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  "machines.*.key": "unknown",
};

const notReserved =
  (given: unknown): Validator =>
  (_, problems) => {
    const pool = valueAt(given, ["pool"]);
    if (typeof pool !== "string" || !RESERVED_POOLS.includes(pool)) return;
    const message = `would label workers node-role.kubernetes.io/${pool}, which is reserved for control-plane nodes`;
    problems.add(["pool"], pool, message, { allowed: "another name" });
  };

/**
 * Checks a pool of machines by itself. What its cluster has to say of it, as an address that another machine has, is found with
 * the cluster's settings.
 *
 * @param title what the report calls it: `WorkerPool gpu`
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseMachinePool(
  title: string,
  given: unknown,
  { late = [], secrets }: PoolContext,
): MachinePoolInput & { pool: string } {
  const checks = [
    notReserved(given),
    validateMachineNames,
    validateDistinctMachines,
    validateNodeAddresses,
    validateReachableAddresses,
    validateLabels,
    validateTaints,
  ];
  const around = ({ machines, labels, taints }: z.input<typeof machinePool>): object => ({
    machines: Object.fromEntries(
      Object.entries(machines).map(([name, machine]) => [
        name,
        { ...poolMachine.parse(machine), role: "worker" },
      ]),
    ),
    // As the pools of a cloud have them, so that the same checks read them.
    workers: { pool: { labels, taints } },
  });
  const check = { schema: machinePool, key: [], around, checks, secrets, late, standIns: STAND_INS };
  return locating(title, () => parseAlone(title, given, check));
}

const awsPool = z.strictObject({ pool: dnsLabel, ...awsShape.workers.def.innerType.valueType.shape });

/**
 * Checks a pool on AWS by itself, as `parseMachinePool`: zones, instance types, images and sizes are checked with the settings of
 * its cluster.
 *
 * @throws SettingsError with every problem, by the path in the arguments
 */
export function parseAwsPool(title: string, given: unknown): WorkerPoolInput & { pool: string } {
  const around = ({ pool: _, ...pool }: z.input<typeof awsPool>): object => ({ workers: { pool } });
  const checks = [notReserved(given), validateLabels, validateTaints];
  const check = { schema: awsPool, key: [], around, checks, aws: true, standIns: { pool: "pool" } };
  return locating(title, () => parseAlone(title, given, check));
}

/** What the checks know as settings of a pool are arguments. */
const BELOW_POOL = /^workers\.pool\./;

/** Problems by the paths of the arguments. */
function locating<T>(title: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const problems = error.problems.map((one) => relocated(one, (path) => path.replace(BELOW_POOL, "")));
    throw new SettingsError(sortedProblems(problems), title);
  }
}
