import type { MachineRole, Taint } from "./resolved";

/** kubeadm's own taint of control-plane nodes (cmd/kubeadm/app/constants, ControlPlaneTaint). */
export const CONTROL_PLANE_TAINT: Taint = {
  key: "node-role.kubernetes.io/control-plane",
  effect: "NoSchedule",
};

/** Reads `key:Effect` or `key=value:Effect`; the text was checked before. */
export function readTaint(taint: unknown): Taint {
  if (typeof taint !== "string") return taint as Taint;
  const [left = "", effect = ""] = taint.split(":");
  const [key = "", value] = left.split("=");
  return { key, ...(value ? { value } : {}), effect: effect as Taint["effect"] };
}

/** A control-plane node keeps ordinary pods away unless its taints are written down, `[]` included. */
export function taintsOf(role: MachineRole, given: readonly unknown[] | undefined): Taint[] {
  if (given === undefined) return role === "controlPlane" ? [CONTROL_PLANE_TAINT] : [];
  return given.map(readTaint);
}
