import { parse } from "yaml";
import { FEATURE_GATES, LOCKED_OFF, LOCKED_ON } from "./featureGates";
import { COMPONENTS, covers, flagsOf, namesWithSpans, PROGRAMS, type Component } from "./table";

interface Arguments {
  readonly extraArgs?: readonly { readonly name: string; readonly value: string }[];
}

/** The parts of kubeadm's ClusterConfiguration that have flags. */
interface Configuration extends Partial<Record<"apiServer" | "controllerManager" | "scheduler", Arguments>> {
  readonly etcd?: { readonly local?: Arguments };
}

const GATES = namesWithSpans(FEATURE_GATES);
const ON = namesWithSpans(LOCKED_ON);
const OFF = namesWithSpans(LOCKED_OFF);

/**
 * The parts of a living cluster's configuration that a version between does not start with. The control plane goes through it with the flags
 * that it has; those of the settings come with the last version.
 * @param configuration kubeadm's ClusterConfiguration, as the cluster has it
 * @param version x.y.z, of the hop
 */
export function hopRefusals(configuration: string, version: string): string[] {
  const minor = version.split(".").slice(0, 2).join(".");
  const known = parse(configuration) as Configuration | null;
  return COMPONENTS.filter((component) => component !== "etcd").flatMap((component) =>
    (argumentsOf(known, component) ?? []).flatMap(({ name, value }) => {
      const flag = flagsOf(component).get(name);
      const path = `${component}.extraArgs.${name}`;
      const program = `${PROGRAMS[component]} ${minor}, which the upgrade goes through`;
      if (flag !== undefined && !covers(flag, minor))
        return [`${path} of the living cluster is not a flag of ${program}: ${CURE}`];
      if (name !== "feature-gates") return [];
      return value
        .split(",")
        .filter((gate) => refuses(gate, minor))
        .map((gate) => `${path}: ${gate} of the living cluster does not fit ${program}: ${CURE}`);
    }),
  );
}

const CURE = "take it out of the settings and run up with the version as it is, then raise the version";

function argumentsOf(known: Configuration | null, component: Component): Arguments["extraArgs"] {
  return component === "etcd" ? known?.etcd?.local?.extraArgs : known?.[component]?.extraArgs;
}

function refuses(gate: string, minor: string): boolean {
  const [name = "", value = ""] = gate.trim().split("=");
  const span = GATES.get(name);
  if (span !== undefined && !covers(span, minor)) return true;
  const locked = value === "true" ? OFF.get(name) : ON.get(name);
  return locked !== undefined && covers(locked, minor);
}
