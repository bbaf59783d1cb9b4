import type { Flow, PortRange, Protocol } from "../network/flow";
import { PROTOCOL_NUMBERS } from "../network/flow";
import type { Range } from "../network/addresses";

/** The first packet of a connection, on its way. */
export interface Packet {
  /** As EC2 names it: `tcp`, `udp`, `icmp`, another protocol's number, `-1` for a packet of any. */
  readonly protocol: string;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
}

/** As a sentence says it: `tcp 6443`. */
export function packetText({ protocol, port, icmp }: Packet): string {
  if (icmp !== undefined) return `icmp type ${icmp.type}`;
  return `${protocolText(protocol)}${port === undefined ? "" : ` ${port}`}`;
}

export function protocolText(protocol: string): string {
  if (protocol === "-1") return "any protocol";
  const known = Object.entries(PROTOCOL_NUMBERS).find(([, number]) => String(number) === protocol);
  return known?.[0] ?? protocol;
}

/** RFC 792: destination unreachable, fragmentation needed; echo request. */
const ICMP = {
  "destination-unreachable": { type: 3, code: 4 },
  "echo-request": { type: 8, code: 0 },
} as const;

function ec2Protocol(protocol: Protocol): string {
  switch (protocol) {
    case "tcp":
    case "udp":
    case "icmp":
      return protocol;
    case "any":
      return "-1";
    case "igmp":
    case "ipip":
    case "gre":
    case "esp":
    case "ah":
    case "ospf":
    case "vrrp":
    case "sctp":
      return String(PROTOCOL_NUMBERS[protocol]);
  }
}

/** What of a flow has to arrive: of each range of ports its ends. */
export function packetsOf({ protocol, ports, icmp }: Pick<Flow, "protocol" | "ports" | "icmp">): Packet[] {
  const own = ec2Protocol(protocol);
  if (icmp !== undefined) return [{ protocol: own, icmp: ICMP[icmp.type] }];
  return ports.length === 0 ? [{ protocol: own }] : endsOf(ports).map((port) => ({ protocol: own, port }));
}

export function endsOf(ports: readonly PortRange[]): number[] {
  return [...new Set(ports.flatMap(({ from, to }) => [from, to]))];
}

/** The ports of a flow as a sentence says them: `tcp 2379-2380`. */
export function flowText({ protocol, ports, icmp }: Pick<Flow, "protocol" | "ports" | "icmp">): string {
  if (icmp !== undefined) return `icmp ${icmp.code ?? icmp.type}`;
  const list = ports.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
  return `${protocol === "any" ? "any protocol" : protocol}${list === "" ? "" : ` ${list}`}`;
}

/** Whether a range lies in another. */
export function within(inner: Range, outer: Range): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}
