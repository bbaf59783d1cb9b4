/** What may be added on AWS: policies, a boundary, security groups, endpoints of services. */
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { AddonRole } from "../../../aws";
import { createCluster } from "../../../stacks/program";
import { byName, record, type Recorded } from "../../../testing/recorder";
import { largeAws, REGION } from "../../support/awsInput";
import { CHECKSUMS } from "../../support/windowsSettings";
import { all, set } from "../../unit/settings/edit";
import { pathsOf } from "../problems";

type Settings = Parameters<typeof createCluster>[0]["settings"];

const S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const OWN = "arn:aws:iam::111122223333:policy/teams/backup";
const BOUNDARY = "arn:aws:iam::111122223333:policy/boundary";

let resources: readonly Recorded[];

beforeAll(async () => {
  const raw = largeAws();
  all(
    set("network.endpoints", { services: ["logs"] }),
    set("iam", { permissionsBoundary: BOUNDARY }),
    set("controlPlane.policyArns", [OWN]),
    set("controlPlane.securityGroupIds", ["sg-0000000a"]),
    set("workers.general.volumes", [{ sizeGiB: 100 }, { sizeGiB: 50, iops: 4000 }]),
    set("workers.general.policyArns", [S3, OWN]),
    set("workers.win", { count: 1, instanceType: "m6i.large", os: "windows-2022", volumes: [{}] }),
    set("downloads", { windows: { ...CHECKSUMS } }),
    set("workers.general.securityGroupIds", ["sg-0000000b", "sg-0000000c"]),
  )(raw);
  resources = await record(
    () => {
      createCluster({ settings: raw as unknown as Settings, environment: "cloud", region: REGION });
    },
    {
      preview: true,
      onWarning: () => undefined,
      call: () => ({ insecureValue: pulumi.unknown }),
    },
  );
});

describe("what is attached", () => {
  it("is a managed policy of that pool's role and of no other", () => {
    const attached = resources
      .filter((one) => one.type.endsWith(":RolePolicyAttachment"))
      .map((one) => [one.name, one.inputs["policyArn"]]);
    expect(attached.sort()).toEqual([
      ["cloud-control-plane-identity-backup", OWN],
      ["cloud-pool-general-identity-aws/AmazonS3ReadOnlyAccess", S3],
      ["cloud-pool-general-identity-backup", OWN],
    ]);
  });

  it("is the boundary of every role", () => {
    const roles = resources.filter((one) => one.type.endsWith("/role:Role"));
    expect(roles.length).toBeGreaterThan(5);
    expect(roles.filter((one) => one.inputs["permissionsBoundary"] !== BOUNDARY)).toEqual([]);
  });

  it("is the groups beside the library's own", () => {
    const groups = (name: string) => byName(resources, name).inputs["vpcSecurityGroupIds"] as unknown[];
    for (const name of ["cp-1", "cp-2", "cp-3"])
      expect(groups(`cloud-instances-${name}`).slice(1)).toEqual(["sg-0000000a"]);
    expect(groups("cloud-pool-general-template").slice(1)).toEqual(["sg-0000000b", "sg-0000000c"]);
    expect(groups("cloud-pool-burst-template")).toHaveLength(1);
  });

  it("is further volumes of a pool, blank and encrypted, after the root volume", () => {
    const mappings = (pool: string) =>
      byName(resources, `cloud-pool-${pool}-template`).inputs["blockDeviceMappings"] as {
        deviceName: string;
        ebs: { volumeSize: number; iops: number; encrypted: string; snapshotId?: string };
      }[];
    const [, ...further] = mappings("general");
    expect(
      further.map(({ deviceName, ebs }) => [deviceName, ebs.volumeSize, ebs.iops, ebs.encrypted]),
    ).toEqual([
      ["/dev/sdf", 100, 3000, "true"],
      ["/dev/sdg", 50, 4000, "true"],
    ]);
    expect(mappings("burst")).toHaveLength(1);
    expect(mappings("win").map(({ deviceName }) => deviceName)).toEqual(["/dev/sda1", "xvdf"]);
  });

  it("comes with endpoints of services, which hosts wait for", () => {
    const endpoints = resources.filter((one) => one.inputs["vpcEndpointType"] === "Interface");
    expect(endpoints.map((one) => one.inputs["serviceName"])).toContain("com.amazonaws.eu-central-1.logs");
    expect(endpoints).toHaveLength(7);
    for (const { inputs } of endpoints) {
      expect(inputs["privateDnsEnabled"]).toBe(true);
      expect(inputs["subnetIds"]).toHaveLength(3);
      expect(inputs["securityGroupIds"]).toHaveLength(1);
    }
    for (const name of ["cloud-instances-cp-1", "cloud-bastion-instance", "cloud-pool-general-group"])
      for (const { urn } of endpoints) expect(byName(resources, name).dependsOn, name).toContain(urn);
  });

  it("comes before the instances that need it", () => {
    const own = resources.find((one) => one.name === "cloud-control-plane-identity-backup");
    expect(byName(resources, "cloud-instances-cp-1").dependsOn).toContain(own?.urn);
  });
});

describe("a role for pods", () => {
  const paths = (part: string) => {
    const args = { part, namespace: "a", serviceAccount: "a", statements: [], identity: undefined };
    return pathsOf(() => new AddonRole("mine", args));
  };

  it.each(["control-plane", "bastion", "flow-logs", "pool-general", "two words", ""])(
    "is none that has or could have no such name: %j",
    async (part) => {
      expect(await paths(part)).toContain("part");
    },
  );
});
