import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { readCluster } from "../../../model/settings/parse";
import type { ClusterSettings } from "../../../model/settings/resolved";
import type { AwsSettings } from "../../../model/aws/settings";
import { WINDOWS_FILES, awsSettings, largeAws, smallAws } from "../../support/awsInput";
import { hostKey, all, edited, set, type Change } from "../settings/edit";

const small = (change?: Change, region?: string) => awsSettings(smallAws, change, region);
const large = (change?: Change) => awsSettings(largeAws, change);

function awsOf(settings: ClusterSettings): AwsSettings {
  if (settings.aws === undefined) throw new Error("no settings of AWS");
  return settings.aws;
}

describe("one control-plane node in the open", () => {
  const settings = small();
  const aws = awsOf(settings);

  it("is a machine with a fixed address and the name that EC2 gives it", () => {
    expect(settings.machines).toEqual([
      {
        name: "cp-1",
        nodeName: "ip-10-0-143-228.eu-central-1.compute.internal",
        role: "controlPlane",
        pool: "",
        ssh: { host: "", port: 22, user: "ubuntu", hostKey: "", key: "generated" },
        nodeAddress: "10.0.143.228",
        architecture: "amd64",
        os: "ubuntu-24.04",
        labels: {},
        taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
        revision: 1,
        removal: "safe",
      },
    ]);
    expect(small(undefined, "us-east-1").machines[0]?.nodeName).toBe("ip-10-0-143-228.ec2.internal");
  });

  it("is the endpoint itself, without balancer, NAT and bastion", () => {
    expect(settings.endpoint).toEqual({
      kind: "addresses",
      host: "api.cloud.internal",
      port: 6443,
      addresses: ["10.0.143.228"],
    });
    expect(aws.endpoint.loadBalancer).toBe(false);
    expect(aws.vpc).toMatchObject({
      cidr: "10.0.0.0/16",
      zones: ["eu-central-1a"],
      nat: "none",
      s3Endpoint: true,
    });
    expect(aws.vpc.subnets.map((subnet) => subnet.name)).toEqual(["public-a"]);
    expect(aws.bastion).toBeUndefined();
    expect(aws.access).toMatchObject({ endpointAccess: "public", connectVia: "direct" });
  });

  it("leaves filtering to security groups, and the address for people to the stack", () => {
    expect(settings.firewall).toBe("none");
    expect(settings.firewallAccess).toEqual({ ssh: [], api: [], nodePorts: [] });
    expect(settings.access).toEqual({ host: "", port: 6443 });
    expect(settings.bastion).toBeUndefined();
    expect(settings.secretNames).toEqual([]);
  });

  it("has pools in place of worker machines", () => {
    expect(aws.pools).toHaveLength(1);
    expect(aws.pools[0]).toMatchObject({
      name: "general",
      platform: "linux",
      instanceTypes: ["t3.large"],
      min: 2,
      max: 2,
      subnets: ["public-a"],
      image: { os: "ubuntu-24.04" },
    });
    expect(settings.machines.every((machine) => machine.role === "controlPlane")).toBe(true);
  });
});

describe("three control-plane nodes behind a bastion", () => {
  const settings = large();
  const aws = awsOf(settings);

  it("are spread over zones, in private subnets", () => {
    expect(aws.controlPlane.instances.map(({ subnet }) => subnet)).toEqual([
      "private-a",
      "private-b",
      "private-c",
    ]);
    expect(aws.vpc.nat).toBe("perZone");
    expect(aws.vpc.flowLogs).toEqual({ retentionDays: 30 });
  });

  it("have a balancer with one fixed address in each subnet", () => {
    expect(aws.endpoint.loadBalancer).toBe(true);
    expect(settings.endpoint).toMatchObject({ addresses: ["10.16.15.224", "10.16.31.224", "10.16.47.224"] });
  });

  it("have a bastion at a fixed address of a public subnet", () => {
    expect(aws.bastion).toMatchObject({
      subnet: "public-a",
      address: "10.16.143.225",
      instanceType: "t3.micro",
    });
    expect(aws.access.connectVia).toBe("bastion");
  });

  it("have a bastion of the architecture that is asked for", () => {
    const { bastion } = awsOf(large(set("bastion", { architecture: "arm64" })));
    expect(bastion).toMatchObject({ architecture: "arm64", instanceType: "t4g.micro" });
  });

  it("keep their places when their number grows", () => {
    const five = awsOf(large(set("controlPlane.count", 5)));
    const one = awsOf(large(set("controlPlane.count", 1)));
    expect(five.controlPlane.instances.slice(0, 3)).toEqual(aws.controlPlane.instances);
    expect(aws.controlPlane.instances.slice(0, 1)).toEqual(one.controlPlane.instances);
    expect(
      one.vpc.subnets.every((subnet) => aws.vpc.subnets.some((other) => other.cidr === subnet.cidr)),
    ).toBe(true);
  });
});

describe("what follows from what is written", () => {
  it("growing from one control-plane node to three in the open moves nothing that is there", () => {
    const [before, after] = [awsOf(small()), awsOf(small(set("controlPlane.count", 3)))];
    expect(after.controlPlane.instances[0]).toEqual(before.controlPlane.instances[0]);
    expect(after.vpc.subnets[0]).toEqual(before.vpc.subnets[0]);
    expect(after.endpoint.loadBalancer).toBe(true);
  });

  const WAYS: readonly [string, Change, Partial<AwsSettings["access"]>, "public" | "private"][] = [
    ["nothing", () => undefined, { connectVia: "direct", endpointAccess: "public" }, "public"],
    ["a bastion", set("bastion", {}), { connectVia: "bastion", endpointAccess: "public" }, "private"],
    ["a VPN", set("access.connectVia", "vpn"), { connectVia: "vpn", endpointAccess: "private" }, "private"],
    [
      "a bastion and a private endpoint",
      all(set("bastion", {}), set("access.endpointAccess", "private")),
      { connectVia: "bastion", endpointAccess: "private" },
      "private",
    ],
    [
      "a VPN and public control-plane nodes",
      all(set("access.connectVia", "vpn"), set("controlPlane.subnetType", "public")),
      { connectVia: "vpn", endpointAccess: "private" },
      "public",
    ],
  ];

  it.each(WAYS)("%s", (_name, change, access, subnetType) => {
    const aws = awsOf(small(change));
    const subnet = aws.vpc.subnets.find((one) => one.name === aws.controlPlane.instances[0]?.subnet);
    expect(aws.access).toMatchObject(access);
    expect(subnet?.subnetType).toBe(subnetType);
    expect(aws.vpc.nat).toBe(subnetType === "private" ? "one" : "none");
  });

  it("a public endpoint in front of one private control-plane node needs a balancer", () => {
    expect(awsOf(small(set("bastion", {}))).endpoint.loadBalancer).toBe(true);
    expect(awsOf(small(set("access.connectVia", "vpn"))).endpoint.loadBalancer).toBe(false);
  });

  it("a pool of Graviton has its own downloads beside the control-plane nodes'", () => {
    const { downloads } = small(set("workers.arm", { count: 1, instanceType: "m7g.large" }));
    expect(Object.keys(downloads.files).sort()).toEqual(["amd64", "arm64"]);
  });

  it("termination protection follows protect unless it is written", () => {
    const protection = (change?: Change) => awsOf(small(change)).controlPlane.terminationProtection;
    expect(protection()).toBe(true);
    expect(protection(set("protect", false))).toBe(false);
    expect(protection(all(set("protect", false), set("controlPlane.terminationProtection", true)))).toBe(
      true,
    );
  });

  it("zones are a number, letters or names", () => {
    const zones = (value: unknown) => awsOf(small(set("network.zones", value))).vpc.zones;
    expect(zones(2)).toEqual(["eu-central-1a", "eu-central-1b"]);
    expect(zones(["c", "eu-central-1a"])).toEqual(["eu-central-1c", "eu-central-1a"]);
    expect(awsOf(small(set("network.zones", 2), "ap-northeast-1")).vpc.zones).toEqual([
      "ap-northeast-1a",
      "ap-northeast-1c",
    ]);
  });

  it("a VPC that exists keeps its own gateways", () => {
    const subnets = ["a", "b"].map((zone, index) => ({
      id: `subnet-0000000${index}`,
      cidr: `10.0.${index}.0/24`,
      zone,
      subnetType: "public",
    }));
    const { vpc } = awsOf(small(set("network.existing", { vpcId: "vpc-01234567", subnets })));
    expect(vpc).toMatchObject({ id: "vpc-01234567", nat: "none", s3Endpoint: false });
    expect(vpc.subnets[1]).toEqual({
      name: "public-b",
      zone: "eu-central-1b",
      cidr: "10.0.1.0/24",
      subnetType: "public",
      id: "subnet-00000001",
      reserved: "10.0.1.224/28",
    });
  });

  it("pools of Windows have its release and a larger volume", () => {
    const { pools } = awsOf(
      small(
        all(
          set("downloads.windows", WINDOWS_FILES),
          set("workers.win", { count: 1, instanceType: "m6i.large", os: "windows-2022" }),
        ),
      ),
    );
    expect(pools.find((pool) => pool.name === "win")).toMatchObject({
      platform: "windows",
      windows: { release: "2022" },
      volume: { sizeGiB: 80 },
    });
  });

  it("add-ons and pod identity are switched off by name", () => {
    const aws = awsOf(small(all(set("storage", { enabled: false }), set("podIdentity", false))));
    expect([aws.storage, aws.podIdentity]).toEqual([undefined, undefined]);
  });

  it("a key of one's own is named in kubeadm:secrets, public keys of others are beside it", () => {
    const line = hostKey();
    const settings = small(set("ssh", { key: "operator", authorizedKeys: [`${line} me@example\n`] }));
    expect(settings.secretNames).toEqual(["operator"]);
    expect(awsOf(settings).ssh).toEqual({ key: "operator", authorizedKeys: [`${line} me@example`] });
    expect(settings.machines[0]?.ssh.key).toBe("operator");
  });

  it("a proxy is not asked for what is in the VPC, nor for the metadata service", () => {
    const { proxy } = small(set("proxy", { https: "http://proxy.example.com:3128" }));
    expect(proxy?.noProxy).toEqual(expect.arrayContaining(["10.0.0.0/16", "169.254.169.254"]));
  });
});

describe("EC2's source check", () => {
  const off = (backend: string) =>
    small(set("cni", { kind: "calico", backend, podCidr: "10.244.0.0/16" })).aws?.pools[0]
      ?.sourceDestinationCheckOff;

  it("is off by itself where Calico puts pods' addresses on the wire, and on where it wraps them", () => {
    expect([off("vxlan-cross-subnet"), off("bgp"), off("vxlan"), off("ipip")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

it("a zone that stands twice is told beside a region that is none", () => {
  const raw = edited(set("network.zones", ["a", "a"]), smallAws);
  expect(() => readCluster(raw, { environment: "cloud", region: "eu-centrl-1" })).toThrow(
    /aws:region: .*network\.zones\[1\]: "a" is listed twice/s,
  );
});

describe("advisories", () => {
  const CASES: readonly [string, Change, RegExp][] = [
    ["the API open to all", set("access.api", ["0.0.0.0/0"]), /access\.api is open to the whole internet/],
    ["SSH open to all", set("access.ssh", ["0.0.0.0/0"]), /access\.ssh is open to the whole internet/],
    [
      "a family nobody knows",
      all(set("workers.general.instanceType", "m99z.large"), set("workers.general.architecture", "amd64")),
      /m99z\.large.*does not know/,
    ],
    [
      "half of the internet",
      set("access.ssh", ["0.0.0.0/1", "128.0.0.0/1"]),
      /access\.ssh is open to 0\.0\.0\.0\/1, 128\.0\.0\.0\/1/,
    ],
    ["a peer that strict egress leaves out", set("egress", "strict"), /nothing goes out to office but HTTP/],
    ["control-plane nodes in the open", set("controlPlane.count", 3), /public addresses; `bastion: \{\}`/],
    [
      "two zones",
      all(set("controlPlane.count", 3), set("network.zones", 2)),
      /3 control-plane nodes are in two zones/,
    ],
    ["one way out", all(set("bastion", {}), set("network.zones", 2)), /network\.nat one/],
    [
      "a pool of instances that hold hardly more than themselves",
      set("workers.general.instanceType", "t3.micro"),
      /workers\.general: t3\.micro has 1024 MiB of memory/,
    ],
    [
      "no need to send as others",
      set("workers.general.sourceDestinationCheckOff", true),
      /not needed by flannel vxlan/,
    ],
    [
      "public addresses inside",
      set("network.vpcCidr", "11.0.0.0/16"),
      /network\.vpcCidr 11\.0\.0\.0\/16 is not a private/,
    ],
  ];

  it.each(CASES)("%s", (_name, change, expected) => {
    expect(small(change).advisories.join("\n")).toMatch(expected);
    expect(small().advisories.join("\n")).not.toMatch(expected);
  });

  it("say nothing of workers or of host keys that are not there", () => {
    expect(large().advisories.join("\n")).not.toMatch(/no workers|host key/);
  });
});

describe("environments", () => {
  it.each(["dev", "prod"])("%s is taken", (environment) => {
    const file = path.resolve(__dirname, "../../..", `Pulumi.${environment}.yaml`);
    const { config } = parse(fs.readFileSync(file, "utf8")) as { config: Record<string, string> };
    const settings = readCluster(config["kubeadm:cluster"], { environment, region: config["aws:region"] });
    const aws = awsOf(settings);
    expect(aws.controlPlane.instances).toHaveLength(environment === "dev" ? 1 : 3);
    expect(aws.access.api).not.toContain("0.0.0.0/0");
  });
});
