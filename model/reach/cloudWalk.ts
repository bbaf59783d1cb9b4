/** The way of a packet through a planned VPC: groups, routes, gateways, balancers, EC2's source/destination check. */
import { range, type Range } from "../network/addresses";
import { API_PORT } from "../network/ports";
import type { CloudPlan, InterfacePlan, SubnetPlan } from "./cloud";
import { stoppedByGroups, type Marks, type Peer } from "./groups";
import { packetText, within, type Packet } from "./packet";

/** The hops of a way, filled while it is walked. */
export type Hops = string[];

/** RFC 1918 and RFC 6598: the internet routes none of them. Ranges for documentation stand for public ones. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(range);
const EVERYWHERE = range("0.0.0.0/0");

export function isPrivateRange(candidate: Range): boolean {
  return PRIVATE.some((own) => within(candidate, own));
}

/** Each method says what stops the packet, and undefined where it arrives. */
export class CloudWalk {
  constructor(
    readonly cloud: CloudPlan,
    private readonly marks: Marks,
  ) {}

  /** From one interface in the VPC to another, by private addresses. */
  between(from: InterfacePlan, to: InterfacePlan, packet: Packet, hops: Hops): string | undefined {
    const out = this.out(from, this.peerOf(to), packet, hops);
    if (out !== undefined) return out;
    hops.push("the VPC's local route");
    return this.into(this.peerOf(from), to, packet, hops);
  }

  /** The same with addresses of pods, which no group reference matches and no check of EC2 knows. */
  betweenPods(
    from: InterfacePlan,
    to: InterfacePlan,
    pods: { readonly sends: boolean; readonly receives: boolean; readonly range: Range },
    packet: Packet,
    hops: Hops,
  ): string | undefined {
    const seen = (own: InterfacePlan, isPod: boolean): Peer =>
      isPod
        ? { label: `pods (${pods.range.text}) of ${own.label}`, groups: [], range: pods.range }
        : this.peerOf(own);
    if (from.subnet !== to.subnet)
      return `the VPC's router between ${from.subnet} and ${to.subnet} has no route for pod addresses (${pods.range.text})`;
    const checked = [from, to].find((one) => one.sourceCheck);
    if (checked !== undefined)
      return `EC2's source/destination check is on at ${checked.label}, which drops packets with pod addresses (${pods.range.text})`;
    hops.push("source/destination check off");
    return (
      this.out(from, seen(to, pods.receives), packet, hops) ??
      this.into(seen(from, pods.sends), to, packet, hops)
    );
  }

  /** From a range outside the VPC. */
  fromOutside(source: Range, to: InterfacePlan, packet: Packet, hops: Hops): string | undefined {
    const peer: Peer = { label: source.text, groups: [], range: source };
    return this.arrives(source, to, hops) ?? this.into(peer, to, packet, hops);
  }

  /** To the internet, or to a public service. */
  toInternet(from: InterfacePlan, packet: Packet, hops: Hops): string | undefined {
    const peer: Peer = { label: "the internet", groups: [], range: EVERYWHERE };
    return this.out(from, peer, packet, hops) ?? this.leaves(from, EVERYWHERE, hops);
  }

  /** As far as the host's groups decide: to a mirror or a proxy in an unknown place. */
  outOnly(from: InterfacePlan, packet: Packet, hops: Hops): string | undefined {
    return this.out(from, { label: "the internet", groups: [], range: EVERYWHERE }, packet, hops);
  }

  /** To an address outside the VPC that a VPN or a peering leads to: its routes are not the plan's. */
  toRange(from: InterfacePlan, to: Range, packet: Packet, hops: Hops): string | undefined {
    const blocked = this.out(from, { label: to.text, groups: [], range: to }, packet, hops);
    if (blocked !== undefined) return blocked;
    const { vpc } = this.cloud;
    if (vpc?.range !== undefined && within(to, vpc.range)) {
      hops.push("the VPC's local route");
      return undefined;
    }
    if (isPrivateRange(to)) {
      hops.push("a VPN or peering of yours, which the plan does not have");
      return undefined;
    }
    return this.leaves(from, to, hops);
  }

  /** To a service of AWS, by the endpoint that its name leads to, or by its public address. */
  toService(from: InterfacePlan, service: string, hops: Hops): string | undefined {
    const packet: Packet = { protocol: "tcp", port: 443 };
    const endpoint = this.cloud.endpoints.find((one) => !one.gateway && one.named && one.service === service);
    if (endpoint !== undefined) {
      const places = this.cloud.interfaces.filter((one) => one.of === endpoint.name);
      return first(places, (place) => this.between(from, place, packet, hops));
    }
    const subnet = this.subnetOf(from);
    const gateway = this.cloud.endpoints.find(
      (one) =>
        one.gateway &&
        one.service === service &&
        subnet.table !== undefined &&
        one.tables.includes(subnet.table),
    );
    if (gateway === undefined) return this.toInternet(from, packet, hops);
    hops.push(`gateway endpoint ${gateway.name}`);
    return this.out(from, { label: service, groups: [], range: EVERYWHERE }, packet, hops);
  }

  /** By one address of a balancer to every server behind it. */
  throughBalancer(
    client: { readonly from: InterfacePlan } | { readonly range: Range },
    front: InterfacePlan,
    port: number,
    hops: Hops,
  ): string | undefined {
    const balancer = this.cloud.balancers.get(front.of);
    if (balancer === undefined) return `${front.label} is not in the plan`;
    const packet: Packet = { protocol: "tcp", port };
    const arrived =
      "from" in client
        ? this.between(client.from, front, packet, hops)
        : this.fromOutside(client.range, front, packet, hops);
    if (arrived !== undefined) return arrived;
    const listener = balancer.listeners.find((one) => one.port === port && one.protocol === "TCP");
    if (listener === undefined)
      return `balancer ${balancer.name} has no listener on tcp ${port}${others(balancer.listeners)}`;
    hops.push(`listener ${listener.name}`);
    const targets = this.cloud.targets.get(listener.targets ?? "");
    if (targets === undefined) return `listener ${listener.name} forwards to no target group of the plan`;
    if (targets.members.length === 0) return `target group ${targets.name} has no targets`;
    hops.push(`target group ${targets.name}`);
    const servers = targets.members.map((member) => ({
      ...member,
      at: this.cloud.interfaces.find((one) => one.name === member.target),
    }));
    const zone = (one: InterfacePlan | undefined) => one && this.cloud.subnets.get(one.subnet)?.made?.zone;
    const near = balancer.crossZone ? servers : servers.filter(({ at }) => zone(at) === zone(front));
    if (near.length === 0)
      return `balancer ${balancer.name} has no target in the zone of ${front.subnet} and is not balancing across zones`;
    return first(near, ({ name, at, port: target }) => {
      if (at === undefined || target === undefined)
        return `attachment ${name} leads to no instance of the plan`;
      return this.toTarget(client, front, at, { ...targets, port: target }, name, hops);
    });
  }

  private toTarget(
    client: { readonly from: InterfacePlan } | { readonly range: Range },
    front: InterfacePlan,
    at: InterfacePlan,
    targets: {
      readonly name: string;
      readonly keepsClientAddress: boolean;
      readonly port: number;
      readonly healthPort: number | undefined;
    },
    attachment: string,
    hops: Hops,
  ): string | undefined {
    const packet: Packet = { protocol: "tcp", port: targets.port };
    if (targets.port !== API_PORT)
      return `attachment ${attachment} sends to tcp ${targets.port}, where no API server listens (${API_PORT})`;
    if (targets.healthPort !== API_PORT)
      return `target group ${targets.name} asks for health on tcp ${targets.healthPort}, where no API server listens (${API_PORT}): no target becomes healthy`;
    const fromFront = this.peerOf(front);
    const left = this.out(front, this.peerOf(at), packet, hops);
    if (left !== undefined) return left;
    const health = this.into(fromFront, at, packet, []);
    if (health !== undefined) return `health checks of ${targets.name}: ${health}`;
    if (!targets.keepsClientAddress) return this.into(fromFront, at, packet, hops);
    if ("from" in client && client.from.name === at.name)
      return `target group ${targets.name} preserves client addresses: ${at.label} would get its own connection back from its own address, and drops it`;
    const seen =
      "from" in client
        ? this.peerOf(client.from)
        : { label: client.range.text, groups: [], range: client.range };
    // A reference to the balancer's group lets its connections in also with the client's address (Elastic Load Balancing,
    // "Security groups for your Network Load Balancer").
    return this.into({ ...seen, groups: [...seen.groups, ...front.groups] }, at, packet, hops);
  }

  /** What may be sent: judged at the sender. */
  private out(from: InterfacePlan, to: Peer, packet: Packet, hops: Hops): string | undefined {
    const stopped = stoppedByGroups(this.cloud, from, "out", to, packet, this.marks);
    if (stopped === undefined) hops.push(`out of ${from.groups.join(", ")}`);
    return stopped;
  }

  /** What may be received. */
  into(from: Peer, to: InterfacePlan, packet: Packet, hops: Hops): string | undefined {
    const stopped = stoppedByGroups(this.cloud, to, "in", from, packet, this.marks);
    if (stopped === undefined) hops.push(`into ${to.groups.join(", ")} by ${packetText(packet)}`);
    return stopped;
  }

  /** An interface as groups elsewhere see it; an address that is not fixed is any of its subnet's. */
  peerOf(one: InterfacePlan): Peer {
    return {
      label: one.label,
      groups: one.groups,
      range: one.address ?? this.cloud.subnets.get(one.subnet)?.made?.range,
    };
  }

  private subnetOf({ subnet }: InterfacePlan): SubnetPlan {
    return this.cloud.subnets.get(subnet) ?? { name: subnet };
  }

  /** Whether packets to a range leave the subnet towards the internet. */
  private leaves(from: InterfacePlan, to: Range, hops: Hops): string | undefined {
    const subnet = this.subnetOf(from);
    if (subnet.made === undefined) return this.unknownRoutes(hops);
    const found = this.routeOf(subnet, to);
    if (typeof found === "string") return found;
    hops.push(`route ${found.name}`);
    if (found.internet !== undefined) {
      if (!this.cloud.gateways.has(found.internet))
        return `route ${found.name} leads to a gateway that is not at this VPC`;
      if (!from.public)
        return `${from.label} has no public address, and route ${found.name} leads to the internet gateway, which drops its packets`;
      hops.push(`internet gateway ${found.internet}`);
      return undefined;
    }
    const nat = this.cloud.nats.get(found.nat ?? "");
    if (nat === undefined) return `route ${found.name} leads to no gateway of the plan`;
    if (!nat.hasAddress) return `NAT gateway ${nat.name} has no public address`;
    const place = this.cloud.subnets.get(nat.subnet ?? "");
    if (place?.made === undefined) return `NAT gateway ${nat.name} is in no subnet of the plan`;
    const onward = this.routeOf(place, to);
    if (typeof onward === "string") return `NAT gateway ${nat.name}: ${onward}`;
    if (onward.internet === undefined || !this.cloud.gateways.has(onward.internet))
      return `NAT gateway ${nat.name} is in ${place.name}, whose route ${onward.name} does not lead to the internet gateway`;
    hops.push(`NAT gateway ${nat.name}`, `internet gateway ${onward.internet}`);
    return undefined;
  }

  /** Whether packets from outside arrive, and answers find their way back. */
  private arrives(source: Range, to: InterfacePlan, hops: Hops): string | undefined {
    const subnet = this.subnetOf(to);
    const { vpc } = this.cloud;
    if (vpc?.range !== undefined && within(source, vpc.range)) {
      hops.push("the VPC's local route");
      return undefined;
    }
    if (isPrivateRange(source)) {
      hops.push("a VPN or peering of yours, which the plan does not have");
      return undefined;
    }
    if (subnet.made === undefined) return this.unknownRoutes(hops);
    if (!to.public) return `${to.label} has no public address for ${source.text} to call`;
    const back = this.routeOf(subnet, source);
    if (typeof back === "string") return `answers of ${to.label}: ${back}`;
    if (back.internet === undefined || !this.cloud.gateways.has(back.internet))
      return `answers of ${to.label} to ${source.text} leave by route ${back.name}, not by the internet gateway that the call came by`;
    hops.push(`internet gateway ${back.internet}`);
    return undefined;
  }

  private unknownRoutes(hops: Hops): undefined {
    hops.push("routes of the existing VPC, which the plan does not have");
    return undefined;
  }

  /** The most specific route, as the VPC's router takes it. */
  private routeOf(subnet: SubnetPlan, to: Range): CloudPlan["routes"][number] | string {
    if (subnet.table === undefined)
      return `subnet ${subnet.name} is associated with no route table, so it has the VPC's main one, which leads nowhere outside`;
    const own = this.cloud.routes.filter(({ table }) => table === subnet.table);
    const [best] = own
      .filter(({ destination }) => destination !== undefined && within(to, destination))
      .sort((a, b) => (b.destination?.prefix ?? 0) - (a.destination?.prefix ?? 0));
    if (best !== undefined) return best;
    const [other] = own;
    return (
      `route table ${subnet.table} of subnet ${subnet.name} has no route to ${to === EVERYWHERE ? "the internet" : to.text}` +
      (other === undefined
        ? ""
        : `; route ${other.name} is for ${other.destination?.text ?? "no range"} alone`)
    );
  }
}

function others(listeners: readonly { readonly name: string; readonly port: number | undefined }[]): string {
  return listeners.length === 0
    ? ""
    : `; ${listeners.map(({ name, port }) => `${name} is on tcp ${port}`).join(", ")}`;
}

/** What stops the first of them that does not arrive. */
export function first<One>(all: readonly One[], walk: (one: One) => string | undefined): string | undefined {
  for (const one of all) {
    const stopped = walk(one);
    if (stopped !== undefined) return stopped;
  }
  return undefined;
}
