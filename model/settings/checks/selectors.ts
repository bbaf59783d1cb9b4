import type { Checked } from "../checked";
import type { Path, Problems } from "../problems";
import { keyProblem, LABEL_VALUE } from "../schema/labels";

type Labels = Readonly<Record<string, string>>;

/** Labels that the kubelet, the library or the cloud gives a node: the settings do not have them all. */
function isGiven(key: string): boolean {
  return /(^|\.)(kubernetes\.io|k8s\.io|pulumi-kubeadm\.github\.io)\//.test(key);
}

/** Labels of all nodes that the settings describe; undefined where some were refused. */
function labelsOfNodes({ settings: { machines, aws }, refused }: Checked): Labels[] | undefined {
  if (refused("machines.*.labels", "controlPlane.labels", "workers.*.labels")) return undefined;
  const nodes = [...machines.filter(({ role }) => role !== "loadBalancer"), ...(aws?.pools ?? [])];
  return nodes.length === 0 ? undefined : nodes.map(({ labels }) => labels);
}

/** Labels that choose nodes: well written, and at least one node has them all. */
export function selectorFits(
  checked: Checked,
  selector: Labels | undefined,
  path: Path,
  why: string,
  problems: Problems,
): void {
  if (selector === undefined) return;
  const wrong = Object.entries(selector).filter(
    ([key, value]) => keyProblem(key) !== undefined || (value !== "" && !LABEL_VALUE.test(value)),
  );
  for (const [key, value] of wrong) {
    const problem = keyProblem(key);
    problems.add(
      [...path, key],
      problem === undefined ? value : key,
      problem ?? "is not a valid label value",
      {
        allowed: "a label of nodes, such as disk: ssd",
      },
    );
  }
  const nodes = labelsOfNodes(checked);
  if (wrong.length > 0 || nodes === undefined) return;
  const wanted = Object.entries(selector).filter(([key]) => !isGiven(key));
  if (nodes.some((labels) => wanted.every(([key, value]) => labels[key] === value))) return;
  const where = checked.settings.platform === "machines" ? "a machine" : "controlPlane or a pool of workers";
  const known = new Set(
    nodes.flatMap((labels) => Object.entries(labels).map(([key, value]) => `${key}: ${value}`)),
  );
  problems.add(path, selector, `selects no node: ${why}`, {
    allowed: `labels that ${where} has under labels${known.size > 0 ? `, such as ${[...known].join(", ")}` : ""}`,
  });
}
