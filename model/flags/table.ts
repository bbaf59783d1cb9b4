import { ETCD_FLAGS } from "./etcdFlags";
import { KUBERNETES_FLAGS } from "./kubernetesFlags";

/** Components whose flags the settings give. */
export const COMPONENTS = ["apiServer", "controllerManager", "scheduler", "etcd"] as const;
export type Component = (typeof COMPONENTS)[number];

/** The program of a component, as people know it. */
export const PROGRAMS: Record<Component, string> = {
  apiServer: "kube-apiserver",
  controllerManager: "kube-controller-manager",
  scheduler: "kube-scheduler",
  etcd: "etcd",
};

/** `list` and `map` take values with commas between, `repeated` one value each time the flag is given. */
export type FlagKind = "bool" | "int" | "float" | "duration" | "text" | "list" | "repeated" | "map";

export interface Flag extends Span {
  readonly kind: FlagKind;
}

/** Minor versions that have a name, both included; undefined: no bound among the supported ones. */
export interface Span {
  readonly since?: string;
  readonly until?: string;
}

/** Words such as `name`, `name@1.35`, `name@-1.35` and `name@1.35-1.36`. */
export function namesWithSpans(words: string): Map<string, Span> {
  return new Map(
    words
      .split(/\s+/)
      .filter((word) => word !== "")
      .map((word) => {
        const [name = "", span = ""] = word.split("@");
        const [since = "", until = ""] = span.split("-");
        return [name, { ...(since === "" ? {} : { since }), ...(until === "" ? {} : { until }) }];
      }),
  );
}

/** Whether a minor version, as `1.36`, is within the span. */
export function covers({ since, until }: Span, minor: string): boolean {
  const number = (text: string) => Number(text.split(".")[1]);
  return (
    (since === undefined || number(minor) >= number(since)) &&
    (until === undefined || number(minor) <= number(until))
  );
}

function tableOf(kinds: Readonly<Partial<Record<FlagKind, string>>>): ReadonlyMap<string, Flag> {
  return new Map(
    Object.entries(kinds).flatMap(([kind, words]) =>
      [...namesWithSpans(words)].map(([name, span]): [string, Flag] => [
        name,
        { kind: kind as FlagKind, ...span },
      ]),
    ),
  );
}

const TABLE: Record<Component, ReadonlyMap<string, Flag>> = {
  apiServer: tableOf(KUBERNETES_FLAGS.apiServer),
  controllerManager: tableOf(KUBERNETES_FLAGS.controllerManager),
  scheduler: tableOf(KUBERNETES_FLAGS.scheduler),
  etcd: tableOf(ETCD_FLAGS),
};

/** Every flag of a component in any supported version, by its name without dashes. */
export function flagsOf(component: Component): ReadonlyMap<string, Flag> {
  return TABLE[component];
}
