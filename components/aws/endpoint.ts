import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { hasPublicBalancer, type FirewallGroup } from "../../model/aws/firewall";
import { awsOf } from "../../model/aws/spec";
import { apiBalancerName } from "../../model/aws/names";
import { resourceTags } from "../../model/aws/tags";
import { API_PORT } from "../../model/network/ports";
import type { ClusterSettings } from "../../model/settings/resolved";

export interface EndpointArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** VPC of the target group. */
  readonly vpcId: pulumi.Input<string>;
  /** Subnet ids by the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of the security groups, from `Firewall`. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
  /** The routes: AWS rejects a public load balancer in a VPC without a route to the internet. */
  readonly after: readonly pulumi.Resource[];
}

/** Seconds between two looks at a control-plane node; two in a row decide. */
const HEALTH_INTERVAL = 10;
/** Seconds that an answer may take; Elastic Load Balancing's own default for HTTPS would be the whole interval. */
const HEALTH_TIMEOUT = 5;
/** Seconds that calls under way have when a control-plane node leaves. */
const DEREGISTRATION = 30;

/** A balancer that passes TCP on to the control-plane nodes. */
interface Balancer {
  readonly targetGroupArn: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly zoneId: pulumi.Output<string>;
}

/**
 * Network load balancers in front of the control-plane nodes: an internal one at fixed addresses, which nodes'
 * hosts files contain, and one for people if the API is public. Each costs about 17 dollars a month plus traffic.
 */
export class Endpoint extends pulumi.ComponentResource {
  /** Undefined if a single control-plane node is the endpoint. */
  readonly internal?: Balancer;
  /** Set if the API is public and has a load balancer. */
  readonly public?: Balancer;
  /** Resources that must exist before a host calls the endpoint. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: EndpointArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:Endpoint", name, {}, opts);
    const { settings, subnetIds } = args;
    const own = awsOf(settings);
    const listeners: pulumi.Resource[] = [];
    if (own.endpoint.loadBalancer) {
      const mappings = own.endpoint.addresses.map(({ subnet, address }) => ({
        subnetId: subnetIds[subnet],
        privateIpv4Address: address,
      }));
      this.internal = this.createBalancer(name, "internal", args, { subnetMappings: mappings }, listeners);
    }
    if (hasPublicBalancer(own)) {
      const open = own.vpc.subnets.filter((subnet) => subnet.subnetType === "public");
      const subnets = open.map((subnet) => subnetIds[subnet.name]);
      this.public = this.createBalancer(name, "public", args, { subnets }, listeners);
    }
    this.ready = listeners;
    this.registerOutputs({ internal: this.internal?.dnsName, public: this.public?.dnsName });
  }

  private createBalancer(
    prefix: string,
    part: "internal" | "public",
    { settings, vpcId, groupIds, after }: EndpointArgs,
    place: Pick<aws.lb.LoadBalancerArgs, "subnets" | "subnetMappings">,
    listeners: pulumi.Resource[],
  ): Balancer {
    const name = `${prefix}-${part}`;
    const called = apiBalancerName(settings.name, part);
    const tags = resourceTags(settings, called);
    const group = groupIds[part === "internal" ? "balancer" : "publicBalancer"];
    const balancer = new aws.lb.LoadBalancer(
      name,
      {
        name: called,
        loadBalancerType: "network",
        internal: part === "internal",
        // Also where a balancer has control-plane nodes in one zone alone, nodes of every zone reach them.
        enableCrossZoneLoadBalancing: true,
        // A network load balancer that starts without a group can never have one.
        securityGroups: group === undefined ? [] : [group],
        ...place,
        tags,
      },
      // Its name and its fixed addresses are taken until it is gone.
      { parent: this, dependsOn: [...after], deleteBeforeReplace: true },
    );
    const targets = new aws.lb.TargetGroup(
      `${name}-targets`,
      {
        name: called,
        vpcId,
        port: API_PORT,
        protocol: "TCP",
        targetType: "instance",
        // With it a control-plane node that calls the endpoint would get answers from itself that it takes for a
        // stranger's.
        preserveClientIp: "false",
        deregistrationDelay: DEREGISTRATION,
        connectionTermination: true,
        healthCheck: {
          protocol: "HTTPS",
          path: "/readyz",
          port: String(API_PORT),
          matcher: "200",
          interval: HEALTH_INTERVAL,
          timeout: HEALTH_TIMEOUT,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        tags,
      },
      { parent: this, deleteBeforeReplace: true },
    );
    listeners.push(
      new aws.lb.Listener(
        `${name}-listener`,
        {
          loadBalancerArn: balancer.arn,
          port: API_PORT,
          protocol: "TCP",
          defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
          tags,
        },
        { parent: this },
      ),
    );
    return { targetGroupArn: targets.arn, dnsName: balancer.dnsName, zoneId: balancer.zoneId };
  }
}
