import { COMPONENTS, type Component, PROGRAMS, covers, flagsOf } from "../table";
import { isSupportedMinor } from "../../versions";
import { type Checked, minorIn } from "../../settings/checked";
import { nearest } from "../../text";
import type { Path, Problems } from "../../settings/problems";
import { valuesOf, wrongKind } from "./kinds";
import { KEPT_ARGS, OWNED_ARGS, type Owner } from "./owned";
import { RULES } from "./rules";

const FLAG = /^[a-z][a-z0-9-]*$/;

/** Flags of other days that people still write, and what took their place. */
const RENAMED: Readonly<Record<string, string>> = {
  "experimental-cluster-signing-duration": "cluster-signing-duration",
  "pod-eviction-timeout": "default-not-ready-toleration-seconds",
  "horizontal-pod-autoscaler-downscale-delay": "horizontal-pod-autoscaler-downscale-stabilization",
  "master-count": "apiserver-count",
  "max-mutating-request-inflight": "max-mutating-requests-inflight",
  address: "bind-address",
  port: "secure-port",
};

/** Every extra argument is a flag of its program, says nothing that a setting says, and has a value that the program takes. */
export function validateFlags(checked: Checked, problems: Problems): void {
  for (const component of COMPONENTS) {
    const args = checked.written[component]?.extraArgs ?? {};
    for (const [name, value] of Object.entries(args)) validateFlag(component, name, value, checked, problems);
  }
}

function validateFlag(
  component: Component,
  name: string,
  value: unknown,
  checked: Checked,
  problems: Problems,
): void {
  const path = [component, "extraArgs", name];
  if (!FLAG.test(name)) {
    const bare = (name.replace(/^-+/, "").split("=")[0] ?? "").replaceAll("_", "-").toLowerCase();
    problems.add(path, name, "is not a name of a flag", {
      allowed: "the name without leading dashes, with the value after the colon",
      ...(FLAG.test(bare) ? { nearest: bare } : {}),
    });
    return;
  }
  if (refuse(OWNED_ARGS[component], path, name, value, problems)) return;
  if (keep(KEPT_ARGS[component], path, name, value, problems)) return;
  const flag = flagsOf(component).get(name);
  const version = versionOf(component, checked);
  if (flag === undefined || (version !== undefined && !covers(flag, version))) {
    reportUnknown(component, name, version, path, value, problems);
    return;
  }
  const values = valuesOf(flag, value);
  const found = wrongKind(flag, value, values) ?? RULES[component][name]?.(values, checked);
  if (found !== undefined) problems.add(path, value, found.message, found);
}

/** Minor version of a component; etcd's own. undefined: not known, or older than the table. */
function versionOf(component: Component, checked: Checked): string | undefined {
  if (component !== "etcd") return minorIn(checked);
  if (checked.refused("versions") || !isSupportedMinor(minorIn(checked) ?? "")) return undefined;
  const minor = /^(3\.\d+)\./.exec(checked.settings.versions.etcd)?.[1];
  return minor === "3.5" ? "3.6" : minor;
}

function reportUnknown(
  component: Component,
  name: string,
  version: string | undefined,
  path: Path,
  value: unknown,
  problems: Problems,
): void {
  const program = `${PROGRAMS[component]}${version === undefined ? "" : ` ${version}`}`;
  const names = [...flagsOf(component)].flatMap(([known, flag]) =>
    (version === undefined || covers(flag, version)) && !Object.hasOwn(OWNED_ARGS[component], known)
      ? [known]
      : [],
  );
  const renamed = RENAMED[name];
  const near = renamed !== undefined && flagsOf(component).has(renamed) ? renamed : nearest(name, names);
  const owner = COMPONENTS.find((other) => other !== component && flagsOf(other).has(name));
  const other = owner === undefined ? "" : `; ${PROGRAMS[owner]} has it: ${owner}.extraArgs`;
  problems.add(path, value, `is not a flag of ${program}`, {
    allowed: `flags of \`${PROGRAMS[component]} --help\`${other}`,
    nearest: near,
  });
}

/** Reports a value that another setting decides. @returns whether it was one */
export function refuse(owned: Owner, path: Path, key: string, value: unknown, problems: Problems): boolean {
  const setting = Object.hasOwn(owned, key) ? owned[key] : undefined;
  if (setting === undefined) return false;
  problems.add(path, value, "is not allowed here: another setting determines it", {
    allowed: `instead: ${setting}`,
  });
  return true;
}

/** Reports a value that nobody may change. @returns whether it was one */
export function keep(kept: Owner, path: Path, key: string, value: unknown, problems: Problems): boolean {
  const why = Object.hasOwn(kept, key) ? kept[key] : undefined;
  if (why === undefined) return false;
  problems.add(path, value, `cannot change: ${why}`, { allowed: "leave it out" });
  return true;
}
