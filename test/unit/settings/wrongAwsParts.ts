/** Settings of what may be added on AWS: policies, groups, images. */
import { largeAws, smallAws } from "../../support/awsInput";
import { windowsAws } from "../../support/windowsSettings";
import { all, set } from "./edit";
import type { Wrong } from "./wrong";
import { cases } from "./wrongAws";

const general = (key: string, value: unknown) => set(`workers.general.${key}`, value);
const S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

export const WRONG_AWS_PARTS: readonly Wrong[] = [
  ...cases("policies and groups of instances", smallAws, [
    [
      "a policy's name",
      general("policyArns", ["AmazonS3ReadOnlyAccess"]),
      "workers.general.policyArns[0]",
      /the ARN/,
    ],
    [
      "a role's ARN",
      set("controlPlane.policyArns", ["arn:aws:iam::111122223333:role/a"]),
      "controlPlane.policyArns[0]",
      /ARN of a managed policy/,
    ],
    ["a policy twice", general("policyArns", [S3, S3]), "workers.general.policyArns[1]", /is listed twice/],
    [
      "more policies than a role takes",
      general(
        "policyArns",
        Array.from({ length: 11 }, (_, n) => `${S3}${n}`),
      ),
      "workers.general.policyArns",
      /10/,
    ],
    [
      "a policy of China in Frankfurt",
      set("controlPlane.policyArns", [S3.replace("arn:aws:", "arn:aws-cn:")]),
      "controlPlane.policyArns[0]",
      /not a policy in partition aws,.*arn:aws:iam/,
    ],
    [
      "a boundary of Frankfurt in China",
      set("iam.permissionsBoundary", S3),
      "iam.permissionsBoundary",
      /partition aws-cn/,
      "cn-north-1",
    ],
    [
      "policies of two accounts, of which the cluster can be in one alone",
      all(
        set("controlPlane.policyArns", ["arn:aws:iam::111122223333:policy/a"]),
        general("policyArns", [S3, "arn:aws:iam::444455556666:policy/b"]),
      ),
      "workers.general.policyArns[1]",
      /belongs to account 444455556666, but another policy belongs to 111122223333/,
    ],
    [
      "a boundary of another account than the policies",
      all(
        set("iam.permissionsBoundary", "arn:aws:iam::444455556666:policy/b"),
        set("controlPlane.policyArns", ["arn:aws:iam::111122223333:policy/a"]),
      ),
      "controlPlane.policyArns[0]",
      /belongs to account 111122223333/,
    ],
    ["a path without its last slash", set("iam.path", "/kubernetes"), "iam.path", /begins and ends with \//],
    ["a path that is a name", set("iam.path", "kubernetes/"), "iam.path", /begins and ends with \//],
    [
      "a path of AWS' own",
      set("iam.path", "/aws-service-role/kubernetes/"),
      "iam.path",
      /not one of AWS' paths/,
    ],
    ["a path that is too long", set("iam.path", `/${"a".repeat(511)}/`), "iam.path", /512/],
    [
      "a group's name",
      general("securityGroupIds", ["default"]),
      "workers.general.securityGroupIds[0]",
      /sg-0123456789abcdef0/,
    ],
    [
      "more groups than an interface takes",
      set(
        "controlPlane.securityGroupIds",
        ["1", "2", "3", "4", "5"].map((n) => `sg-0000000${n}`),
      ),
      "controlPlane.securityGroupIds",
      /4/,
    ],
    [
      "a group twice",
      general("securityGroupIds", ["sg-00000001", "sg-00000001"]),
      "workers.general.securityGroupIds[1]",
      /twice/,
    ],
  ]),
  ...cases("endpoints of services", largeAws, [
    ["a list in its place", set("network.endpoints", ["ec2"]), "network.endpoints", /mapping/],
    [
      "a whole name",
      set("network.endpoints", { services: ["com.amazonaws.eu-central-1.logs"] }),
      "network.endpoints.services[0]",
      /the last part of an endpoint's name, such as logs/,
    ],
    [
      "S3",
      set("network.endpoints", { services: ["s3"] }),
      "network.endpoints.services[0]",
      /gateway endpoint.*network\.s3Endpoint/,
    ],
    [
      "a service twice",
      set("network.endpoints", { services: ["logs", "logs"] }),
      "network.endpoints.services[1]",
      /listed twice/,
    ],
    ["in China", set("network.endpoints", {}), "network.endpoints", /different endpoint names/, "cn-north-1"],
    [
      "private nodes with neither NAT nor endpoints",
      set("network.nat", "none"),
      "network.nat",
      /without internet access.*network\.endpoints/,
    ],
    [
      "no way out, and files from outside",
      all(
        set("network.nat", "none"),
        set("network.endpoints", {}),
        set("images", { mirrors: { "registry.k8s.io": ["https://registry.internal"] } }),
      ),
      "downloads.mirror",
      /cannot reach the internet.*dl\.k8s\.io/,
    ],
    [
      "no way out, and images from outside",
      all(
        set("network.nat", "none"),
        set("network.endpoints", {}),
        set("downloads", { mirror: "https://mirror.internal" }),
      ),
      "images",
      /cannot reach the internet.*registry\.k8s\.io/,
    ],
    [
      "no way out to S3",
      all(
        set("network.nat", "none"),
        set("network.endpoints", {}),
        set("network.s3Endpoint", false),
        set("proxy", { https: "http://proxy.internal:3128" }),
      ),
      "network.s3Endpoint",
      /boot files/,
    ],
    [
      "endpoints that take the pool's last addresses",
      all(
        set("network.subnetMask", 26),
        set("network.zones", 1),
        set("network.endpoints", {}),
        general("count", 29),
      ),
      "network.subnetMask",
      /private subnets 29 addresses for nodes.*39/,
    ],
  ]),
  ...cases("endpoints in a VPC that exists", smallAws, [
    [
      "none are made",
      all(
        set("network.existing", {
          vpcId: "vpc-0123456789abcdef0",
          subnets: [{ id: "subnet-00000001", cidr: "10.0.1.0/24", zone: "a", subnetType: "public" }],
        }),
        set("network.endpoints", {}),
      ),
      "network.endpoints",
      /does not change an existing VPC/,
    ],
    [
      "whoever reserves addresses",
      set("network.existing", {
        vpcId: "vpc-0123456789abcdef0",
        subnets: [{ id: "subnet-00000001", cidr: "10.0.1.0/24", zone: "a", subnetType: "public" }],
        cidrReservations: "owner",
      }),
      "network.existing.cidrReservations",
      /true|false/,
    ],
    ["not yes", set("network.endpoints", true), "network.endpoints", /mapping/],
    ["no services", set("network.endpoints", { services: [] }), "network.endpoints.services", /1/],
  ]),
  ...cases("pulls from ECR", smallAws, [
    [
      "a version that is not known",
      set("ecr", { version: "1.36.0" }),
      "ecr.version",
      /no checksum in this library.*1\.36\.1.*ecr\.checksums\.amd64/,
    ],
    [
      "a checksum of the other architecture",
      set("ecr", { version: "1.36.0", checksums: { arm64: "0123456789abcdef".repeat(4) } }),
      "ecr.version",
      /ecr\.checksums\.amd64/,
    ],
    [
      "an account that YAML reads as a number",
      set("ecr", { accounts: [111122223333] }),
      "ecr.accounts[0]",
      /is a number/,
    ],
    ["an account that is none", set("ecr", { accounts: ["1234"] }), "ecr.accounts[0]", /12 digits/],
    [
      "an account twice",
      set("ecr", { accounts: ["111122223333", "111122223333"] }),
      "ecr.accounts[1]",
      /listed twice/,
    ],
    [
      "the cluster's own images, which kubelets do not pull alone",
      set("images", { repository: "111122223333.dkr.ecr.eu-central-1.amazonaws.com/k8s" }),
      "images.repository",
      /containerd and kubeadm cannot log in/,
    ],
  ]),
  ...cases("packages and further volumes", windowsAws, [
    [
      "a package with its version",
      general("packages", ["nfs-common=1:2.6"]),
      "workers.general.packages[0]",
      /without its version/,
    ],
    [
      "packages for Windows",
      set("workers.win.packages", ["nfs-common"]),
      "workers.win.packages",
      /cannot be installed on windows/,
    ],
    [
      "a volume faster than its size",
      general("volumes", [{}, { sizeGiB: 8, iops: 5000 }]),
      "workers.general.volumes[1].iops",
      /more than gp3 gives 8 GiB/,
    ],
    [
      "more volumes than there are names",
      general(
        "volumes",
        Array.from({ length: 12 }, () => ({})),
      ),
      "workers.general.volumes",
      /11/,
    ],
  ]),
  ...cases("labels and taints of a pool that scales", smallAws, [
    [
      "a label that no tag of its group has room for",
      all(
        general("count", undefined),
        general("max", 3),
        general("labels", { [`${"a".repeat(63)}.example.com/${"b".repeat(20)}`]: "" }),
      ),
      `workers.general.labels["${"a".repeat(63)}.example.com/${"b".repeat(20)}"]`,
      /too long for a pool that scales.*at most 82 characters/,
    ],
    [
      "a taint, too",
      all(
        general("count", undefined),
        general("max", 3),
        general("taints", [`${"a".repeat(63)}.example.com/${"b".repeat(20)}:NoSchedule`]),
      ),
      "workers.general.taints[0]",
      /too long for a pool that scales/,
    ],
    [
      "a tag that is not AWS' own",
      general("tags", { "k8s.io/cluster-autoscaler/enabled": "false" }),
      'workers.general.tags["k8s.io/cluster-autoscaler/enabled"]',
      /the library sets it/,
    ],
  ]),
  ...cases("Cluster Autoscaler", smallAws, [
    ["not yes", set("clusterAutoscaler", true), "clusterAutoscaler", /mapping/],
    [
      "an expander that it does not have",
      set("clusterAutoscaler", { expander: "cheapest" }),
      "clusterAutoscaler.expander",
      /least-waste/,
    ],
    [
      "a node that is never little used",
      set("clusterAutoscaler", { scaleDownUtilization: "0%" }),
      "clusterAutoscaler.scaleDownUtilization",
      /from 1% to 100%/,
    ],
    [
      "a share instead of a percentage",
      set("clusterAutoscaler", { scaleDownUtilization: 0.5 }),
      "clusterAutoscaler.scaleDownUtilization",
      /percentage/,
    ],
    [
      "an image without a tag, which the chart cannot name",
      set("clusterAutoscaler", { image: "registry.example.com/scaler" }),
      "clusterAutoscaler.image",
      /a tag or digest/,
    ],
    [
      "no time at all",
      set("clusterAutoscaler", { scaleDownAfterMinutes: 0 }),
      "clusterAutoscaler.scaleDownAfterMinutes",
      /at least 1/,
    ],
  ]),
  ...cases("AWS Load Balancer Controller", smallAws, [
    ["not yes", set("loadBalancerController", true), "loadBalancerController", /mapping/],
    ["no replica", set("loadBalancerController", { replicas: 0 }), "loadBalancerController.replicas", /1/],
    [
      "an image without a tag",
      set("loadBalancerController", { image: "registry.example.com/controller" }),
      "loadBalancerController.image",
      /tag or digest/,
    ],
    [
      "another key",
      set("loadBalancerController", { defaultForService: true }),
      "loadBalancerController.defaultForService",
      /defaultForServices/,
    ],
    [
      "a second default class",
      all(
        set("loadBalancerController", { defaultForIngresses: true }),
        set("ingress", { kind: "traefik", expose: { type: "nodePorts", http: 30080, https: 30443 } }),
      ),
      "loadBalancerController.defaultForIngresses",
      /alb the default class, which traefik of ingress is too.*ingress\.default: false/,
    ],
  ]),
  ...cases("what a destroy does", smallAws, [
    ["not yes", set("onDestroy", true), "onDestroy", /mapping/],
    [
      "balancers that stay",
      set("onDestroy", { loadBalancers: "keep" }),
      "onDestroy.loadBalancers",
      /delete.*refuse/,
    ],
    ["another word", set("onDestroy", { volumes: "retain" }), "onDestroy.volumes", /keep.*delete.*refuse/],
    [
      "another key",
      set("onDestroy", { loadbalancers: "delete" }),
      "onDestroy.loadbalancers",
      /loadBalancers/,
    ],
  ]),
  ...cases("repair of nodes", smallAws, [
    ["not yes", general("repair", true), "workers.general.repair", /mapping/],
    [
      "sooner than pods go elsewhere",
      general("repair", { timeoutSeconds: 60 }),
      "workers.general.repair.timeoutSeconds",
      /at least 300/,
    ],
    [
      "a number of nodes",
      general("repair", { maxUnhealthy: 2 }),
      "workers.general.repair.maxUnhealthy",
      /a percentage of the pool's nodes/,
    ],
  ]),
  ...cases("sessions", smallAws, [
    ["a word", set("access.sessionManager", "on"), "access.sessionManager", /true|false/],
    [
      "Debian's images have no agent",
      all(set("access.sessionManager", true), general("os", "debian-13")),
      "workers.general.os",
      /no Systems Manager agent.*ubuntu-24\.04/,
    ],
    [
      "nor has a control plane of Debian",
      all(set("access.sessionManager", true), set("controlPlane.os", "debian-12")),
      "controlPlane.os",
      /no Systems Manager agent/,
    ],
  ]),
  ...cases("images", largeAws, [
    [
      "RHEL without an image",
      general("os", "rhel-9"),
      "workers.general.ami",
      /no publisher names the newest image of rhel-9.*ami-/,
    ],
    ["RHEL for the control plane", set("controlPlane.os", "rhel-9"), "controlPlane.ami", /is missing/],
    ["RHEL for the bastion", set("bastion", { os: "rhel-9" }), "bastion.ami", /is missing/],
    [
      "RHEL with something that is not an image",
      all(general("os", "rhel-9"), general("ami", "rhel-9.4")),
      "workers.general.ami",
      /the id of an image/,
    ],
  ]),
];
