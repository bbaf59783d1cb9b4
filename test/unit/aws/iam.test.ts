import { describe, expect, it } from "vitest";
import {
  bastionStatements,
  controlPlaneStatements,
  instanceTrust,
  policyDocument,
  poolStatements,
  rolesOf,
  webIdentityTrust,
} from "../../../model/aws/iam";
import type { Statement } from "../../../model/aws/statement";
import { cloudControllerStatements, storageStatements } from "../../../model/aws/addons/statements";
import { awsOf } from "../../../model/aws/spec";
import type { AwsPool } from "../../../model/aws/settings";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";

const small = awsSettings(smallAws);
const large = awsSettings(largeAws);

function pool(name: string, settings = large): AwsPool {
  return awsOf(settings).pools.find((one) => one.name === name) ?? expect.fail(`no pool ${name}`);
}

/** IAM's `*` and `?` in a resource. */
function covers(statements: readonly Statement[], action: string, resource: string): boolean {
  return statements.some(
    (statement) =>
      statement.actions.includes(action) &&
      statement.resources.some((pattern) => {
        const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
        return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(resource);
      }),
  );
}

const secret = (name: string) =>
  `arn:aws:secretsmanager:eu-central-1:123456789012:secret:kubeadm/cloud/${name}-AbCdEf`;
const parameter = (name: string) => `arn:aws:ssm:eu-central-1:123456789012:parameter/kubeadm/cloud/${name}`;
const READ = "secretsmanager:GetSecretValue";

describe("keys of service accounts in a rotation", () => {
  const statements = (more: object) =>
    controlPlaneStatements(awsSettings(() => ({ ...smallAws(), ...more })));
  const bucket = `arn:aws:s3:::kubeadm-cloud-${"1".repeat(26)}`;

  it("are written by the control plane, and no other document is", () => {
    const own = statements({ certificates: { rotation: "2026-12" } });
    expect(covers(own, "s3:PutObject", `${bucket}/openid/v1/jwks`)).toBe(true);
    expect(covers(own, "s3:PutObject", `${bucket}/.well-known/openid-configuration`)).toBe(false);
  });

  it.each([
    ["without a rotation", {}],
    ["without roles of pods", { certificates: { rotation: "2026-12" }, podIdentity: false }],
  ])("are nobody's to write %s", (_name, more) => {
    expect(covers(statements(more), "s3:PutObject", `${bucket}/openid/v1/jwks`)).toBe(false);
  });
});

describe("snapshots of etcd in a bucket", () => {
  const withTarget = (over: object) =>
    controlPlaneStatements(
      awsSettings(() => ({
        ...smallAws(),
        etcd: { backup: { target: { kind: "s3", bucket: "backups", prefix: "etcd/cloud", ...over } } },
      })),
    );
  const object = (key: string) => `arn:aws:s3:::backups/${key}`;

  it("are written, read and removed below the prefix alone, by the role", () => {
    const statements = withTarget({});
    for (const action of ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"]) {
      expect(covers(statements, action, object("etcd/cloud/etcd-1.snapshot"))).toBe(true);
      expect(covers(statements, action, object("etcd/other/etcd-1.snapshot"))).toBe(false);
    }
    expect(statements.find(({ sid }) => sid === "ListSnapshots")).toMatchObject({
      resources: ["arn:aws:s3:::backups"],
      conditions: { StringLike: { "s3:prefix": "etcd/cloud/*" } },
    });
  });

  it("need nothing of the role with credentials, nor with another service's endpoint", () => {
    const sids = (over: object) => withTarget(over).map(({ sid }) => sid);
    for (const over of [{ credentials: "s3" }, { endpoint: "https://minio.example.com", credentials: "s3" }])
      expect(sids(over).filter((sid) => sid.endsWith("Snapshots"))).toEqual([]);
  });
});

describe("controlPlaneNodes", () => {
  const statements = controlPlaneStatements(large);

  it("read their SSH host key and no other secret", () => {
    expect(covers(statements, READ, secret("ssh-host-key"))).toBe(true);
    expect(covers(statements, READ, secret("control-plane"))).toBe(false);
    expect(
      statements.filter((one) => one.actions.includes(READ)).flatMap((one) => one.resources),
    ).toHaveLength(1);
    expect(covers(statements, READ, secret("bastion-ssh-host-key"))).toBe(false);
    expect(covers(statements, READ, secret("ssh-host-key-old"))).toBe(false);
  });

  it("write every pool's credential, read and clear statuses, and touch no other cluster", () => {
    expect(covers(statements, "ssm:PutParameter", parameter("general/join"))).toBe(true);
    expect(covers(statements, "ssm:GetParametersByPath", parameter("burst/status"))).toBe(true);
    expect(covers(statements, "ssm:DeleteParameters", parameter("burst/status/i-0123"))).toBe(true);
    expect(covers(statements, "ssm:DeleteParameters", parameter("burst/join"))).toBe(false);
    const other = parameter("general/join").replace("cloud", "cloud-2");
    expect(covers(statements, "ssm:PutParameter", other)).toBe(false);
  });

  it("know instances by name and move targets of the API, and otherwise call neither EC2 nor balancers: add-ons have their own roles, unless pod identity is off", () => {
    const actions = (all: readonly Statement[]) => all.flatMap((one) => one.actions);
    const called = (all: readonly Statement[]) =>
      actions(all).filter((action) => /^(ec2|elasticloadbalancing):/.test(action));
    expect(called(controlPlaneStatements(small))).toEqual(["ec2:DescribeInstances"]);
    expect(called(statements)).toEqual([
      "ec2:DescribeInstances",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
      "elasticloadbalancing:DeregisterTargets",
      "elasticloadbalancing:RegisterTargets",
    ]);
    const group = (name: string) =>
      `arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/${name}/0123456789abcdef`;
    const takesOut = (name: string) =>
      covers(statements, "elasticloadbalancing:DeregisterTargets", group(name));
    expect(takesOut("cloud-api")).toBe(true);
    expect(takesOut("cloud-2-api")).toBe(false);
    expect(takesOut("k8s-shop-web")).toBe(false);
    const without = awsSettings(smallAws, (raw) => (raw.podIdentity = false));
    expect(actions(controlPlaneStatements(without))).toEqual(
      expect.arrayContaining(["ec2:DescribeInstances", "ec2:CreateVolume"]),
    );
  });
});

describe("a pool", () => {
  const statements = poolStatements(large, pool("general"));

  it("reads its own credential and writes its own status, and no other pool's", () => {
    expect(covers(statements, "ssm:GetParameter", parameter("general/join"))).toBe(true);
    expect(covers(statements, "ssm:GetParameter", parameter("burst/join"))).toBe(false);
    expect(covers(statements, "ssm:PutParameter", parameter("general/status/i-0123"))).toBe(true);
    expect(covers(statements, "ssm:PutParameter", parameter("general/join"))).toBe(false);
    expect(covers(statements, READ, secret("control-plane"))).toBe(false);
  });

  it("ends lifecycle actions of its own group alone", () => {
    const group = (name: string) =>
      `arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:1-2-3:autoScalingGroupName/${name}`;
    const action = "autoscaling:CompleteLifecycleAction";
    expect(covers(statements, action, group("kubeadm-cloud-general"))).toBe(true);
    expect(covers(statements, action, group("kubeadm-cloud-burst"))).toBe(false);
  });

  it("switches the source check off only where pods' addresses are on the wire, and changes nothing else", () => {
    expect(statements.some((one) => one.actions.includes("ec2:ModifyInstanceAttribute"))).toBe(false);
    const off = { ...pool("general"), sourceDestinationCheckOff: true };
    const one = poolStatements(large, off).find((each) => each.sid === "SwitchSourceCheckOff");
    expect(one?.conditions).toEqual({
      StringEqualsIgnoreCase: { "ec2:Attribute/SourceDestCheck": "false" },
      StringEquals: { "aws:ResourceTag/pulumi-kubeadm/pool": "general" },
    });
  });
});

describe("add-ons", () => {
  it("may ask what Elastic Load Balancing asks for the first balancer of an account", () => {
    const reads = cloudControllerStatements(small).find((one) => one.sid === "LookUpNodesAndBalancers");
    expect(reads?.actions).toEqual(
      expect.arrayContaining(["ec2:DescribeAccountAttributes", "ec2:DescribeInternetGateways"]),
    );
  });

  it("copy volumes, restore snapshots fast, lock them and change tags, of what the driver made", () => {
    const statements = storageStatements(small);
    const ec2 = (kind: string) => `arn:aws:ec2:eu-central-1:123456789012:${kind}/one`;
    const conditions = (action: string, kind: string) =>
      statements
        .filter((one) => covers([one], action, ec2(kind)))
        .map((one) => Object.keys(one.conditions?.StringEquals ?? {}).join());
    expect(conditions("ec2:CopyVolumes", "volume").sort()).toEqual([
      "",
      "aws:RequestTag/ebs.csi.aws.com/cluster",
    ]);
    expect(conditions("ec2:EnableFastSnapshotRestores", "snapshot")).toEqual([""]);
    expect(conditions("ec2:LockSnapshot", "snapshot")).toEqual(["aws:ResourceTag/ebs.csi.aws.com/cluster"]);
    for (const kind of ["volume", "snapshot"]) {
      expect(conditions("ec2:DeleteTags", kind)).toEqual(["aws:ResourceTag/ebs.csi.aws.com/cluster"]);
      expect(conditions("ec2:CreateTags", kind).sort()).toEqual([
        "aws:ResourceTag/ebs.csi.aws.com/cluster",
        "ec2:CreateAction",
      ]);
    }
  });
});

describe("a pool's boot files", () => {
  const bucket = (digits: string) => `arn:aws:s3:::kubeadm-cloud-boot-${digits}/general/abc`;

  it("are read by their own pool, from the cluster's own bucket in the account", () => {
    const statements = poolStatements(large, pool("general"));
    expect(covers(statements, "s3:GetObject", bucket("1".repeat(26)))).toBe(true);
    expect(covers(statements, "s3:GetObject", bucket("1".repeat(25)))).toBe(false);
    expect(covers(statements, "s3:GetObject", bucket("1".repeat(26)).replace("general", "burst"))).toBe(
      false,
    );
    expect(statements.find((one) => one.sid === "ReadOwnBootFiles")?.conditions).toEqual({
      StringEquals: { "aws:ResourceAccount": "${aws:PrincipalAccount}" },
    });
    expect(covers(statements, "ssm:GetParameter", parameter("boot-bucket"))).toBe(true);
  });
});

describe("every role", () => {
  const all = [...rolesOf(large), ...rolesOf(small)];

  it("says why it may do each thing, under its own name", () => {
    for (const { role, statements } of all) {
      for (const one of statements) {
        expect(one.reason.length, `${role} ${one.sid}`).toBeGreaterThan(20);
        expect(one.sid).toMatch(/^[A-Za-z0-9]+$/);
      }
      expect(new Set(statements.map((one) => one.sid)).size, role).toBe(statements.length);
    }
  });

  it("names its actions one by one, and all resources only to read or by the cluster's tag", () => {
    for (const { role, statements } of all) {
      for (const one of statements) {
        for (const action of one.actions) expect(action, role).toMatch(/^[a-z0-9]+:[A-Za-z0-9]+$/);
        if (!one.resources.includes("*") || one.conditions !== undefined) continue;
        for (const action of one.actions) expect(action, role).toMatch(/:(Describe|Get|List)/);
      }
    }
  });

  it("fits into one inline policy, whatever is added: 10,240 characters without white space", () => {
    const most = awsSettings(largeAws, (raw) => {
      raw.name = "a".repeat(40);
      raw.podIdentity = false;
      raw.ecr = {
        accounts: Array.from({ length: 100 }, (_, n) => String(10 ** 11 + n)),
        pullThroughCache: true,
      };
      raw.access = { ...(raw.access as object), sessionManager: true };
      const pool = { count: 1, instanceType: "m7i.large", repair: {} };
      raw.workers = Object.fromEntries(
        Array.from({ length: 50 }, (_, n) => [`pool-${"b".repeat(50)}-${n}`, pool]),
      );
    });
    for (const { role, statements } of [...all, ...rolesOf(most)])
      expect(policyDocument(statements).length, role).toBeLessThan(10_240);
  });

  it("lets control-plane nodes replace nodes of this cluster's groups, and only where a pool is repaired", () => {
    const replaces = (settings: typeof large) =>
      controlPlaneStatements(settings).filter((one) => one.actions.includes("autoscaling:SetInstanceHealth"));
    expect(replaces(large)).toEqual([]);
    const repaired = awsSettings(largeAws, (raw) => {
      raw.workers = { general: { count: 1, instanceType: "m7i.large", repair: {} } };
    });
    expect(replaces(repaired)).toMatchObject([
      { conditions: { StringEquals: { "autoscaling:ResourceTag/pulumi-kubeadm/cluster": "cloud" } } },
    ]);
  });

  it("is one for control-plane nodes, bastion, each pool and each add-on", () => {
    expect(rolesOf(large).map((one) => one.role)).toEqual([
      "control plane",
      "pool general",
      "pool burst",
      "bastion",
      "cloud controller manager",
      "EBS CSI driver",
    ]);
    expect(bastionStatements(large).flatMap((one) => one.actions)).toEqual([READ]);
  });
});

describe("documents", () => {
  interface Document {
    Version: string;
    Statement: { Sid?: string; Effect: string; Action: unknown; Condition?: unknown; Principal?: unknown }[];
  }

  it("are IAM's, with no word of the reasons", () => {
    const document = JSON.parse(policyDocument(storageStatements(large))) as Document;
    expect(document.Version).toBe("2012-10-17");
    for (const statement of document.Statement) {
      expect(statement.Effect).toBe("Allow");
      expect(Object.keys(statement)).not.toContain("reason");
    }
  });

  it("let one service account of this issuer in, with a token for AWS", () => {
    const trust = JSON.parse(
      webIdentityTrust({
        providerArn: "arn:aws:iam::123456789012:oidc-provider/b.s3.eu-central-1.amazonaws.com",
        issuerHost: "b.s3.eu-central-1.amazonaws.com",
        namespace: "kube-system",
        serviceAccount: "ebs-csi-controller-sa",
        audience: "sts.amazonaws.com",
      }),
    ) as Document;
    expect(trust.Statement[0]?.Condition).toEqual({
      StringEquals: {
        "b.s3.eu-central-1.amazonaws.com:sub": "system:serviceaccount:kube-system:ebs-csi-controller-sa",
        "b.s3.eu-central-1.amazonaws.com:aud": "sts.amazonaws.com",
      },
    });
  });

  it("know that China has its own service principal", () => {
    const aws = awsOf(small);
    expect(instanceTrust(aws)).toContain('"ec2.amazonaws.com"');
    expect(instanceTrust({ ...aws, partition: "aws-cn" })).toContain('"ec2.amazonaws.com.cn"');
    const china = { ...small, aws: { ...aws, partition: "aws-cn", region: "cn-north-1" } };
    for (const one of cloudControllerStatements(china).flatMap((each) => each.resources))
      if (one !== "*") expect(one).toMatch(/^arn:aws-cn:/);
  });
});
