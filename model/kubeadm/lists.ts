import type { ExtraArgs } from "../settings/resolved";

/** Admission plugins that are on besides Kubernetes' own: kubeadm's one, on which labels and approvals of nodes rely. */
const ADMISSION_PLUGINS = ["NodeRestriction"];

/** Controllers that are on besides Kubernetes' own (kubeadm, app/phases/controlplane/manifests.go), with their other names. */
const CONTROLLERS = [
  ["bootstrapsigner", "bootstrap-signer-controller"],
  ["tokencleaner", "token-cleaner-controller"],
] as const;

/** A list flag that the settings give takes the place of kubeadm's value; what of that is needed is put back. */
export function withKubeadmsPlugins(args: ExtraArgs): ExtraArgs {
  return extended(args, "enable-admission-plugins", (given) =>
    ADMISSION_PLUGINS.filter((name) => !given.includes(name)),
  );
}

/** As above, for controllers, but for those that the settings switch off. */
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
  const given = (typeof value === "string" ? [value] : value)
    .flatMap((one) => one.split(","))
    .map((one) => one.trim());
  return { ...args, [name]: [...given, ...missing(given)].join(",") };
}
