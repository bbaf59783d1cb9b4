/**
 * Interface endpoints of the VPC, so that calls to AWS services need no route to the internet. `{}` creates those
 * that the cluster calls.
 */
export interface VpcEndpointsInput {
  /**
   * More services, by the last part of the endpoint's name, such as `logs`, `sqs` or `kms`.
   *
   * @defaultValue none besides the cluster's: `ec2`, `elasticloadbalancing`, `autoscaling`, `secretsmanager`, `ssm`,
   * `sts`; with `ecr` also `ecr.api` and `ecr.dkr`; with `access.sessionManager` also `ssmmessages`
   */
  services?: readonly string[];
}

/** One service with an endpoint in the VPC. */
export interface EndpointService {
  /** End of the endpoint's name: `ec2` of `com.amazonaws.eu-central-1.ec2`. */
  readonly name: string;
  /** Who calls it. */
  readonly reason: string;
}

/** Endpoints of a VPC that is made. */
export interface VpcEndpoints {
  readonly services: readonly EndpointService[];
  /** Names of subnets, one for each zone. */
  readonly subnets: readonly string[];
}

/** What decides which services the cluster itself calls. */
export interface EndpointUses {
  readonly ecr: boolean;
  readonly sessionManager: boolean;
}

/** What the cluster itself calls. S3 has a gateway, which costs nothing. */
function ownServices({ ecr, sessionManager }: EndpointUses): EndpointService[] {
  return [
    {
      name: "ec2",
      reason: "the cloud controller manager, the EBS driver, and control-plane nodes that let instances in",
    },
    {
      name: "elasticloadbalancing",
      reason: "the cloud controller manager, for Services of type LoadBalancer",
    },
    { name: "autoscaling", reason: "lifecycle hooks of pools, and Cluster Autoscaler" },
    { name: "secretsmanager", reason: "SSH host keys, before sshd starts" },
    { name: "ssm", reason: "join credentials and statuses of boots" },
    { name: "sts", reason: "roles of service accounts" },
    ...(ecr
      ? [
          { name: "ecr.api", reason: "logins of kubelets" },
          { name: "ecr.dkr", reason: "manifests of images; S3 has their layers" },
        ]
      : []),
    ...(sessionManager ? [{ name: "ssmmessages", reason: "sessions of people" }] : []),
  ];
}

/** The services with an endpoint: the cluster's, then those given. */
export function endpointServices(
  given: { readonly services?: readonly (string | undefined)[] | undefined },
  uses: EndpointUses,
): EndpointService[] {
  const own = ownServices(uses);
  const more = (given.services ?? []).filter((name) => name !== undefined);
  return [
    ...own,
    ...[...new Set(more)]
      .filter((name) => !own.some((one) => one.name === name))
      .map((name) => ({ name, reason: "network.endpoints.services names it" })),
  ];
}

interface PlacedSubnet {
  readonly zone: string;
  readonly subnetType: "public" | "private";
}

/** One subnet of each zone, a private one where there is one: an endpoint takes an address in each. */
export function endpointSubnets<Subnet extends PlacedSubnet>(subnets: readonly Subnet[]): Subnet[] {
  return [...new Set(subnets.map((subnet) => subnet.zone))].flatMap((zone) => {
    const own = subnets.filter((subnet) => subnet.zone === zone);
    return own.find((subnet) => subnet.subnetType === "private") ?? own[0] ?? [];
  });
}

/** Host names that lead into the VPC where the endpoints are: a proxy outside is not asked for them. */
export function endpointHosts({ services }: Pick<VpcEndpoints, "services">, region: string): string[] {
  const host = (name: string) => {
    switch (name) {
      case "ecr.api":
        return `api.ecr.${region}.amazonaws.com`;
      case "ecr.dkr":
        return `.dkr.ecr.${region}.amazonaws.com`;
      default:
        return `${name}.${region}.amazonaws.com`;
    }
  };
  // Buckets are names below; the gateway endpoint is a route.
  return [...services.map(({ name }) => host(name)), `.s3.${region}.amazonaws.com`];
}
