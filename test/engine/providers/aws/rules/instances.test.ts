/** What EC2 refuses of instances, launch templates and groups. */
import { account, arm, x86, instance, network, refusals, scaling, template } from "./account";

refusals("instances refuse", [
  [
    "an address in use",
    /InvalidIPAddress\.InUse/,
    () => {
      const { a } = network();
      for (let i = 0; i < 2; i++) instance(a, { privateIp: "10.0.0.10" });
    },
  ],
  [
    "an address outside the subnet",
    /does not fall within the subnet's address range/,
    () => instance(network().a, { privateIp: "10.0.1.10" }),
  ],
  [
    "the first four addresses",
    /reserved address range/,
    () => instance(network().a, { privateIp: "10.0.0.3" }),
  ],
  ["the last address", /reserved address range/, () => instance(network().a, { privateIp: "10.0.0.255" })],
  [
    "a subnet that is not there",
    /InvalidSubnetID\.NotFound/,
    () =>
      account.make("ec2.Instance", {
        ami: account.image(x86),
        instanceType: "t3.micro",
        subnetId: "subnet-0",
      }),
  ],
  [
    "a group that is not there",
    /InvalidGroup\.NotFound/,
    () => instance(network().a, { vpcSecurityGroupIds: ["sg-0"] }),
  ],
  [
    "a group of another VPC",
    /different networks/,
    () => {
      const { a } = network();
      const vpc = account.make("ec2.Vpc", { cidrBlock: "10.5.0.0/16" });
      instance(a, { vpcSecurityGroupIds: [account.make("ec2.SecurityGroup", { vpcId: vpc.id }).id] });
    },
  ],
  [
    "another architecture than the image's",
    /The architecture 'arm64' .* does not match the architecture 'x86_64'/,
    () => instance(network().a, { instanceType: "t4g.micro" }),
  ],
  [
    "a type that does not exist",
    /Invalid value 't9\.micro' for InstanceType/,
    () => instance(network().a, { instanceType: "t9.micro" }),
  ],
  [
    "an image that does not exist",
    /InvalidAMIID\.NotFound/,
    () => instance(network().a, { ami: "ami-0123456789abcdef0" }),
  ],
  [
    "a key pair that does not exist",
    /InvalidKeyPair\.NotFound/,
    () => instance(network().a, { keyName: "nobody" }),
  ],
  [
    "a profile that does not exist",
    /Invalid IAM Instance Profile name/,
    () => instance(network().a, { iamInstanceProfile: "nothing" }),
  ],
  [
    "a profile without a role",
    /has no associated IAM Roles/,
    () => instance(network().a, { iamInstanceProfile: account.make("iam.InstanceProfile", {}).id }),
  ],
  [
    "user data of 16,385 bytes",
    /User data is limited to 16384 bytes/,
    () => instance(network().a, { userDataBase64: Buffer.alloc(16_385).toString("base64") }),
  ],
  [
    "a root volume smaller than the image",
    /InvalidBlockDeviceMapping/,
    () => instance(network().a, { rootBlockDevice: { volumeSize: 4 } }),
  ],
  [
    "a volume that shrinks",
    /New size cannot be smaller/,
    () =>
      account.update(instance(network().a, { rootBlockDevice: { volumeSize: 50 } }), {
        rootBlockDevice: { volumeSize: 20 },
      }),
  ],
  [
    "an update to another architecture",
    /does not match the architecture/,
    () => account.update(instance(network().a), { instanceType: "m7g.large" }),
  ],
  [
    "a key pair twice",
    /InvalidKeyPair\.Duplicate/,
    () => {
      const publicKey = `ssh-ed25519 ${Buffer.alloc(51).toString("base64")}`;
      for (let i = 0; i < 2; i++) account.make("ec2.KeyPair", { keyName: "key", publicKey });
    },
  ],
  [
    "a sixth group",
    /SecurityGroupsPerInterfaceLimitExceeded/,
    () => {
      const { vpc, a } = network();
      const ids = Array.from({ length: 6 }, () => account.make("ec2.SecurityGroup", { vpcId: vpc.id }).id);
      instance(a, { vpcSecurityGroupIds: ids });
    },
  ],
  [
    "more instances than addresses",
    /InsufficientFreeAddressesInSubnet/,
    () => {
      const { vpc } = network();
      const small = account.make("ec2.Subnet", { vpcId: vpc.id, cidrBlock: "10.0.9.0/28" });
      for (let i = 0; i < 12; i++) instance(small);
    },
  ],
]);

refusals("launch templates and groups refuse", [
  [
    "a template's name twice",
    /InvalidLaunchTemplateName\.AlreadyExistsException/,
    () => {
      for (let i = 0; i < 2; i++) template({ name: "one" });
    },
  ],
  [
    "user data over the limit",
    /User data is limited/,
    () => template({ userData: Buffer.alloc(16_385).toString("base64") }),
  ],
  [
    "a template that is not there",
    /fully-formed launch template.*does not exist/,
    () => {
      const { a } = network();
      scaling(a, { ...template(), id: "lt-0" });
    },
  ],
  [
    "a version that is not there",
    /Could not find the specified version 7/,
    () => {
      const { a } = network();
      const made = template();
      scaling(a, made, { launchTemplate: { id: made.id, version: "7" } });
    },
  ],
  [
    "a template of two architectures",
    /fully-formed launch template\. The architecture/,
    () => {
      const { a } = network();
      scaling(a, template({ imageId: `resolve:ssm:${arm}` }));
    },
  ],
  [
    "a template with a profile of nobody",
    /fully-formed launch template\. Value \(nothing\)/,
    () => {
      const { a } = network();
      scaling(a, template({ iamInstanceProfile: { name: "nothing" } }));
    },
  ],
  [
    "a lower bound above the upper",
    /Min bound, 4, must be less/,
    () => {
      const { a } = network();
      scaling(a, template(), { minSize: 4 });
    },
  ],
  [
    "a number out of bounds",
    /Desired capacity:9/,
    () => {
      const { a } = network();
      scaling(a, template(), { desiredCapacity: 9 });
    },
  ],
  [
    "a name twice",
    /AlreadyExists: AutoScalingGroup by this name/,
    () => {
      const { a } = network();
      for (let i = 0; i < 2; i++) scaling(a, template(), { name: "pool" });
    },
  ],
  [
    "a hook of no group",
    /AutoScalingGroup name not found/,
    () =>
      account.make("autoscaling.LifecycleHook", {
        autoscalingGroupName: "nobody",
        lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      }),
  ],
]);
