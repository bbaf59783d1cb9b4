import { addonPorts, type AddonKey } from "../../addons";
import { NODE_PORTS } from "../../network/ports";
import type { Checked } from "../checked";
import { cniPortsOf } from "./cni";

/** A port of every node, or of some, on which a part of the cluster listens. */
export interface HostPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** As a sentence names it: "MetalLB's speakers". */
  readonly owner: string;
}

/** What the settings' own parts have on the hosts, wherever they are put, besides Kubernetes and the API's proxy. */
export function partsPorts(checked: Checked): HostPort[] {
  return portsOf(checked).filter(({ chosen }) => chosen !== true);
}

function portsOf(checked: Checked, but?: AddonKey): (HostPort & { readonly chosen?: true })[] {
  return [
    ...cniPortsOf(checked).flatMap(({ protocol, port, name }) =>
      protocol === "tcp" || protocol === "udp" ? [{ protocol, port, owner: name }] : [],
    ),
    ...addonPorts(checked.settings.addons).filter(({ key }) => key !== but),
  ];
}

/** Who has a UDP port of the nodes; undefined where it is free. */
export function ownerOfUdp(checked: Checked, port: number): string | undefined {
  return portsOf(checked).find((one) => one.protocol === "udp" && one.port === port)?.owner;
}

/** Who has a TCP port of the nodes, besides an add-on that asks; undefined where it is free. */
export function ownerOfTcp(checked: Checked, port: number, but?: AddonKey): string | undefined {
  const { endpoint, settings, refused } = checked;
  const { from, to } = settings.network.nodePortRange;
  if (NODE_PORTS[port] !== undefined) return NODE_PORTS[port];
  if (endpoint.kind === "nodeLocal" && endpoint.port === port) return "the API's proxy";
  if (!refused("network.nodePortRange") && from <= port && port <= to) return "NodePorts";
  return portsOf(checked, but).find((one) => one.protocol === "tcp" && one.port === port)?.owner;
}
