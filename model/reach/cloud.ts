/** The network of a plan on AWS, read from its resources: nothing here comes from the settings. */
import { holds, parseAddress, parseRange, type Range } from "../network/addresses";
import { namedBy, numberOf, oneNamedBy, textOf, type ReachResource } from "./planned";

export interface SubnetPlan {
  readonly name: string;
  /** Undefined: the subnet exists already, and its owner knows. */
  readonly made?: { readonly range: Range | undefined; readonly zone: string; readonly givesPublic: boolean };
  /** Name of its route table; undefined: associated with none. */
  readonly table?: string;
}

export interface RoutePlan {
  readonly name: string;
  readonly table: string;
  readonly destination: Range | undefined;
  readonly internet?: string;
  readonly nat?: string;
}

export interface NatPlan {
  readonly name: string;
  readonly subnet: string | undefined;
  readonly hasAddress: boolean;
}

export interface GroupRulePlan {
  readonly name: string;
  readonly group: string;
  readonly direction: "in" | "out";
  readonly protocol: string;
  readonly from?: number;
  readonly to?: number;
  readonly range?: Range;
  readonly peer?: string;
}

/** Something with an address in the VPC. A pool has one for each of its subnets. */
export interface InterfacePlan {
  readonly name: string;
  /** As sentences call it. */
  readonly label: string;
  readonly kind: "controlPlane" | "worker" | "bastion" | "balancer" | "endpoint";
  /** The balancer or pool that it is part of. */
  readonly of: string;
  readonly subnet: string;
  /** Its fixed private address. */
  readonly address?: Range;
  /** Whether the internet reaches it at its own address. */
  readonly public: boolean;
  readonly groups: readonly string[];
  /** Whether EC2 drops packets that are not from or to its own address. */
  readonly sourceCheck: boolean;
  /** There are several of the kind here, which talk to one another. */
  readonly several: boolean;
}

export interface ListenerPlan {
  readonly name: string;
  readonly port: number | undefined;
  readonly protocol: string | undefined;
  readonly targets: string | undefined;
}

export interface TargetsPlan {
  readonly name: string;
  readonly port: number | undefined;
  readonly keepsClientAddress: boolean;
  readonly healthPort: number | undefined;
  readonly members: readonly {
    readonly name: string;
    readonly target: string | undefined;
    readonly port: number | undefined;
  }[];
}

export interface BalancerPlan {
  readonly name: string;
  readonly internal: boolean;
  readonly crossZone: boolean;
  readonly listeners: readonly ListenerPlan[];
}

export interface EndpointPlan {
  readonly name: string;
  /** `ec2` of `com.amazonaws.eu-central-1.ec2`. */
  readonly service: string;
  /** For a gateway: the tables that lead to it. */
  readonly tables: readonly string[];
  readonly gateway: boolean;
  /** Whether the service's own name leads here. */
  readonly named: boolean;
}

export interface CloudPlan {
  /** Undefined: the VPC exists already, and so do its routes. */
  readonly vpc?: { readonly name: string; readonly range: Range | undefined };
  readonly subnets: ReadonlyMap<string, SubnetPlan>;
  readonly routes: readonly RoutePlan[];
  readonly gateways: ReadonlySet<string>;
  readonly nats: ReadonlyMap<string, NatPlan>;
  /** Groups that the plan makes; others are somebody's own. */
  readonly groups: ReadonlySet<string>;
  readonly rules: readonly GroupRulePlan[];
  readonly interfaces: readonly InterfacePlan[];
  readonly balancers: ReadonlyMap<string, BalancerPlan>;
  readonly targets: ReadonlyMap<string, TargetsPlan>;
  readonly endpoints: readonly EndpointPlan[];
}

/** What the boot of an instance does to its own network card, read from what it runs. */
export interface BootPlan {
  /** Name of the launch template. */
  readonly template: string;
  /** The script switches EC2's source/destination check off. */
  readonly sourceCheckOff: boolean;
}

const TYPES = {
  vpc: "aws:ec2/vpc:Vpc",
  subnet: "aws:ec2/subnet:Subnet",
  association: "aws:ec2/routeTableAssociation:RouteTableAssociation",
  route: "aws:ec2/route:Route",
  internet: "aws:ec2/internetGateway:InternetGateway",
  nat: "aws:ec2/natGateway:NatGateway",
  address: "aws:ec2/eip:Eip",
  group: "aws:ec2/securityGroup:SecurityGroup",
  ingress: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  egress: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  instance: "aws:ec2/instance:Instance",
  template: "aws:ec2/launchTemplate:LaunchTemplate",
  scaling: "aws:autoscaling/group:Group",
  balancer: "aws:lb/loadBalancer:LoadBalancer",
  targets: "aws:lb/targetGroup:TargetGroup",
  attachment: "aws:lb/targetGroupAttachment:TargetGroupAttachment",
  listener: "aws:lb/listener:Listener",
  endpoint: "aws:ec2/vpcEndpoint:VpcEndpoint",
} as const;

/** Input types of network resources that this reads; others leave packets alone. */
export function readCloud(resources: readonly ReachResource[], boots: readonly BootPlan[]): CloudPlan {
  const of = (type: keyof typeof TYPES) => resources.filter((one) => one.type === TYPES[type]);
  const [vpc] = of("vpc");
  const subnets = readSubnets(of("subnet"), of("association"));
  const balancers = of("balancer");
  return {
    ...(vpc === undefined ? {} : { vpc: { name: vpc.name, range: rangeIn(vpc, "cidrBlock") } }),
    subnets,
    routes: of("route").map((route) => ({
      name: route.name,
      table: oneNamedBy(route, "routeTableId") ?? "",
      destination: rangeIn(route, "destinationCidrBlock"),
      ...optional("internet", oneNamedBy(route, "gatewayId")),
      ...optional("nat", oneNamedBy(route, "natGatewayId")),
    })),
    gateways: new Set(
      of("internet")
        .filter((gateway) => vpc === undefined || oneNamedBy(gateway, "vpcId") === vpc.name)
        .map(({ name }) => name),
    ),
    nats: new Map(
      of("nat").map((nat) => [
        nat.name,
        {
          name: nat.name,
          subnet: oneNamedBy(nat, "subnetId"),
          hasAddress:
            textOf(nat, "connectivityType") !== "private" &&
            of("address").some(({ name }) => name === oneNamedBy(nat, "allocationId")),
        },
      ]),
    ),
    groups: new Set(of("group").map(({ name }) => name)),
    rules: [
      ...of("ingress").map((one) => ruleOf(one, "in")),
      ...of("egress").map((one) => ruleOf(one, "out")),
    ],
    interfaces: [
      ...of("instance").map((one) => instanceOf(one, subnets, of("address"))),
      ...of("scaling").flatMap((one) => poolOf(one, of("template"), subnets, boots)),
      ...balancers.flatMap((one) => balancerInterfaces(one, subnets)),
      ...of("endpoint").flatMap(endpointInterfaces),
    ],
    balancers: new Map(
      balancers.map((one) => [
        one.name,
        {
          name: one.name,
          internal: one.inputs["internal"] === true,
          crossZone: one.inputs["enableCrossZoneLoadBalancing"] === true,
          listeners: of("listener")
            .filter((listener) => oneNamedBy(listener, "loadBalancerArn") === one.name)
            .map((listener) => ({
              name: listener.name,
              port: numberOf(listener, "port"),
              protocol: textOf(listener, "protocol"),
              targets: oneNamedBy(listener, "defaultActions"),
            })),
        },
      ]),
    ),
    targets: new Map(of("targets").map((one) => [one.name, targetsOf(one, of("attachment"))])),
    endpoints: of("endpoint").map((one) => ({
      name: one.name,
      service: (textOf(one, "serviceName") ?? "").split(".").slice(3).join("."),
      tables: namedBy(one, "routeTableIds"),
      gateway: textOf(one, "vpcEndpointType") !== "Interface",
      named: one.inputs["privateDnsEnabled"] === true,
    })),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

function rangeIn(resource: ReachResource, input: string): Range | undefined {
  const text = textOf(resource, input);
  const parsed = text === undefined ? undefined : parseRange(text);
  return parsed === undefined || "problem" in parsed ? undefined : parsed;
}

function oneAddress(text: string | undefined): Range | undefined {
  return text === undefined || parseAddress(text) === undefined ? undefined : rangeOfText(`${text}/32`);
}

function rangeOfText(text: string): Range | undefined {
  const parsed = parseRange(text);
  return "problem" in parsed ? undefined : parsed;
}

function readSubnets(
  subnets: readonly ReachResource[],
  associations: readonly ReachResource[],
): Map<string, SubnetPlan> {
  const tables = new Map(
    associations.map((one) => [oneNamedBy(one, "subnetId"), oneNamedBy(one, "routeTableId")] as const),
  );
  return new Map(
    subnets.map((subnet) => [
      subnet.name,
      {
        name: subnet.name,
        made: {
          range: rangeIn(subnet, "cidrBlock"),
          zone: textOf(subnet, "availabilityZone") ?? "",
          givesPublic: subnet.inputs["mapPublicIpOnLaunch"] === true,
        },
        ...optional("table", tables.get(subnet.name)),
      },
    ]),
  );
}

function ruleOf(rule: ReachResource, direction: "in" | "out"): GroupRulePlan {
  return {
    name: rule.name,
    group: oneNamedBy(rule, "securityGroupId") ?? "",
    direction,
    protocol: textOf(rule, "ipProtocol") ?? "",
    ...optional("from", numberOf(rule, "fromPort")),
    ...optional("to", numberOf(rule, "toPort")),
    ...optional("range", rangeIn(rule, "cidrIpv4")),
    ...optional("peer", oneNamedBy(rule, "referencedSecurityGroupId")),
  };
}

/** EC2's own default is on; public addresses come from the subnet or from an elastic one. */
function instanceOf(
  instance: ReachResource,
  subnets: ReadonlyMap<string, SubnetPlan>,
  addresses: readonly ReachResource[],
): InterfacePlan {
  const subnet = oneNamedBy(instance, "subnetId") ?? "";
  const bastion = instance.parentType === "kubeadm:aws:Bastion";
  return {
    name: instance.name,
    label: bastion ? "the bastion" : `control-plane node ${instance.name}`,
    kind: bastion ? "bastion" : "controlPlane",
    of: instance.name,
    subnet,
    ...optional("address", oneAddress(textOf(instance, "privateIp"))),
    public:
      instance.inputs["associatePublicIpAddress"] === true ||
      subnets.get(subnet)?.made?.givesPublic === true ||
      addresses.some((one) => oneNamedBy(one, "instance") === instance.name),
    groups: namedBy(instance, "vpcSecurityGroupIds"),
    sourceCheck: instance.inputs["sourceDestCheck"] !== false,
    several: false,
  };
}

function poolOf(
  group: ReachResource,
  templates: readonly ReachResource[],
  subnets: ReadonlyMap<string, SubnetPlan>,
  boots: readonly BootPlan[],
): InterfacePlan[] {
  const named = [...namedBy(group, "launchTemplate"), ...namedBy(group, "mixedInstancesPolicy")];
  const template = templates.find(({ name }) => named.includes(name));
  const groups = template === undefined ? [] : namedBy(template, "vpcSecurityGroupIds");
  return namedBy(group, "vpcZoneIdentifiers").map((subnet) => ({
    name: `${group.name} in ${subnet}`,
    label: `workers of ${group.name} in ${subnet}`,
    kind: "worker",
    of: group.name,
    subnet,
    public: subnets.get(subnet)?.made?.givesPublic === true,
    groups,
    sourceCheck: !boots.some((boot) => boot.template === template?.name && boot.sourceCheckOff),
    // While it is replaced, also a pool of one has two.
    several: true,
  }));
}

function balancerInterfaces(
  balancer: ReachResource,
  subnets: ReadonlyMap<string, SubnetPlan>,
): InterfacePlan[] {
  const mappings = [balancer.inputs["subnetMappings"] ?? []].flat() as {
    readonly subnetId?: unknown;
    readonly privateIpv4Address?: unknown;
  }[];
  const fixed = mappings.map(({ privateIpv4Address: text }) =>
    typeof text === "string" ? oneAddress(text) : undefined,
  );
  const ids = mappings.map(({ subnetId }) => subnetId);
  const places = [...namedBy(balancer, "subnets"), ...(balancer.references["subnetMappings"] ?? [])];
  const written = ids.filter((id): id is string => typeof id === "string" && /^subnet-[0-9a-f]+$/.test(id));
  return [...places, ...written.filter((id) => !places.includes(id))].map((subnet) => {
    const range = subnets.get(subnet)?.made?.range;
    const address =
      range === undefined
        ? fixed[ids.indexOf(subnet)]
        : fixed.find((one) => one !== undefined && holds(range, one.first));
    return {
      name: `${balancer.name} in ${subnet}`,
      label: `balancer ${balancer.name} in ${subnet}`,
      kind: "balancer",
      of: balancer.name,
      subnet,
      ...optional("address", address),
      public: balancer.inputs["internal"] !== true,
      groups: namedBy(balancer, "securityGroups"),
      sourceCheck: false,
      several: false,
    };
  });
}

function endpointInterfaces(endpoint: ReachResource): InterfacePlan[] {
  if (textOf(endpoint, "vpcEndpointType") !== "Interface") return [];
  return namedBy(endpoint, "subnetIds").map((subnet) => ({
    name: `${endpoint.name} in ${subnet}`,
    label: `endpoint ${endpoint.name}`,
    kind: "endpoint",
    of: endpoint.name,
    subnet,
    public: false,
    groups: namedBy(endpoint, "securityGroupIds"),
    sourceCheck: true,
    several: false,
  }));
}

/** Elastic Load Balancing: targets that are instances see the client's address unless the attribute says false. */
function targetsOf(group: ReachResource, attachments: readonly ReachResource[]): TargetsPlan {
  const kept = group.inputs["preserveClientIp"];
  const health = (group.inputs["healthCheck"] ?? {}) as { readonly port?: unknown };
  const port = numberOf(group, "port");
  const healthPort = health.port === undefined || health.port === "traffic-port" ? port : Number(health.port);
  return {
    name: group.name,
    port,
    keepsClientAddress:
      kept === undefined ? textOf(group, "targetType") !== "ip" : kept === true || kept === "true",
    healthPort: healthPort !== undefined && Number.isNaN(healthPort) ? undefined : healthPort,
    members: attachments
      .filter((one) => oneNamedBy(one, "targetGroupArn") === group.name)
      .map((one) => ({
        name: one.name,
        target: oneNamedBy(one, "targetId"),
        port: numberOf(one, "port") ?? port,
      })),
  };
}
