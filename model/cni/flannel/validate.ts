import type { Problems } from "../../settings/problems";
import type { CniKeys, CniSurroundings } from "../domain";
import { FLANNEL_ROWS } from "./rows";
import type { FlannelInput, FlannelSettings } from "./settings";
import { WINDOWS_VXLAN } from "./windows";

/** flannel's own keys. */
export function validateFlannel(
  input: CniKeys<FlannelInput>,
  { backend }: FlannelSettings,
  around: CniSurroundings,
  problems: Problems,
): void {
  if (around.refused("cni.backend")) return;
  for (const key of ["vni", "port"] as const) {
    const value = input[key];
    if (value === undefined || backend === "vxlan" || (key === "port" && backend === "wireguard")) continue;
    const of = key === "vni" ? "VXLAN" : "VXLAN and WireGuard";
    problems.add(["cni", key], value, `is a setting of ${of}, but the backend is ${backend}`, {
      allowed: `backend: vxlan, or no ${key}`,
    });
  }
  const other = around.udpPorts.find(({ port }) => port === input.port);
  if (other !== undefined && backend !== "host-gw") {
    problems.add(["cni", "port"], input.port, `is the UDP port of ${other.owner} on the nodes`, {
      allowed: `another port, such as ${FLANNEL_ROWS[backend].ports[0]?.port}`,
    });
  }
  validateWindows(input, backend, around, problems);
}

/** Windows nodes know one VXLAN network only. */
function validateWindows(
  input: CniKeys<FlannelInput>,
  backend: FlannelSettings["backend"],
  { windowsPool }: CniSurroundings,
  problems: Problems,
): void {
  if (input.windows === false && windowsPool !== undefined) {
    problems.add(["cni", "windows"], false, `contradicts workers.${windowsPool}, which has Windows nodes`, {
      allowed: "true",
    });
    return;
  }
  if (input.windows !== true && windowsPool === undefined) return;
  const because = windowsPool === undefined ? "cni.windows" : `workers.${windowsPool}`;
  if (!FLANNEL_ROWS[backend].windows) {
    // With a pool it is said for every CNI.
    if (windowsPool !== undefined) return;
    problems.add(
      ["cni", "backend"],
      `flannel ${backend}`,
      `cannot be combined with Windows nodes (${because})`,
      {
        allowed: "flannel vxlan",
      },
    );
    return;
  }
  if (input.vni !== undefined && input.vni < WINDOWS_VXLAN.vni) {
    problems.add(
      ["cni", "vni"],
      input.vni,
      `is an identifier that Windows nodes do not support (${because})`,
      {
        allowed: `${WINDOWS_VXLAN.vni} or more; without it, ${WINDOWS_VXLAN.vni}`,
      },
    );
  }
  if (input.port !== undefined && input.port !== WINDOWS_VXLAN.port) {
    problems.add(["cni", "port"], input.port, `is a port that Windows nodes do not support (${because})`, {
      allowed: `${WINDOWS_VXLAN.port}, the default`,
    });
  }
}
