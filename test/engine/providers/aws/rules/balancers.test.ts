/** What load balancers refuse. */
import { account, balancer, instance, listener, network, refusals, targets } from "./account";

refusals("load balancers refuse", [
  [
    "a name twice",
    /DuplicateLoadBalancerName/,
    () => {
      const { a } = network();
      for (let i = 0; i < 2; i++) balancer([a], { name: "api" });
    },
  ],
  [
    "a target group's name twice",
    /DuplicateTargetGroupName/,
    () => {
      const { vpc } = network();
      for (let i = 0; i < 2; i++) targets(vpc, { name: "api" });
    },
  ],
  [
    "two subnets of a zone",
    /same Availability Zone/,
    () => {
      const { vpc, a } = network();
      balancer([
        a,
        account.make("ec2.Subnet", {
          vpcId: vpc.id,
          cidrBlock: "10.0.7.0/24",
          availabilityZone: "eu-central-1a",
        }),
      ]);
    },
  ],
  [
    "an internet-facing one without a gateway",
    /has no internet gateway/,
    () => {
      const vpc = account.make("ec2.Vpc", { cidrBlock: "10.9.0.0/16" });
      balancer([account.make("ec2.Subnet", { vpcId: vpc.id, cidrBlock: "10.9.0.0/24" })], {
        internal: false,
      });
    },
  ],
  [
    "an address that is taken",
    /InvalidIPAddress\.InUse/,
    () => {
      const { a } = network();
      instance(a, { privateIp: "10.0.0.9" });
      account.make("lb.LoadBalancer", {
        loadBalancerType: "network",
        internal: true,
        subnetMappings: [{ subnetId: a.id, privateIpv4Address: "10.0.0.9" }],
      });
    },
  ],
  [
    "another fixed address in the same subnet",
    /The address of subnet-\S+ is given when a load balancer gets the subnet/,
    () => {
      const { a } = network();
      const at = (privateIpv4Address: string) => ({
        loadBalancerType: "network",
        internal: true,
        subnetMappings: [{ subnetId: a.id, privateIpv4Address }],
      });
      account.update(account.make("lb.LoadBalancer", at("10.0.0.9")), at("10.0.0.10"));
    },
  ],
  [
    "a target group of two balancers",
    /TargetGroupAssociationLimit/,
    () => {
      const { vpc, a, b } = network();
      const group = targets(vpc);
      listener(balancer([a]), group);
      listener(balancer([b]), group);
    },
  ],
  [
    "a port twice",
    /DuplicateListener/,
    () => {
      const { vpc, a } = network();
      const made = balancer([a]);
      for (let i = 0; i < 2; i++) listener(made, targets(vpc));
    },
  ],
  [
    "protocols that do not go together",
    /are not compatible/,
    () => {
      const { vpc, a } = network();
      listener(balancer([a]), targets(vpc, { protocol: "UDP" }));
    },
  ],
  [
    "HTTP on a network balancer",
    /must be one of 'TCP/,
    () => {
      const { vpc, a } = network();
      listener(balancer([a]), targets(vpc), { protocol: "HTTP" });
    },
  ],
  [
    "a target that is not there",
    /InvalidTarget/,
    () => {
      const { vpc } = network();
      account.make("lb.TargetGroupAttachment", { targetGroupArn: targets(vpc).id, targetId: "i-0" });
    },
  ],
  [
    "a listener of no balancer",
    /LoadBalancerNotFound/,
    () => {
      const { vpc } = network();
      const group = targets(vpc);
      listener({ ...group, id: "arn:aws:none" }, group);
    },
  ],
  [
    "a group that is given later",
    /InvalidConfigurationRequest: Security groups/,
    () => {
      const { a, group } = network();
      account.update(balancer([a]), { securityGroups: [group.id] });
    },
  ],
]);
