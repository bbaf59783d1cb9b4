/**
 * What people add to a cluster on AWS, much of it together, through the real engine: what the account has afterwards, what a change
 * of each part touches (docs/replacement.md), and that nothing stays when it is taken away.
 */
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AddonRole } from "../../components/aws/podIdentity";
import { describeWithEngine } from "./available";
import { addAws, awsObject, awsObjects, awsObjectsOf, changeAws, controlAws } from "./awsAccount";
import { makeAwsParts, paperHosts } from "./awsParts";
import { createEngineStack, isStandIn, type EngineStack } from "./harness";
import { EngineError } from "./result";
import { accountId } from "./providers/aws/account";
import { textOf, type Values } from "./providers/shared/values";
import { all, set, type Change } from "../unit/settings/edit";
import type { RawSettings } from "../support/settings";

if (isStandIn("aws")) {
  describeWithEngine("what people add to a cluster on AWS", additions);
  describeWithEngine("a cluster in a VPC that another account shares", shared);
} else it.skip("the official plugin would need an account", () => undefined);

const REGION = "eu-central-1";
const S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const OWN = `arn:aws:iam::${accountId}:policy/teams/backup`;
/** By its name alone it would be AWS' own. */
const NAMESAKE = `arn:aws:iam::${accountId}:policy/AmazonS3ReadOnlyAccess`;
const BOUNDARY = `arn:aws:iam::${accountId}:policy/boundary`;
const RHEL = "ami-0123456789abcdef0";
const DATABASE = "sg-0000000000000000d";

/** Without any of it: private nodes in two zones behind a bastion and NAT. The path of roles is decided at the start. */
function plain(): RawSettings {
  return {
    platform: "aws",
    protect: false,
    network: { vpcCidr: "10.0.0.0/16", zones: 2 },
    access: { api: ["203.0.113.0/24"], ssh: ["203.0.113.0/24"], endpointAccess: "private" },
    bastion: {},
    iam: { path: "/team/" },
    downloads: { mirror: "https://mirror.example.internal" },
    images: { mirrors: { "registry.k8s.io": ["https://registry.example.internal"] } },
    controlPlane: { count: 1, instanceType: "t3.medium", os: "ubuntu-22.04" },
    workers: {
      general: { count: 2, instanceType: "t3.large" },
      other: { count: 1, instanceType: "t3.large" },
    },
    cni: { kind: "flannel", backend: "vxlan", podCidr: "10.244.0.0/16" },
  };
}

const FULL = all(
  set("network.nat", "none"),
  set("network.endpoints", { services: ["logs"] }),
  set("access.sessionManager", true),
  set("ecr", { accounts: ["222233334444"], pullThroughCache: true }),
  set("iam.permissionsBoundary", BOUNDARY),
  set("controlPlane.packages", ["nfs-common"]),
  set("controlPlane.policyArns", [OWN]),
  set("workers.general", {
    count: 2,
    instanceType: "t3.large",
    os: "ubuntu-22.04",
    policyArns: [S3, NAMESAKE],
    packages: ["nfs-common"],
    volumes: [{ sizeGiB: 100 }, { sizeGiB: 50, iops: 4000 }],
    repair: {},
    maxUnavailable: "50%",
  }),
  set("workers.other", {
    count: 1,
    instanceType: "t3.large",
    os: "rhel-9",
    ami: RHEL,
    packages: ["nfs-utils"],
    repair: { timeoutSeconds: 600 },
  }),
);

function settings(...changes: Change[]): RawSettings {
  // A change may reach into what an earlier one has put in.
  return changes.reduce((raw, change) => {
    change(raw);
    return structuredClone(raw);
  }, plain());
}

function stackOf(program: (raw: RawSettings) => Record<string, unknown>) {
  let raw: RawSettings = plain();
  let engine: EngineStack;
  let hosts: ReturnType<typeof paperHosts>;
  const account = () => engine.awsAccount;
  return {
    account,
    open: async () => {
      engine = await createEngineStack({
        projectName: "additions",
        stackName: "own",
        program: () => Promise.resolve(program(raw)),
        config: { "aws:region": REGION },
      });
      hosts = paperHosts(engine.workDir);
    },
    close: () => engine?.close(),
    engine: () => engine,
    up: async (next: RawSettings): Promise<string[]> => {
      raw = next;
      hosts.forget();
      return short((await engine.up()).changed);
    },
    /** What `up` would do, as `update name`. */
    preview: async (next: RawSettings): Promise<string[]> => {
      raw = next;
      return short((await engine.preview()).changed);
    },
    /** What `up` says when it fails. */
    failure: async (next: RawSettings): Promise<string> => {
      raw = next;
      const error: unknown = await engine.up().catch((refusal: unknown) => refusal);
      if (!(error instanceof EngineError)) expect.fail("up was to fail");
      return error.result.log;
    },
  };
}

function short(changed: readonly string[]): string[] {
  return changed.map((one) => one.split(" ").slice(0, 2).join(" ").replace("own-", "")).sort();
}

/** What a roll of a pool is to Pulumi: other boot files and another template, a group that replaces its instances, and a wait for them. */
function roll(pool: string): string[] {
  return [
    ...["create-replacement", "delete-replaced", "replace"].map((op) => `${op} pool-${pool}-boot`),
    ...["group", "ready", "template"].map((part) => `update pool-${pool}-${part}`),
  ];
}

function additions(): void {
  const stack = stackOf((raw) => {
    const { identity } = makeAwsParts(raw, "own", REGION).platform;
    const statements = [
      { sid: "Write", reason: "backups", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::backups/*"] },
    ];
    const role = new AddonRole("backup", {
      identity,
      namespace: "backup",
      serviceAccount: "backup",
      statements,
    });
    return { pod: role.podSpec({ containers: [{ name: "backup", image: "example.com/backup:1" }] }) };
  });
  const full = settings(FULL);
  const with_ = (...changes: Change[]) => settings(FULL, ...changes);
  const before: string[] = [];

  const one = (kind: string, match: Values): Values =>
    awsObjectsOf(stack.account(), kind).find((state) =>
      Object.entries(match).every(([key, value]) => state[key] === value),
    ) ?? expect.fail(`no ${kind} ${JSON.stringify(match)}`);
  const endpoints = () =>
    awsObjectsOf(stack.account(), "ec2.VpcEndpoint").filter(
      (state) => state["vpcEndpointType"] === "Interface",
    );
  /** Interfaces of a pool's instances. */
  const nodes = (pool: string) =>
    awsObjectsOf(stack.account(), "interface").filter((state) =>
      textOf(state["owner"]).startsWith(`autoscaling group kubeadm-own-${pool}`),
    );
  const policyOf = (part: string) =>
    textOf(one("iam.RolePolicy", { role: `kubeadm-own-${REGION}-${part}` })["policy"]);
  const groupOf = (pool: string) => one("autoscaling.Group", { name: `kubeadm-own-${pool}` });

  beforeAll(async () => {
    await stack.open();
    for (const arn of [OWN, NAMESAKE, BOUNDARY]) addAws(stack.account(), "iam.Policy", arn, { arn });
    before.push(...awsObjects(stack.account()));
  });

  afterAll(() => stack.close());

  it("is refused before anything is made where the account lacks a service, a zone of one, or an image", async () => {
    controlAws(stack.account(), {
      endpointZones: { ssm: "a" },
      images: { [RHEL]: { architecture: "x86_64", rootDevice: "/dev/xvda" } },
    });
    const said = await stack.failure(with_(set("network.endpoints.services", ["cloudwatch"])));
    expect(said).toMatch(/network\.endpoints: "ssm" has no endpoint in eu-central-1b/);
    expect(said).toMatch(/"cloudwatch" is a service without interface endpoints/);
    expect(said).toMatch(/has the root device \/dev\/xvda, and images of rhel-9 have \/dev\/sda1/);
    expect(awsObjects(stack.account())).toEqual(before);
    controlAws(stack.account(), { endpointZones: {}, images: { [RHEL]: "x86_64" } });
  });

  it("is made at once", async () => {
    expect((await stack.up(full)).filter((change) => !change.startsWith("create "))).toEqual([]);
  });

  it("has every role below the path and within the boundary, those for pods as well", () => {
    const roles = awsObjectsOf(stack.account(), "iam.Role");
    expect(roles.map(({ name }) => textOf(name).replace(`kubeadm-own-${REGION}-`, "")).sort()).toEqual([
      "backup",
      "bastion",
      "control-plane",
      "pool-general",
      "pool-other",
    ]);
    for (const { path, permissionsBoundary } of roles)
      expect([path, permissionsBoundary]).toEqual(["/team/", BOUNDARY]);
    const profiles = awsObjectsOf(stack.account(), "iam.InstanceProfile");
    expect(new Set(profiles.map(({ path }) => path))).toEqual(new Set(["/team/"]));
  });

  it("has the policies on the roles that name them, two of one name among them", () => {
    const attached = awsObjectsOf(stack.account(), "iam.RolePolicyAttachment");
    const of = (part: string) =>
      attached
        .filter(({ role }) => role === `kubeadm-own-${REGION}-${part}`)
        .map(({ policyArn }) => policyArn)
        .sort();
    expect(of("pool-general")).toEqual([NAMESAKE, S3].sort());
    expect(of("control-plane")).toEqual([OWN]);
    expect(attached).toHaveLength(3);
  });

  it("lets nodes pull from ECR and instances hold sessions, and pods do neither", () => {
    for (const part of ["control-plane", "pool-general", "pool-other"]) {
      expect(policyOf(part)).toContain('"aws:ResourceAccount":["222233334444"]');
      expect(policyOf(part)).toContain("ecr:BatchImportUpstreamImage");
    }
    expect(policyOf("bastion")).toContain("ssmmessages:OpenDataChannel");
    expect(policyOf("bastion")).not.toContain("ecr:");
    expect(policyOf("backup")).not.toMatch(/ecr:|ssmmessages:/);
    expect(policyOf("control-plane")).toContain("autoscaling:SetInstanceHealth");
    expect(policyOf("pool-general")).not.toContain("SetInstanceHealth");
  });

  it("has an endpoint for each service, in each zone, which nodes and the bastion may call", () => {
    const services = endpoints().map(({ serviceName }) =>
      textOf(serviceName).replace(`com.amazonaws.${REGION}.`, ""),
    );
    expect(services.sort()).toEqual([
      ...["autoscaling", "ec2", "ecr.api", "ecr.dkr", "elasticloadbalancing", "logs", "secretsmanager"],
      ...["ssm", "ssmmessages", "sts"],
    ]);
    const group = awsObjects(stack.account()).find(
      (object) =>
        object.startsWith("ec2.SecurityGroup ") &&
        JSON.stringify(awsObject(stack.account(), "ec2.SecurityGroup", object.split(" ")[1] ?? "")).includes(
          "own-endpoints",
        ),
    );
    for (const { subnetIds, securityGroupIds, networkInterfaceIds } of endpoints()) {
      expect(subnetIds).toHaveLength(2);
      expect(networkInterfaceIds).toHaveLength(2);
      expect(securityGroupIds).toEqual([group?.split(" ")[1]]);
    }
    const rules = awsObjectsOf(stack.account(), "vpc.SecurityGroupIngressRule").filter(
      ({ securityGroupId }) => securityGroupId === group?.split(" ")[1],
    );
    expect(rules.map(({ fromPort }) => fromPort)).toEqual([443, 443, 443]);
    expect(awsObjectsOf(stack.account(), "ec2.NatGateway")).toEqual([]);
  });

  it("starts nodes with their volumes: the root volume is the image's own, the others are blank, all encrypted", () => {
    const root = { size: 30, encrypted: true };
    expect(nodes("general").map((state) => state["_volumes"])).toEqual(
      Array(2).fill({
        "/dev/sda1": root,
        "/dev/sdf": { size: 100, encrypted: true },
        "/dev/sdg": { size: 50, encrypted: true },
      }),
    );
    expect(nodes("other").map((state) => state["_volumes"])).toEqual([{ "/dev/sda1": root }]);
  });

  it("has packages in the boot files, and the shares of a rolling replacement on the group", () => {
    const files = awsObjectsOf(stack.account(), "s3.BucketObjectv2").flatMap(({ key, contentBase64 }) =>
      typeof contentBase64 === "string"
        ? [
            [
              textOf(key).split("/")[0],
              gunzipSync(Buffer.from(contentBase64, "base64")).toString("latin1"),
            ] as const,
          ]
        : [],
    );
    expect(Object.fromEntries(files)).toEqual({
      general: expect.stringContaining("nfs-common") as string,
      other: expect.stringContaining("nfs-utils") as string,
    });
    const preferences = (pool: string) => (groupOf(pool)["instanceRefresh"] as Values)["preferences"];
    expect(preferences("general")).toMatchObject({ minHealthyPercentage: 50, maxHealthyPercentage: 100 });
    expect(preferences("other")).toMatchObject({ minHealthyPercentage: 100, maxHealthyPercentage: 110 });
  });

  it("gives a pod the role, the token for it, and the variables by which SDKs find both", async () => {
    const { pod } = await stack.engine().stack.outputs();
    expect(pod?.value).toMatchObject({
      serviceAccountName: "backup",
      containers: [
        {
          env: expect.arrayContaining([
            {
              name: "AWS_ROLE_ARN",
              value: `arn:aws:iam::${accountId}:role/team/kubeadm-own-${REGION}-backup`,
            },
          ]) as unknown,
        },
      ],
    });
  });

  it("has nothing to do the second time, and after a refresh neither", async () => {
    expect(await stack.preview(full)).toEqual([]);
    await stack.engine().refresh();
    expect(await stack.preview(full)).toEqual([]);
  });

  const nodeRoles = ["control-plane", "pool-general", "pool-other"].map(
    (part) => `update ${part}-identity-policy`,
  );
  const controlPlane = ["update control-plane-cp-1-node", "update control-plane-guard"];
  const cases: readonly (readonly [what: string, change: Change, expected: readonly string[]])[] = [
    ["an endpoint less", set("network.endpoints", {}), ["delete services-logs"]],
    [
      "no sessions",
      set("access.sessionManager", false),
      ["delete services-ssmmessages", "update bastion-identity-policy", ...nodeRoles],
    ],
    ["other accounts of ECR", set("ecr", { accounts: ["333344445555"] }), nodeRoles],
    [
      "a policy less",
      set("workers.general.policyArns", [S3]),
      ["delete pool-general-identity-AmazonS3ReadOnlyAccess"],
    ],
    [
      "no boundary",
      set("iam.permissionsBoundary", undefined),
      [
        "backup",
        "bastion-identity",
        "control-plane-identity",
        "pool-general-identity",
        "pool-other-identity",
      ].map((role) => `update ${role}-role`),
    ],
    ["other shares of a replacement", set("workers.general.maxSurge", "50%"), ["update pool-general-group"]],
    // The guard holds what each control-plane node was set up with.
    ["repair of one pool less", set("workers.other.repair", undefined), controlPlane],
    ["a volume more", set("workers.other.volumes", [{}]), roll("other")],
    ["a package more", set("workers.other.packages", ["nfs-utils", "jq"]), roll("other")],
    ["a package more on the control plane", set("controlPlane.packages", ["nfs-common", "jq"]), controlPlane],
    ["a group more for a pool", set("workers.other.securityGroupIds", [DATABASE]), roll("other")],
    [
      "a group more for the control plane",
      set("controlPlane.securityGroupIds", [DATABASE]),
      ["update instances-cp-1"],
    ],
  ];

  it.each(cases)("changes nothing but what it touches: %s", async (_, change, expected) => {
    expect(await stack.preview(with_(change))).toEqual([...expected].sort());
  });

  it("changes in one run, and the account follows", async () => {
    const { vpcId = null } = one("ec2.Subnet", {});
    addAws(stack.account(), "ec2.SecurityGroup", DATABASE, { vpcId, name: "database" });
    const refreshes = () => ["general", "other"].map((pool) => groupOf(pool)["_refreshes"]);
    const began = refreshes();
    await stack.up(with_(...cases.map(([, change]) => change)));
    expect(refreshes().map((now, index) => Number(now) - Number(began[index]))).toEqual([0, 1]);
    // The bastion is an instance, too.
    const profile = { iamInstanceProfile: `kubeadm-own-${REGION}-control-plane` };
    expect(one("ec2.Instance", profile)["vpcSecurityGroupIds"]).toContain(DATABASE);
    for (const state of nodes("other")) {
      expect(state["groups"]).toContain(DATABASE);
      expect(Object.keys(state["_volumes"] ?? {})).toEqual(["/dev/sda1", "/dev/sdf"]);
    }
    expect(
      awsObjectsOf(stack.account(), "iam.Role").map((role) => role["permissionsBoundary"] ?? "none"),
    ).toEqual(Array(5).fill("none"));
  });

  it("never moves roles to another path", async () => {
    const there = awsObjects(stack.account()).sort();
    const said = await stack.failure(with_(set("iam.path", "/others/")));
    expect(said).toMatch(
      /iam\.path: roles and instance profiles are in \/team\/, but the settings say \/others\//,
    );
    expect(awsObjects(stack.account()).sort()).toEqual(there);
  });

  it("finds what somebody suspended on a group at a refresh, and lets it go on, so that repair works again", async () => {
    await stack.up(full);
    changeAws(stack.account(), "autoscaling.Group", "kubeadm-own-general", {
      suspendedProcesses: ["ReplaceUnhealthy"],
    });
    expect(await stack.preview(full)).toEqual([]);
    await stack.engine().refresh();
    expect(await stack.up(full)).toEqual(["update pool-general-group"]);
    expect(groupOf("general")["suspendedProcesses"] ?? []).toEqual([]);
  });

  it("leaves nothing behind when the settings no longer have it", async () => {
    await stack.up(settings());
    expect(endpoints()).toEqual([]);
    expect(awsObjectsOf(stack.account(), "iam.RolePolicyAttachment")).toEqual([]);
    expect(JSON.stringify(awsObjectsOf(stack.account(), "ec2.SecurityGroup"))).not.toContain("own-endpoints");
    for (const part of ["control-plane", "pool-general", "pool-other", "bastion"])
      expect(policyOf(part)).not.toMatch(/ecr:|ssmmessages:|SetInstanceHealth/);
    for (const pool of ["general", "other"])
      for (const state of nodes(pool)) expect(Object.keys(state["_volumes"] ?? {})).toEqual(["/dev/sda1"]);
    expect(await stack.preview(settings())).toEqual([]);
  });

  it("leaves what is somebody else's when all goes", async () => {
    // No VPC goes with a group of somebody else in it.
    changeAws(stack.account(), "ec2.SecurityGroup", DATABASE, "remove");
    await stack.engine().destroy();
    expect(awsObjects(stack.account()).sort()).toEqual([...before].sort());
  });
}

function shared(): void {
  const stack = stackOf((raw) => {
    makeAwsParts(raw, "own", REGION);
    return {};
  });
  const owned = { ownerId: "999988887777" };
  const subnet = "subnet-0000000000000000a";
  const raw = (cidrReservations?: boolean) => {
    const next = plain();
    all(
      set("bastion", undefined),
      set("access.connectVia", "vpn"),
      set("network", {
        vpcCidr: "10.9.0.0/16",
        existing: {
          vpcId: "vpc-00000000000000001",
          subnets: [{ id: subnet, cidr: "10.9.0.0/24", zone: "a", subnetType: "private" }],
          ...(cidrReservations === undefined ? {} : { cidrReservations }),
        },
      }),
    )(next);
    return next;
  };
  let before: string[] = [];

  beforeAll(async () => {
    await stack.open();
    const vpcId = "vpc-00000000000000001";
    addAws(stack.account(), "ec2.Vpc", vpcId, {
      ...owned,
      cidrBlock: "10.9.0.0/16",
      enableDnsSupport: true,
      enableDnsHostnames: true,
    });
    addAws(stack.account(), "ec2.Subnet", subnet, {
      ...owned,
      vpcId,
      cidrBlock: "10.9.0.0/24",
      availabilityZone: `${REGION}a`,
    });
    before = awsObjects(stack.account()).sort();
  });

  afterAll(() => stack.close());

  it("cannot reserve addresses there, which AWS says", async () => {
    expect(await stack.failure(raw())).toMatch(/CreateSubnetCidrReservation.*UnauthorizedOperation/);
  });

  it("leaves reservations to the owner, and has its fixed addresses in their range all the same", async () => {
    await stack.up(raw(false));
    expect(awsObjectsOf(stack.account(), "ec2.SubnetCidrReservation")).toEqual([]);
    expect(awsObjectsOf(stack.account(), "ec2.Instance").map(({ privateIp }) => privateIp)).toEqual([
      "10.9.0.228",
    ]);
    expect(await stack.preview(raw(false))).toEqual([]);
  });

  it("leaves the owner's network as it was", async () => {
    await stack.engine().destroy();
    expect(awsObjects(stack.account()).sort()).toEqual(before);
  });
}
