import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { FirewallGroup } from "../../model/aws/firewall";
import { awsOf } from "../../model/aws/spec";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";

export interface ServiceEndpointsArgs {
  /** Parsed settings, the result of `parseCluster`. */
  readonly settings: ClusterSettings;
  /** VPC of the endpoints. */
  readonly vpcId: pulumi.Input<string>;
  /** Subnet ids by the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids of the security groups, from `Firewall`. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
}

/**
 * Interface endpoints for the AWS services that the cluster calls, so that hosts reach them without internet
 * access. The services' public names resolve to them in the whole VPC. Each costs about 7 dollars a month per
 * zone, plus traffic.
 */
export class ServiceEndpoints extends pulumi.ComponentResource {
  /** The endpoints. A host that starts before them calls the public services. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ServiceEndpointsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubeadm:aws:ServiceEndpoints", name, {}, opts);
    const { settings, vpcId, subnetIds, groupIds } = args;
    const { region, vpc } = awsOf(settings);
    const { services, subnets } = vpc.endpoints ?? { services: [], subnets: [] };
    this.ready = services.map(
      (service) =>
        new aws.ec2.VpcEndpoint(
          `${name}-${service.name.replaceAll(".", "-")}`,
          {
            vpcId,
            vpcEndpointType: "Interface",
            serviceName: `com.amazonaws.${region}.${service.name}`,
            subnetIds: subnets.map((subnet) => subnetIds[subnet]),
            securityGroupIds: groupIds.endpoints === undefined ? [] : [groupIds.endpoints],
            privateDnsEnabled: true,
            tags: resourceTags(settings, `${settings.name}-${service.name}`),
          },
          { parent: this },
        ),
    );
    this.registerOutputs({});
  }
}
