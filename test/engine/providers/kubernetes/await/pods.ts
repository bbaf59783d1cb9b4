/** Whether a pod is ready, and what stands in its way (await/checker/pod/check.go). */
import { isObject, type Value } from "../../shared/values";
import {
  listAt,
  nameOf,
  namespaceOf,
  numberAt,
  objectAt,
  pluck,
  stringAt,
  type KubeObject,
} from "../objects";

export interface PodState {
  readonly ready: boolean;
  /** What it waits for, in words. */
  readonly waitingFor: string;
  readonly problem?: { readonly text: string; readonly severity: "info" | "warning" };
}

export function podState(pod: KubeObject): PodState {
  const name = displayName(pod);
  const scheduled = condition(pod, "PodScheduled");
  const unscheduled = `Waiting for Pod "${name}" to be scheduled`;
  if (!scheduled) return { ready: false, waitingFor: unscheduled };
  if (scheduled["status"] !== "True") {
    const text = stringAt(scheduled, "reason") && stringAt(scheduled, "message");
    return { ready: false, waitingFor: unscheduled, problem: text ? { text, severity: "info" } : undefined };
  }
  for (const [type, state] of [
    ["Initialized", "initialized"],
    ["Ready", "ready"],
  ] as const) {
    const found = condition(pod, type);
    const waitingFor = `Waiting for Pod "${name}" to be ${state}`;
    if (found?.["status"] === "True") continue;
    if (found && type === "Ready" && pluck(pod, "status", "phase") === "Succeeded") continue;
    return { ready: false, waitingFor, problem: found ? problemOf(pod, found, name) : undefined };
  }
  return { ready: true, waitingFor: "" };
}

function problemOf(pod: KubeObject, found: KubeObject, name: string): PodState["problem"] {
  const errors = listAt(pod, "status", "containerStatuses").flatMap(containerErrors);
  const message = stringAt(found, "message");
  if (errors.length === 0 && message === "") return undefined;
  const condition = stringAt(found, "reason") === "" ? "" : message;
  return { text: `[Pod ${name}]: ${condition}${errors.join("\n")}`, severity: "warning" };
}

function containerErrors(status: Value): string[] {
  if (pluck(status, "ready") === true) return [];
  const errors: string[] = [];
  const waiting = objectAt(status, "state", "waiting");
  const reason = stringAt(waiting, "reason");
  if (reason !== "" && reason !== "ContainerCreating") {
    errors.push(`[${reason}] ${trimmed(stringAt(waiting, "message"))}`);
  }
  const terminated = objectAt(status, "state", "terminated");
  if (stringAt(terminated, "reason") !== "") {
    const message = stringAt(terminated, "message");
    const exit = `container "${stringAt(status, "name")}" completed with exit code ${numberAt(terminated, "exitCode") ?? 0}`;
    errors.push(message === "" ? exit : `[${stringAt(terminated, "reason")}] ${trimmed(message)}`);
  }
  const last = pluck(status, "lastState", "terminated");
  if (isObject(last)) {
    const code = `${stringAt(last, "reason")}: exit code ${numberAt(last, "exitCode") ?? 0}`;
    errors.push(
      `container "${stringAt(status, "name")}" terminated at ${stringAt(last, "finishedAt")} (${code})`,
    );
    if (stringAt(last, "message") !== "") errors.push(stringAt(last, "message"));
  }
  return errors;
}

const trimmed = (message: string) =>
  message
    .replace(/^rpc error: code = Unknown desc = Error response from daemon: /, "")
    .replace(/: manifest unknown$/, "");

function condition(object: KubeObject, type: string): KubeObject | undefined {
  return listAt(object, "status", "conditions")
    .filter(isObject)
    .find((each) => each["type"] === type);
}

/** The namespace is left out where it is "default". */
function displayName(pod: KubeObject): string {
  const namespace = namespaceOf(pod);
  return namespace === "" || namespace === "default" ? nameOf(pod) : `${namespace}/${nameOf(pod)}`;
}
