import { outsideCalls, snapshotCalls, type EgressSpec } from "../aws/egress";
import { apiFront, bastionForwards, endsAtControlPlane, hasPublicBalancer } from "../aws/firewall";
import type { AwsSettings } from "../aws/settings";
import { flowsOf, type FlowsSpec } from "../flows";
import { range, type Range } from "../network/addresses";
import type { Flow, Source, Target } from "../network/flow";
import { API_PORT } from "../network/ports";
import type { CloudPlan, InterfacePlan } from "./cloud";
import { CloudWalk, first } from "./cloudWalk";
import { journey, type Journey } from "./journey";
import { flowText, packetsOf, packetText, type Packet } from "./packet";

/** What decides who must reach whom in a cluster on AWS. */
export interface CloudJourneysSpec extends FlowsSpec, EgressSpec {
  readonly aws?: AwsSettings;
}

const SSH: Packet = { protocol: "tcp", port: 22 };
const EVERYWHERE = range("0.0.0.0/0");

type Kind = InterfacePlan["kind"];

/** Every flow of the settings, from each of its sources to each of its targets, through the planned resources. */
export function cloudJourneys(
  settings: CloudJourneysSpec,
  aws: AwsSettings,
  cloud: CloudPlan,
  used: Set<string>,
): Journey[] {
  const walk = new CloudWalk(cloud, { used });
  return [
    ...flowsOf(settings).flatMap((flow) => flowJourneys(settings, aws, walk, flow)),
    ...endpointJourneys(settings, walk),
    ...serviceJourneys(settings, aws, walk),
  ];
}

function ofKinds({ cloud }: CloudWalk, ...kinds: readonly Kind[]): InterfacePlan[] {
  return cloud.interfaces.filter((one) => kinds.includes(one.kind));
}

function partiesOf(walk: CloudWalk, party: Source | Target): InterfacePlan[] {
  switch (party) {
    case "node":
      return ofKinds(walk, "controlPlane", "worker");
    case "controlPlane":
      return ofKinds(walk, "controlPlane");
    case "machine":
      return ofKinds(walk, "controlPlane", "worker", "bastion", "balancer");
    case "loadBalancer":
    case "pod":
    case "operator":
    case "apiClient":
    case "serviceClient":
    case "any":
    case "listed":
      return [];
  }
}

function flowJourneys(settings: CloudJourneysSpec, aws: AwsSettings, walk: CloudWalk, flow: Flow): Journey[] {
  switch (flow.from) {
    case "operator":
      return flow.protocol === "tcp" ? sshJourneys(aws, walk, flow.reason) : [];
    case "apiClient":
      return flow.to === "controlPlane" ? apiClientJourneys(aws, walk, flow.reason) : [];
    case "node":
    case "controlPlane":
      return pairs(walk, flow).flatMap(([from, to]) => nodeJourneys(settings, walk, flow, from, to));
    case "pod":
      // What pods call on their own node's address stays on it.
      return flow.protocol !== "any"
        ? []
        : pairs(walk, { ...flow, from: "node" }).flatMap(([from, to]) =>
            podJourneys(settings, walk, flow, from, to, true, false),
          );
    case "serviceClient":
      return aws.access.nodePorts.flatMap((source) =>
        partiesOf(walk, flow.to)
          .filter(({ kind }) => kind !== "controlPlane" || endsAtControlPlane(settings, flow))
          .map((to) => nodePortJourney(walk, flow, range(source), to)),
      );
    case "any":
      return partiesOf(walk, flow.to).map((to) => routerJourney(walk, flow, to));
    case "loadBalancer":
    // Rules of one's own are for hosts that filter by themselves.
    case "listed":
      return [];
  }
}

function pairs(walk: CloudWalk, flow: Pick<Flow, "from" | "to">): [InterfacePlan, InterfacePlan][] {
  return partiesOf(walk, flow.from).flatMap((from) =>
    partiesOf(walk, flow.to)
      .filter((to) => from.name !== to.name || from.several)
      .map((to): [InterfacePlan, InterfacePlan] => [from, to]),
  );
}

function nodeJourneys(
  settings: CloudJourneysSpec,
  walk: CloudWalk,
  flow: Flow,
  from: InterfacePlan,
  to: InterfacePlan,
): Journey[] {
  if (flow.protocol === "any") return podJourneys(settings, walk, flow, from, to, false, true);
  const about = { reason: flow.reason, from: from.label, to: to.label, what: flowText(flow) };
  return [journey(about, (hops) => first(packetsOf(flow), (packet) => walk.between(from, to, packet, hops)))];
}

/** A backend without encapsulation: only inside a subnet do packets show addresses of pods, elsewhere the CNI wraps them. */
function podJourneys(
  settings: CloudJourneysSpec,
  walk: CloudWalk,
  flow: Flow,
  from: InterfacePlan,
  to: InterfacePlan,
  sends: boolean,
  receives: boolean,
): Journey[] {
  const wrapped = flowsOf(settings).some(
    (one) => one.from === "node" && one.to === "node" && one.protocol === "udp",
  );
  if (from.subnet !== to.subnet && wrapped) return [];
  const pods = { sends, receives, range: range(settings.network.podCidr) };
  const about = { reason: flow.reason, from: from.label, to: to.label, what: flowText(flow) };
  return [
    journey(about, (hops) =>
      first(packetsOf(flow), (packet) => walk.betweenPods(from, to, pods, packet, hops)),
    ),
  ];
}

function nodePortJourney(walk: CloudWalk, flow: Flow, source: Range, to: InterfacePlan): Journey {
  const about = { reason: flow.reason, from: source.text, to: to.label, what: flowText(flow) };
  return journey(about, (hops) => {
    if (to.public) return first(packetsOf(flow), (packet) => walk.fromOutside(source, to, packet, hops));
    // Its clients keep their addresses: the balancer's targets are instances.
    hops.push("a load balancer of a Service, which the cloud controller manager makes");
    const peer = { label: source.text, groups: [], range: source };
    return first(packetsOf(flow), (packet) => walk.into(peer, to, packet, hops));
  });
}

/** Routers on the way say that a packet is too large: those of the VPC, and of the internet to who has an address there. */
function routerJourney(walk: CloudWalk, flow: Flow, to: InterfacePlan): Journey {
  const inside = walk.cloud.vpc?.range;
  const source = to.public || inside === undefined ? EVERYWHERE : inside;
  const peer = {
    label: source === EVERYWHERE ? "any router" : `routers of ${source.text}`,
    groups: [],
    range: source,
  };
  const about = { reason: flow.reason, from: peer.label, to: to.label, what: flowText(flow) };
  return journey(about, (hops) => first(packetsOf(flow), (packet) => walk.into(peer, to, packet, hops)));
}

function sshJourneys(aws: AwsSettings, walk: CloudWalk, reason: string): Journey[] {
  const bastions = ofKinds(walk, "bastion");
  const controlPlane = ofKinds(walk, "controlPlane");
  const people = aws.bastion === undefined ? controlPlane : bastions;
  const missing: Journey[] =
    aws.bastion !== undefined && bastions.length === 0
      ? [
          {
            reason,
            from: "people",
            to: "the bastion",
            what: packetText(SSH),
            hops: [],
            blocked: "the plan has no bastion",
          },
        ]
      : [];
  return [
    ...missing,
    ...aws.access.ssh.flatMap((source) =>
      people.map((to) =>
        journey({ reason, from: source, to: to.label, what: packetText(SSH) }, (hops) =>
          walk.fromOutside(range(source), to, SSH, hops),
        ),
      ),
    ),
    ...bastions.flatMap((from) =>
      controlPlane.map((to) =>
        journey(
          {
            reason: "SSH to control-plane nodes, from the bastion",
            from: from.label,
            to: to.label,
            what: packetText(SSH),
          },
          (hops) => walk.between(from, to, SSH, hops),
        ),
      ),
    ),
  ];
}

/** Where people's calls of the API arrive: a balancer, the bastion, or the one control-plane node. */
function apiClientJourneys(aws: AwsSettings, walk: CloudWalk, reason: string): Journey[] {
  const what = packetText({ protocol: "tcp", port: API_PORT });
  const front = apiFront(aws);
  const fronts =
    front === "bastion" || front === "controlPlane"
      ? ofKinds(walk, front)
      : ofKinds(walk, "balancer").filter(
          (one) => walk.cloud.balancers.get(one.of)?.internal === !hasPublicBalancer(aws),
        );
  const behind = bastionForwards(aws)
    ? ofKinds(walk, "bastion").flatMap((from) =>
        endpointsOf(aws, walk).map((to) =>
          journey(
            { reason: "the bastion forwards API calls", from: from.label, to: to.label, what },
            (hops) => toApi(walk, { from }, to, hops),
          ),
        ),
      )
    : [];
  const nowhere = aws.access.api.length > 0 && fronts.length === 0;
  return [
    ...(nowhere
      ? [
          {
            reason,
            from: "people",
            to: "the API",
            what,
            hops: [],
            blocked: "the plan has nothing that people call the API at",
          },
        ]
      : []),
    ...aws.access.api.flatMap((source) =>
      fronts.map((to) =>
        journey({ reason, from: source, to: to.label, what }, (hops) =>
          toApi(walk, { range: range(source) }, to, hops),
        ),
      ),
    ),
    ...behind,
  ];
}

/** By a balancer to every server, or to the one. */
function toApi(
  walk: CloudWalk,
  client: { readonly from: InterfacePlan } | { readonly range: Range },
  to: InterfacePlan,
  hops: string[],
): string | undefined {
  if (to.kind === "balancer") return walk.throughBalancer(client, to, API_PORT, hops);
  const packet: Packet = { protocol: "tcp", port: API_PORT };
  return "from" in client
    ? walk.between(client.from, to, packet, hops)
    : walk.fromOutside(client.range, to, packet, hops);
}

/** What has the addresses that the endpoint's name has in hosts files. */
function endpointsOf({ endpoint }: AwsSettings, { cloud }: CloudWalk): InterfacePlan[] {
  return endpoint.addresses.flatMap(({ address }) =>
    cloud.interfaces.filter((one) => one.address?.text === `${address}/32` && one.kind !== "bastion"),
  );
}

function endpointJourneys(settings: CloudJourneysSpec, walk: CloudWalk): Journey[] {
  const { aws, endpoint } = settings;
  if (aws === undefined) return [];
  const reason = "nodes call the API at its endpoint";
  return ofKinds(walk, "controlPlane", "worker").flatMap((from) =>
    aws.endpoint.addresses.flatMap(({ address }) => {
      const to = walk.cloud.interfaces.find((one) => one.address?.text === `${address}/32`);
      const about = { reason, from: from.label, to: `the API at ${address}`, what: `tcp ${endpoint.port}` };
      if (to?.name === from.name) return [];
      if (to === undefined)
        return [{ ...about, hops: [], blocked: `nothing in the plan has the address ${address}` }];
      return [journey(about, (hops) => toApi(walk, { from }, to, hops))];
    }),
  );
}

/** What hosts call outside: AWS' services, and what the settings name. */
function serviceJourneys(settings: CloudJourneysSpec, aws: AwsSettings, walk: CloudWalk): Journey[] {
  const hosts = ofKinds(walk, "controlPlane", "worker", "bastion");
  // Names of services lead every host to their endpoints, whether it calls them today or not.
  const services = aws.vpc.endpoints?.services.map((one) => ({ ...one, by: EVERY_HOST })) ?? CALLED;
  return hosts.flatMap((from) => [
    ...[...services, BOOT_FILES]
      .filter(({ by }) => by.includes(from.kind))
      .map(({ name, reason }) =>
        journey({ reason: `calls of AWS: ${reason}`, from: from.label, to: name, what: "tcp 443" }, (hops) =>
          walk.toService(from, name, hops),
        ),
      ),
    ...[...outsideCalls(settings), ...(from.kind === "controlPlane" ? snapshotCalls(settings) : [])].flatMap(
      ({ peer, protocol, ports, reason }) => {
        if (peer.kind !== "range" || ports === undefined) return [];
        const packet: Packet = { protocol, port: ports.from };
        const to = range(peer.cidr);
        const about = {
          reason,
          from: from.label,
          to: to.first === 0 ? "the internet" : peer.cidr,
          what: packetText(packet),
        };
        return [
          journey(about, (hops) => {
            if (to.first !== 0) return walk.toRange(from, to, packet, hops);
            return inward(aws, walk, from)
              ? walk.outOnly(from, packet, hops)
              : walk.toInternet(from, packet, hops);
          }),
        ];
      },
    ),
  ]);
}

const EVERY_HOST: readonly Kind[] = ["controlPlane", "worker", "bastion"];

interface Called {
  readonly name: string;
  readonly reason: string;
  readonly by: readonly Kind[];
}

/** Services that every cluster calls, where the plan has no endpoints of its own. */
const CALLED: readonly Called[] = [
  {
    name: "ec2",
    reason: "the cloud controller manager, and what instances ask of themselves",
    by: ["controlPlane", "worker"],
  },
  { name: "secretsmanager", reason: "SSH host keys, before sshd starts", by: ["controlPlane", "bastion"] },
  { name: "ssm", reason: "join credentials and statuses of boots", by: ["controlPlane", "worker"] },
];
const BOOT_FILES: Called = { name: "s3", reason: "boot files of pools", by: ["worker"] };

/** A host that the settings keep from the internet: it has endpoints, mirrors or a proxy inside. */
function inward({ vpc }: AwsSettings, { cloud }: CloudWalk, from: InterfacePlan): boolean {
  if (vpc.id !== undefined || vpc.nat !== "none" || vpc.endpoints === undefined) return false;
  const cidr = cloud.subnets.get(from.subnet)?.made?.range?.text;
  return vpc.subnets.some((subnet) => subnet.cidr === cidr && subnet.subnetType === "private");
}
