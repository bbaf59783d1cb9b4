import type { Path, Problems } from "../settings/problems";
import { entriesOf } from "../settings/prune";
import { DNS_LABEL, DNS_LABEL_RULE } from "../settings/schema/primitives";
import { nearest } from "../text";
import { objectProblem, readObjects } from "./read";
import { CONTROL_PLANE } from "./resolve";
import { hostPortsOf, KUBEADM_PODS, staticPodProblems } from "./staticPods";
import type { ExtrasContext, ExtrasSurroundings } from "./surroundings";

/** Pods that kubelets run by themselves, from the settings or from a file. */
export function validateStaticPods(
  facts: ExtrasSurroundings,
  context: ExtrasContext,
  problems: Problems,
): void {
  const taken = new Map<string, string>();
  for (const [name, given] of Object.entries(facts.written.staticPods ?? {})) {
    const path: Path = ["staticPods", name];
    if (!DNS_LABEL.test(name))
      problems.add(path, name, "is not a valid name of a file", { allowed: DNS_LABEL_RULE });
    const places = placesFit(given.on, [...path, "on"], facts, problems);
    const place = [...path, "pod"];
    if (typeof given.pod !== "string") {
      const wrong = objectProblem(given.pod);
      if (wrong !== undefined) {
        problems.add(place, given.pod, wrong.message, { allowed: wrong.allowed });
        continue;
      }
    }
    const read = readObjects([given.pod], context.files);
    for (const { source, message, allowed } of read.problems)
      problems.add(place, source, message, { allowed });
    const [first, more] = read.objects;
    if (first === undefined) continue;
    if (more !== undefined) {
      problems.add(place, more.source, "holds more than one object", { allowed: "one Pod in each file" });
      continue;
    }
    const source = typeof given.pod === "string" ? first.source : first.object.metadata.name;
    for (const { place: inside, message, allowed } of staticPodProblems(first.object))
      problems.add(place, `${source}: ${inside}`, message, { allowed });
    if (KUBEADM_PODS.some((own) => own === first.object.metadata.name)) {
      problems.add(place, source, "has the name of one of kubeadm's pods", { allowed: "another name" });
    }
    const { name: podName, namespace = "kube-system" } = first.object.metadata;
    for (const where of new Set(places)) {
      const key = `${where} ${namespace}/${podName}`;
      const other = taken.get(key);
      taken.set(key, name);
      if (other === undefined) continue;
      problems.add(place, source, `is Pod ${podName}, like staticPods.${other} on the same hosts`, {
        allowed: "another metadata.name",
      });
      break;
    }
    portsAreFree(first.object, { place, source, places, name }, taken, context, problems);
  }
}

/** Where the pod runs, as words; empty where that is not known. */
function placesFit(
  on: readonly string[] = [CONTROL_PLANE],
  path: Path,
  { settings: { platform, machines } }: ExtrasSurroundings,
  problems: Problems,
): string[] {
  const workers = platform === "aws" ? [] : machines.filter(({ role }) => role === "worker");
  const pools = [...new Set(workers.map(({ pool }) => pool))];
  problems.addTwins(on, (index) => [...path, index]);
  return entriesOf(on).flatMap(([index, place]) => {
    if (place === CONTROL_PLANE || pools.includes(place)) return [place];
    problems.add([...path, index], place, "does not name where static pods can run", {
      allowed: [CONTROL_PLANE, ...pools].join(", "),
      nearest: nearest(place, [CONTROL_PLANE, ...pools]),
    });
    return [];
  });
}

function portsAreFree(
  pod: Parameters<typeof hostPortsOf>[0],
  at: {
    readonly place: Path;
    readonly source: string;
    readonly places: readonly string[];
    readonly name: string;
  },
  taken: Map<string, string>,
  { ownerOf }: ExtrasContext,
  problems: Problems,
): void {
  for (const { protocol, port } of hostPortsOf(pod)) {
    const owner = ownerOf(protocol, port);
    if (owner !== undefined) {
      problems.add(at.place, `${at.source}: port ${port}`, `is the port of ${owner} on the host`, {
        allowed: "a free port",
      });
    }
    for (const where of at.places) {
      const key = `${where} ${protocol} ${port}`;
      const other = taken.get(key);
      if (other !== undefined && other !== at.name) {
        problems.add(
          at.place,
          `${at.source}: port ${port}`,
          `is already used on the same hosts by staticPods.${other}`,
          {
            allowed: "a free port",
          },
        );
      }
      taken.set(key, at.name);
    }
  }
}
