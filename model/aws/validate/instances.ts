import {
  architectureOf,
  familyOf,
  isKnownFamily,
  knownFamilies,
  sizeOf,
  sizeProblem,
  sizesOf,
  smallMemoryMiB,
  vcpusOf,
} from "../instanceTypes";
import type { AwsLayout, PoolLayout } from "../layout";
import type { Checked } from "../../settings/checked";
import { nearest } from "../../text";
import type { Path, Problems } from "../../settings/problems";
import { entriesOf } from "../../settings/entries";
import type { Architecture } from "../../settings/resolved";

/** kubeadm's preflight: NumCPU 2, Mem 1700 MB on a control plane (cmd/kubeadm/app/constants, ControlPlaneNumCPU and -Mem). */
const CONTROL_PLANE_MINIMUM = { vcpus: 2, memoryMiB: 1622 } as const;

/** Every instance type that the settings name is one, and is of the architecture that goes with it. */
export function validateInstanceTypes(
  { input, pools }: AwsLayout,
  problems: Problems,
  { refused }: Checked,
): void {
  const control = input.controlPlane;
  validateInstanceType(["controlPlane", "instanceType"], control.instanceType, control, problems);
  validateArchitecture(["controlPlane"], control, problems);
  if (input.bastion !== undefined) {
    validateInstanceType(["bastion", "instanceType"], input.bastion.instanceType, input.bastion, problems);
    validateArchitecture(["bastion"], input.bastion, problems);
  }
  for (const pool of pools) {
    validateInstanceType([...pool.path, "instanceType"], pool.input.instanceType, pool.input, problems);
    validateArchitecture(pool.path, { ...pool.input, instanceType: pool.instanceTypes[0] }, problems);
    validateAlternatives(pool, refused, problems);
  }
}

interface Given {
  readonly instanceType?: string | undefined;
  readonly architecture?: Architecture | undefined;
}

/**
 * @param given whose architecture, where it is written, vouches for a family that is newer than the table
 * @param beside Architecture of the types that it is beside, if it does
 */
function validateInstanceType(
  path: Path,
  type: string | undefined,
  given: Given,
  problems: Problems,
  beside?: Architecture,
): void {
  if (type === undefined) return;
  const family = familyOf(type);
  const wrong = sizeProblem(type);
  if (wrong !== undefined) {
    const sizes = sizesOf(type);
    const near = nearest(sizeOf(type), sizes);
    problems.add(path, type, wrong, {
      allowed:
        sizes.length > 0
          ? `${family} with one of ${sizes.join(", ")}`
          : "a family and a size that it has, such as m7i.large",
      nearest: near === undefined ? undefined : `${family}.${near}`,
    });
  } else if (!isKnownFamily(type) && given.architecture === undefined) {
    const size = sizeOf(type);
    const families = knownFamilies().filter(
      (known) => beside === undefined || architectureOf(`${known}.${size}`) === beside,
    );
    const near = nearest(family, families);
    problems.add(path, type, `belongs to a family this library does not know, ${family}`, {
      allowed:
        "a family of the EC2 instance types guide, such as t3, m7i or c7g; or set architecture as well, for a newer family",
      nearest: near === undefined ? undefined : `${near}.${size}`,
    });
  }
}

function validateArchitecture(path: Path, given: Given, problems: Problems): void {
  const real = given.instanceType === undefined ? undefined : architectureOf(given.instanceType);
  if (given.architecture === undefined || real === undefined || real === given.architecture) return;
  problems.add([...path, "architecture"], given.architecture, `is not that of ${given.instanceType}`, {
    allowed: `${real}, or none: it follows from the instance type`,
  });
}

/** One image and one set of files serve a whole pool. */
function validateAlternatives(
  { path, input, instanceTypes }: PoolLayout,
  refused: Checked["refused"],
  problems: Problems,
): void {
  const first = architectureOf(instanceTypes[0] ?? "");
  entriesOf(input.instanceTypes).forEach(([index, type]) => {
    const place = [...path, "instanceTypes", index];
    validateInstanceType(place, type, input, problems, first);
    const own = architectureOf(type);
    if (own === undefined || first === undefined || own === first) return;
    problems.add(place, type, `is ${own}, and ${instanceTypes[0]} is ${first}: a pool has one image`, {
      allowed: `types of ${first}, or another pool`,
    });
  });
  problems.addTwins(input.instanceTypes, (index) => [...path, "instanceTypes", index], {
    allowed: "each type once",
  });
  const again = input.instanceTypes?.indexOf(input.instanceType ?? "") ?? -1;
  if (again >= 0)
    problems.add([...path, "instanceTypes", again], input.instanceType, "is listed twice", {
      allowed: "each type once",
    });
  if (instanceTypes.length > 0 || refused([...path, "instanceType"], [...path, "instanceTypes"])) return;
  problems.add([...path, "instanceType"], undefined, "is missing", {
    allowed: "an EC2 instance type, such as t3.large",
  });
}

export function validateControlPlaneSize({ input }: AwsLayout, problems: Problems): void {
  const type = input.controlPlane.instanceType;
  if (sizeProblem(type) !== undefined) return;
  const path = ["controlPlane", "instanceType"];
  const vcpus = vcpusOf(type);
  const memory = smallMemoryMiB(type);
  if (memory !== undefined && memory < CONTROL_PLANE_MINIMUM.memoryMiB) {
    problems.add(
      path,
      type,
      `has ${memory} MiB of memory, but kubeadm requires 1700 MB on a control-plane node`,
      { allowed: "t3.small or larger" },
    );
  } else if (vcpus !== undefined && vcpus < CONTROL_PLANE_MINIMUM.vcpus) {
    problems.add(
      path,
      type,
      `has ${vcpus} vCPU, but kubeadm requires ${CONTROL_PLANE_MINIMUM.vcpus} on a control-plane node`,
      { allowed: "a type with two or more, such as t3.medium" },
    );
  }
}

/** Windows Server runs on amd64 only. CNIs themselves refuse Windows nodes that they do not support. */
export function validateWindowsPools({ pools }: AwsLayout, problems: Problems): void {
  for (const { windows, input: pool, path, architecture, instanceTypes } of pools) {
    if (!windows || architecture !== "arm64") continue;
    const [key, value] =
      pool.architecture === undefined
        ? ["instanceType", instanceTypes[0]]
        : ["architecture", pool.architecture];
    problems.add([...path, key], value, `is arm64, but ${pool.os} exists for amd64 only`, {
      allowed: "an amd64 type, such as m6i.large",
    });
  }
}
