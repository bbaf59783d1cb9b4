/** The program of the aws provider's contract: plain types of @pulumi/aws that hang together, and what its tests change. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export const image = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
export const password = "a-password-that-nobody-may-read";

export const settings = {
  instanceType: "t3.medium",
  poolType: "t3.large",
  poolSize: 2,
  userData: "#!/bin/sh\necho one\n",
  tags: { purpose: "contract" } as Record<string, string>,
  access: "203.0.113.0/24",
  watchImage: false,
  balancerGroups: true,
};

function declareNetwork(): {
  vpc: aws.ec2.Vpc;
  subnets: aws.ec2.Subnet[];
  gateway: aws.ec2.InternetGateway;
} {
  const vpc = new aws.ec2.Vpc("net", {
    cidrBlock: "10.0.0.0/16",
    enableDnsHostnames: true,
    tags: settings.tags,
  });
  const gateway = new aws.ec2.InternetGateway("gateway", { vpcId: vpc.id });
  const table = new aws.ec2.RouteTable("public", { vpcId: vpc.id });
  new aws.ec2.Route("out", {
    routeTableId: table.id,
    destinationCidrBlock: "0.0.0.0/0",
    gatewayId: gateway.id,
  });
  const subnets = ["a", "b"].map((zone, index) => {
    const subnet = new aws.ec2.Subnet(`public-${zone}`, {
      vpcId: vpc.id,
      cidrBlock: `10.0.${index}.0/24`,
      availabilityZone: `eu-central-1${zone}`,
      mapPublicIpOnLaunch: true,
    });
    new aws.ec2.SubnetCidrReservation(`kept-${zone}`, {
      subnetId: subnet.id,
      cidrBlock: `10.0.${index}.0/28`,
      reservationType: "explicit",
    });
    new aws.ec2.RouteTableAssociation(`by-${zone}`, { subnetId: subnet.id, routeTableId: table.id });
    return subnet;
  });
  return { vpc, subnets, gateway };
}

export function declareAll(): void {
  const { vpc, subnets, gateway } = declareNetwork();
  const nodes = new aws.ec2.SecurityGroup("nodes", { vpcId: vpc.id, description: "nodes" });
  const front = new aws.ec2.SecurityGroup("front", { vpcId: vpc.id, description: "balancer" });
  const ports = { ipProtocol: "tcp", fromPort: 6443, toPort: 6443 };
  new aws.vpc.SecurityGroupIngressRule("people", {
    securityGroupId: front.id,
    cidrIpv4: settings.access,
    ...ports,
  });
  new aws.vpc.SecurityGroupIngressRule("checks", {
    securityGroupId: nodes.id,
    referencedSecurityGroupId: front.id,
    ...ports,
  });
  new aws.vpc.SecurityGroupEgressRule("out-of-nodes", {
    securityGroupId: nodes.id,
    ipProtocol: "-1",
    cidrIpv4: "0.0.0.0/0",
  });
  const balancer = new aws.lb.LoadBalancer(
    "api",
    {
      loadBalancerType: "network",
      internal: false,
      subnets: subnets.map(({ id }) => id),
      securityGroups: settings.balancerGroups ? [front.id] : [],
      tags: settings.tags,
    },
    { dependsOn: [gateway] },
  );
  const targets = new aws.lb.TargetGroup("api", {
    port: 6443,
    protocol: "TCP",
    vpcId: vpc.id,
    preserveClientIp: "false",
    healthCheck: { protocol: "HTTPS", path: "/readyz", port: "6443" },
  });
  new aws.lb.Listener("api", {
    loadBalancerArn: balancer.arn,
    port: 6443,
    protocol: "TCP",
    defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
  });
  const trust = aws.iam.getPolicyDocumentOutput({
    statements: [
      { actions: ["sts:AssumeRole"], principals: [{ type: "Service", identifiers: ["ec2.amazonaws.com"] }] },
    ],
  });
  const role = new aws.iam.Role("node", { assumeRolePolicy: trust.json });
  const profile = new aws.iam.InstanceProfile("node", { role: role.name });
  const secret = new aws.secretsmanager.Secret("keys", { recoveryWindowInDays: 0 });
  new aws.secretsmanager.SecretVersion("keys", {
    secretId: secret.id,
    secretString: pulumi.secret(password),
  });
  new aws.iam.RolePolicy("node", {
    role: role.id,
    policy: pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        { Sid: "Keys", Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secret.arn },
      ],
    }),
  });
  const controlPlaneNode = new aws.ec2.Instance(
    "cp",
    {
      ami: aws.ssm.getParameterOutput({ name: image }).insecureValue,
      instanceType: settings.instanceType,
      subnetId: subnets[0].id,
      privateIp: "10.0.0.10",
      vpcSecurityGroupIds: [nodes.id],
      iamInstanceProfile: profile.name,
      userDataBase64: Buffer.from(settings.userData).toString("base64"),
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 2 },
      rootBlockDevice: { encrypted: true, volumeType: "gp3", volumeSize: 50 },
      tags: settings.tags,
    },
    { ignoreChanges: settings.watchImage ? [] : ["ami"], deleteBeforeReplace: true, dependsOn: [gateway] },
  );
  new aws.lb.TargetGroupAttachment("cp", { targetGroupArn: targets.arn, targetId: controlPlaneNode.id });
  const template = new aws.ec2.LaunchTemplate("pool", {
    imageId: `resolve:ssm:${image}`,
    instanceType: settings.poolType,
    iamInstanceProfile: { arn: profile.arn },
    vpcSecurityGroupIds: [nodes.id],
    userData: Buffer.from("#!/bin/sh\n").toString("base64"),
  });
  const pool = new aws.autoscaling.Group(
    "pool",
    {
      minSize: settings.poolSize,
      maxSize: settings.poolSize,
      // As the library's pools: without a desired number the provider would wait at an update for exactly the former one.
      waitForCapacityTimeout: "0",
      vpcZoneIdentifiers: subnets.map(({ id }) => id),
      launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      instanceRefresh: { strategy: "Rolling" },
      initialLifecycleHooks: [{ name: "drain", lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" }],
      tags: [{ key: "Name", value: "pool", propagateAtLaunch: true }],
    },
    { dependsOn: [gateway] },
  );
  new aws.autoscaling.Policy("pool", {
    autoscalingGroupName: pool.name,
    policyType: "TargetTrackingScaling",
    targetTrackingConfiguration: {
      predefinedMetricSpecification: { predefinedMetricType: "ASGAverageCPUUtilization" },
      targetValue: 60,
    },
  });
}
