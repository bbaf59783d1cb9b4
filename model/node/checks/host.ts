import { minorOf } from "../../versions";
import { nodeScript } from "../paths";
import type { HostCheckSpec } from "../spec";

/** From this minor version on the kubelet refuses cgroup v1, unless `failCgroupV1` is false (KEP-5573). */
const FIRST_WITHOUT_CGROUP_V1 = 35;

/** The kernel, mounts and services of the host that would stop a node, seen before anything is changed. */
export function hostChecks(spec: Pick<HostCheckSpec, "kubernetesVersion" | "failCgroupV1">): string {
  const minor = Number(minorOf(spec.kubernetesVersion)?.split(".")[1]);
  return nodeScript("check-host", {
    refuses_cgroup_v1: spec.failCgroupV1 !== false && minor >= FIRST_WITHOUT_CGROUP_V1,
    kubernetes_version: spec.kubernetesVersion,
  });
}
