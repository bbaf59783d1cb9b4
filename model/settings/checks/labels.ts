import { LABEL_DOMAIN } from "../../core/labelDomain";
import type { Checked } from "../checked";
import { entriesOf } from "../entries";
import { readTaint } from "../labels";
import type { MachineRole, Taint } from "../resolved";
import type { Path, Problems } from "../problems";
import type { MachinesInput } from "../schema/cluster";
import { keyProblem, LABEL_VALUE } from "../schema/labels";

const NAME_RULE = "at most 63 letters, digits, '-', '_', '.', a letter or digit first and last";

function within(prefix: string, domain: string): boolean {
  return prefix === domain || prefix.endsWith(`.${domain}`);
}

/**
 * Labels of Kubernetes' own domains that people may give a node.
 * Source: Kubernetes documentation, "Well-Known Labels, Annotations and Taints"; NodeRestriction admission plugin.
 */
function isOpenKubernetesLabel(key: string): boolean {
  return (
    /^topology\.kubernetes\.io\/(region|zone)$/.test(key) || /^(node|kubelet)\.kubernetes\.io\/./.test(key)
  );
}

/** What AWS' cloud controller manager and EBS driver say of a node; a second opinion would send pods away from their volumes. */
const CLOUD_LABELS =
  /^(topology\.kubernetes\.io\/(region|zone)|node\.kubernetes\.io\/instance-type|topology\.ebs\.csi\.aws\.com\/.*)$/;

function reservedLabel(key: string, cloud: boolean): string | undefined {
  if (cloud && CLOUD_LABELS.test(key)) return "is set by AWS controllers from the instance";
  const prefix = key.includes("/") ? (key.split("/")[0] ?? "") : "";
  if (prefix === "node-role.kubernetes.io")
    return "is a role label; the library sets roles from role and pool";
  if (within(prefix, LABEL_DOMAIN)) return "is reserved for this library";
  if (isOpenKubernetesLabel(key)) return undefined;
  if (within(prefix, "kubernetes.io") || within(prefix, "k8s.io")) {
    return "is reserved: kubernetes.io and k8s.io belong to Kubernetes";
  }
  return undefined;
}

/** Machines, and on AWS the control plane and pools: what has labels and taints of its own; a refused role is undefined. */
function labelled({ written, refused }: Checked) {
  const { machines = {}, controlPlane, workers = {} } = written;
  type Given = Pick<MachinesInput["machines"][string], "labels" | "taints">;
  const at = (path: Path, role: MachineRole | undefined, { labels, taints }: Given) => ({
    path,
    role,
    labels,
    taints,
  });
  return [
    ...Object.entries(machines).map(([name, machine]) =>
      at(["machines", name], refused(["machines", name, "role"]) ? undefined : machine.role, machine),
    ),
    ...(controlPlane === undefined ? [] : [at(["controlPlane"], "controlPlane", controlPlane)]),
    ...Object.entries(workers).map(([name, pool]) => at(["workers", name], "worker", pool)),
  ];
}

export function validateLabels(checked: Checked, problems: Problems): void {
  const cloud = checked.settings.aws !== undefined;
  for (const { path, labels } of labelled(checked)) {
    for (const [key, value] of Object.entries(labels ?? {})) {
      const place = [...path, "labels", key];
      const wrongKey = keyProblem(key);
      const reserved = reservedLabel(key, cloud);
      if (wrongKey !== undefined) {
        problems.add(place, key, wrongKey, { allowed: `[DNS name/]name, the name ${NAME_RULE}` });
      } else if (reserved !== undefined) {
        problems.add(place, key, reserved, {
          allowed: `a name without prefix, a prefix of your own${cloud ? "" : ", topology.kubernetes.io/zone or /region"}, node.kubernetes.io/...`,
        });
      }
      if (value !== "" && !LABEL_VALUE.test(value)) {
        problems.add(place, value, "is not a valid label value", { allowed: `empty, or ${NAME_RULE}` });
      }
    }
  }
}

export function validateTaints(checked: Checked, problems: Problems): void {
  for (const { path, role, taints } of labelled(checked)) {
    const seen = new Set<string>();
    for (const [index, given] of entriesOf(taints)) {
      const place = [...path, "taints", index];
      const taint = readTaint(given);
      const identity = `${taint.key}:${taint.effect}`;
      if (seen.has(identity))
        problems.add(place, given, "repeats the key and effect of an earlier taint", {
          allowed: "each key and effect once",
        });
      seen.add(identity);
      validateTaint(place, given, taint, role, problems);
    }
  }
}

function validateTaint(
  place: Path,
  given: unknown,
  { key, value }: Taint,
  role: MachineRole | undefined,
  problems: Problems,
): void {
  const wrongKey = keyProblem(key);
  if (wrongKey !== undefined) problems.add(place, given, wrongKey, { allowed: `a key of ${NAME_RULE}` });
  if (value !== undefined && !LABEL_VALUE.test(value)) {
    problems.add(place, given, "has an invalid value", { allowed: NAME_RULE });
  }
  if (/^(node|node\.cloudprovider)\.kubernetes\.io\//.test(key)) {
    problems.add(place, given, "is managed by Kubernetes' controllers", {
      allowed: "a key of your own",
    });
  }
  if (key.startsWith("node-role.kubernetes.io/") && role === "worker") {
    problems.add(place, given, "is a taint of control-plane nodes on a worker", {
      allowed: "a key of your own",
    });
  }
}
