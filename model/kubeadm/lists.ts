import { ADMISSION_PLUGINS } from "./admissionPlugins";
import type { ExtraArgs } from "../settings/resolved";

/** Controllers that are on besides Kubernetes' own (kubeadm, app/phases/controlplane/manifests.go), with their other names. */
const CONTROLLERS = [
  ["bootstrapsigner", "bootstrap-signer-controller"],
  ["tokencleaner", "token-cleaner-controller"],
] as const;

/** The library's plugins with those of the settings, but for what the settings switch off: a list takes the place of kubeadm's. */
export function withPlugins(args: ExtraArgs): ExtraArgs {
  const off = listOf(args["disable-admission-plugins"]);
  const given = listOf(args["enable-admission-plugins"]);
  const own = ADMISSION_PLUGINS.filter((name) => !given.includes(name) && !off.includes(name));
  return { ...args, "enable-admission-plugins": [...given, ...own].join(",") };
}

/** A list flag that the settings give takes the place of kubeadm's value; what of that is needed is put back, but for those that the settings switch off. */
export function withKubeadmsControllers(args: ExtraArgs): ExtraArgs {
  return extended(args, "controllers", (given) =>
    CONTROLLERS.filter(
      (names) => !names.some((name) => given.includes(name) || given.includes(`-${name}`)),
    ).map(([name]) => name),
  );
}

/** As above, for etcd, which kubeadm lets compare its data with the other members' before it serves. */
export function withKubeadmsGates(args: ExtraArgs): ExtraArgs {
  return extended(args, "feature-gates", (given) =>
    given.some((gate) => gate.startsWith("InitialCorruptCheck=")) ? [] : ["InitialCorruptCheck=true"],
  );
}

function extended(
  args: ExtraArgs,
  name: string,
  missing: (given: readonly string[]) => readonly string[],
): ExtraArgs {
  const value = args[name];
  if (value === undefined) return args;
  const given = listOf(value);
  return { ...args, [name]: [...given, ...missing(given)].join(",") };
}

function listOf(value: ExtraArgs[string] | undefined): string[] {
  return (value === undefined ? [] : typeof value === "string" ? [value] : value)
    .flatMap((one) => one.split(","))
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
