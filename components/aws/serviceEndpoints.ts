import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { FirewallGroup } from "../../model/aws/firewall";
import { awsOf } from "../../model/aws/spec";
import { resourceTags } from "../../model/aws/tags";
import type { ClusterSettings } from "../../model/settings/resolved";

export interface ServiceEndpointsArgs {
  /** Resolved settings, as `parseCluster` gives them. */
  readonly settings: ClusterSettings;
  /** VPC of the endpoints. */
  readonly vpcId: pulumi.Input<string>;
  /** By the subnet's name in the settings. */
  readonly subnetIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Security groups, as `Firewall` has them. */
  readonly groupIds: Readonly<Partial<Record<FirewallGroup, pulumi.Input<string>>>>;
}

/**
 * Interface endpoints of the services that the cluster calls, so that hosts need no way to the internet for them. The services'
 * own names lead to them in the whole VPC. Each costs about 7 dollars a month and zone, and its traffic.
 */
export class ServiceEndpoints extends pulumi.ComponentResource {
  /** A host that starts before them asks the services outside. */
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
