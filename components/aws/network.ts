import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ANYWHERE } from "../../model/aws/firewall";
import { parseVpc, type VpcInput } from "../../model/aws/alone";
import { awsOf, type AwsCluster } from "../../model/aws/spec";
import { flowLogStatements, policyDocument, serviceTrust } from "../../model/aws/iam";
import { roleName } from "../../model/aws/names";
import { zoneLetter } from "../../model/data/regions";
import { ownedTag, resourceTags, subnetTags } from "../../model/aws/tags";
import type { ExistingSubnetInput } from "../../model/aws/input";
import type { AwsSettings, AwsSubnet } from "../../model/aws/settings";
import { partOf, rendered, type Samples, type WithInputs } from "../part";
import { createRole } from "./role";

/**
 * Arguments of `Network`. Values that determine which resources exist are plain; ids of an existing VPC may be
 * outputs.
 */
export interface NetworkArgs extends Omit<VpcInput, "existing"> {
  /**
   * An existing VPC with the subnets to use. The library does not change its gateways, routes or endpoints.
   *
   * @defaultValue none: `Network` creates a VPC
   */
  existing?: {
    /** Id of the VPC, such as `vpc-0123456789abcdef0`. */
    vpcId: pulumi.Input<string>;
    /** The subnets to use: one for each zone and type. */
    subnets: readonly WithInputs<ExistingSubnetInput, "id">[];
    /**
     * Reserves the part of each subnet that fixed addresses come from. Set it to `false` if the VPC's owner makes
     * these reservations, as in a shared VPC.
     *
     * @defaultValue `true`
     */
    cidrReservations?: boolean;
  };
}

const SAMPLES: Samples = {
  "existing.vpcId": () => "vpc-00000000000000000",
  "existing.subnets.*.id": (number) => `subnet-${String(number).padStart(17, "0")}`,
};

/**
 * A VPC with subnets, gateways and routes, or an existing VPC. Part of every subnet is reserved for the fixed
 * addresses of control-plane nodes, load balancer and bastion. A NAT gateway costs about 35 dollars a month plus
 * traffic.
 *
 * ```ts
 * new Network("cloud", { region: "eu-central-1", vpcCidr: "10.0.0.0/16", subnetType: "private" });
 * ```
 *
 * @throws ClusterSettingsError with every problem of the arguments, before a resource is registered
 */
export class Network extends pulumi.ComponentResource {
  /** Id of the VPC, new or existing. */
  readonly vpcId: pulumi.Output<string>;
  /** Subnet ids by the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Output<string>>>;
  /** The routes. A host that boots before them reaches nothing. */
  readonly routes: readonly pulumi.Resource[];

  private readonly settings: AwsCluster;
  private readonly aws: AwsSettings;
  private readonly prefix: string;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    const part = partOf<AwsCluster>("Network", name, args, SAMPLES, (given, title) =>
      parseVpc(name, given, title),
    );
    super("kubeadm:aws:Network", name, {}, opts);
    const settings = part.shape;
    this.settings = settings;
    this.aws = awsOf(settings);
    this.prefix = name;
    const { vpc } = this.aws;
    if (vpc.id === undefined) {
      const made = this.createVpc();
      const subnets = this.createSubnets(made.id);
      this.vpcId = made.id;
      this.subnetIds = Object.fromEntries(
        Object.entries(subnets).map(([key, subnet]): [string, pulumi.Output<string>] => [key, subnet.id]),
      );
      this.routes = this.createRoutes(made.id);
      if (vpc.flowLogs !== undefined) this.createFlowLogs(made.id, vpc.flowLogs.retentionDays);
    } else {
      const found = pulumi.output(rendered(part, (spec) => awsOf(spec).vpc));
      this.vpcId = found.apply(({ id }) => id ?? "");
      this.subnetIds = Object.fromEntries(
        vpc.subnets.map(({ name: subnet }, index): [string, pulumi.Output<string>] => [
          subnet,
          found.apply(({ subnets }) => subnets[index]?.id ?? ""),
        ]),
      );
      this.routes = [];
    }
    if (vpc.cidrReservations) for (const subnet of vpc.subnets) this.createReservation(subnet);
    this.registerOutputs({ vpcId: this.vpcId, subnetIds: this.subnetIds });
  }

  private tags(part?: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    const name = part === undefined ? this.settings.name : `${this.settings.name}-${part}`;
    return { ...resourceTags(this.settings, name), ...more };
  }

  private createVpc(): aws.ec2.Vpc {
    return new aws.ec2.Vpc(
      `${this.prefix}-vpc`,
      {
        cidrBlock: this.aws.vpc.cidr,
        enableDnsSupport: true,
        // Nodes are named by their private DNS names, which there are only with it.
        enableDnsHostnames: true,
        tags: this.tags(undefined, ownedTag(this.settings)),
      },
      { parent: this },
    );
  }

  private createSubnets(vpcId: pulumi.Input<string>): Record<string, aws.ec2.Subnet> {
    return Object.fromEntries(
      this.aws.vpc.subnets.map((subnet) => [
        subnet.name,
        new aws.ec2.Subnet(
          `${this.prefix}-${subnet.name}`,
          {
            vpcId,
            cidrBlock: subnet.cidr,
            availabilityZone: subnet.zone,
            mapPublicIpOnLaunch: subnet.subnetType === "public",
            tags: this.tags(subnet.name, subnetTags(this.settings, subnet)),
          },
          { parent: this },
        ),
      ]),
    );
  }

  private createReservation(subnet: AwsSubnet): void {
    new aws.ec2.SubnetCidrReservation(
      `${this.prefix}-${subnet.name}-reserved`,
      {
        subnetId: this.subnetIds[subnet.name],
        cidrBlock: subnet.reserved,
        reservationType: "explicit",
        description: "fixed addresses of control-plane nodes, balancer and bastion",
      },
      { parent: this },
    );
  }

  private createRoutes(vpcId: pulumi.Input<string>): pulumi.Resource[] {
    const gateway = new aws.ec2.InternetGateway(
      `${this.prefix}-internet`,
      { vpcId, tags: this.tags() },
      { parent: this },
    );
    const open = this.createTable(vpcId, "public", this.subnetsOf("public"), { gatewayId: gateway.id });
    const nats = this.createNats(gateway);
    const privates = this.createPrivateTables(vpcId, nats);
    const tables = [open, ...privates];
    if (this.aws.vpc.s3Endpoint) {
      new aws.ec2.VpcEndpoint(
        `${this.prefix}-s3`,
        {
          vpcId,
          vpcEndpointType: "Gateway",
          serviceName: `com.amazonaws.${this.aws.region}.s3`,
          routeTableIds: tables.map(({ table }) => table.id),
          tags: this.tags("s3"),
        },
        { parent: this },
      );
    }
    return [...tables.flatMap(({ routes }) => routes)];
  }

  private subnetsOf(subnetType: AwsSubnet["subnetType"], zone?: string): AwsSubnet[] {
    return this.aws.vpc.subnets.filter(
      (subnet) => subnet.subnetType === subnetType && (zone === undefined || subnet.zone === zone),
    );
  }

  /** Zones with private subnets: each has its own way out, or none. */
  private privateZones(): string[] {
    return [...new Set(this.subnetsOf("private").map((subnet) => subnet.zone))];
  }

  private createNats(gateway: aws.ec2.InternetGateway): Map<string, aws.ec2.NatGateway> {
    const { nat } = this.aws.vpc;
    const zones = this.privateZones();
    const wanted = { none: [], one: zones.slice(0, 1), perZone: zones }[nat];
    return new Map(
      wanted.map((zone): [string, aws.ec2.NatGateway] => {
        const [subnet = this.subnetsOf("public")[0]] = this.subnetsOf("public", zone);
        if (subnet === undefined) throw new RangeError("a NAT gateway needs a public subnet");
        const part = `nat-${zoneLetter(zone)}`;
        const address = new aws.ec2.Eip(
          `${this.prefix}-${part}-address`,
          { domain: "vpc", tags: this.tags(part) },
          { parent: this },
        );
        const made = new aws.ec2.NatGateway(
          `${this.prefix}-${part}`,
          { subnetId: this.subnetIds[subnet.name], allocationId: address.id, tags: this.tags(part) },
          // AWS refuses one in a VPC that has no way to the internet yet.
          { parent: this, dependsOn: [gateway] },
        );
        return [zone, made];
      }),
    );
  }

  private createPrivateTables(vpcId: pulumi.Input<string>, nats: Map<string, aws.ec2.NatGateway>): Table[] {
    const zones = this.privateZones();
    if (this.aws.vpc.nat === "perZone") {
      return zones.map((zone) =>
        this.createTable(vpcId, `private-${zoneLetter(zone)}`, this.subnetsOf("private", zone), {
          natGatewayId: nats.get(zone)?.id,
        }),
      );
    }
    if (zones.length === 0) return [];
    const [nat] = nats.values();
    return [
      this.createTable(
        vpcId,
        "private",
        this.subnetsOf("private"),
        nat === undefined ? undefined : { natGatewayId: nat.id },
      ),
    ];
  }

  private createTable(
    vpcId: pulumi.Input<string>,
    part: string,
    subnets: readonly AwsSubnet[],
    way: Pick<aws.ec2.RouteArgs, "gatewayId" | "natGatewayId"> | undefined,
  ): Table {
    const name = `${this.prefix}-${part}-routes`;
    const table = new aws.ec2.RouteTable(name, { vpcId, tags: this.tags(part) }, { parent: this });
    const out =
      way &&
      new aws.ec2.Route(
        `${name}-out`,
        { routeTableId: table.id, destinationCidrBlock: ANYWHERE, ...way },
        { parent: this },
      );
    const associations = subnets.map(
      (subnet) =>
        new aws.ec2.RouteTableAssociation(
          `${name}-${subnet.name}`,
          { routeTableId: table.id, subnetId: this.subnetIds[subnet.name] },
          { parent: this },
        ),
    );
    return { table, routes: [...(out ? [out] : []), ...associations] };
  }

  private createFlowLogs(vpcId: pulumi.Input<string>, retentionInDays: number): void {
    const { settings, aws: own } = this;
    const group = new aws.cloudwatch.LogGroup(
      `${this.prefix}-flow-logs`,
      { name: `/kubeadm/${settings.name}/flow-logs`, retentionInDays, tags: this.tags("flow-logs") },
      { parent: this },
    );
    const { role, policies } = createRole(
      `${this.prefix}-flow-logs`,
      {
        settings,
        fullName: roleName(settings.name, own.region, "flow-logs"),
        trust: serviceTrust("vpc-flow-logs.amazonaws.com"),
        policy: policyDocument(flowLogStatements(own, `/kubeadm/${settings.name}/flow-logs`)),
        called: `${settings.name}-flow-logs`,
      },
      { parent: this },
    );
    new aws.ec2.FlowLog(
      `${this.prefix}-flow-log`,
      {
        vpcId,
        trafficType: "ALL",
        logDestinationType: "cloud-watch-logs",
        logDestination: group.arn,
        iamRoleArn: role.arn,
        tags: this.tags("flow-logs"),
      },
      { parent: this, dependsOn: [...policies] },
    );
  }
}

interface Table {
  readonly table: aws.ec2.RouteTable;
  readonly routes: readonly pulumi.Resource[];
}
