import { describe, expect, it } from "vitest";
import { monthlyCost } from "../../../../model/aws/cost";
import { egressRules } from "../../../../model/aws/egress";
import { groupRules, groupsOf } from "../../../../model/aws/firewall";
import { controlPlaneStatements, rolesOf } from "../../../../model/aws/iam";
import { awsOf } from "../../../../model/aws/spec";
import { awsSettings, largeAws, smallAws } from "../../../support/awsInput";
import { all, set, type Change } from "../../settings/edit";

const withEndpoints = set("network.endpoints", {});
const large = (change: Change) => awsSettings(largeAws, change);
const names = (change: Change) => awsOf(large(change)).vpc.endpoints?.services.map(({ name }) => name);

const OWN = ["ec2", "elasticloadbalancing", "autoscaling", "secretsmanager", "ssm", "sts"];

describe("endpoints of services", () => {
  it("are none unless the settings have them", () => {
    const settings = awsSettings(largeAws);
    expect(awsOf(settings).vpc.endpoints).toBeUndefined();
    expect(groupsOf(settings)).not.toContain("endpoints");
  });

  it("are those that the cluster calls, and those that are named", () => {
    expect(names(withEndpoints)).toEqual(OWN);
    expect(names(set("network.endpoints", { services: ["logs", "ec2"] }))).toEqual([...OWN, "logs"]);
    expect(names(all(withEndpoints, set("access.sessionManager", true)))).toEqual([...OWN, "ssmmessages"]);
  });

  it("have the registry of ECR where nodes pull from it", () => {
    expect(names(all(withEndpoints, set("ecr", {})))).toEqual([...OWN, "ecr.api", "ecr.dkr"]);
  });

  it("cover every service that a role of the cluster may call", () => {
    const services = (change: Change) =>
      new Set(
        rolesOf(large(change))
          .flatMap(({ statements }) => statements.flatMap(({ actions }) => actions))
          .map((action) => action.split(":")[0] ?? ""),
      );
    const change = all(withEndpoints, set("access.sessionManager", true), set("ecr", {}));
    const found = names(change) ?? [];
    // S3 has a gateway; IAM and KMS are asked by Elastic Load Balancing and EBS in the name of the caller.
    const missing = [...services(change)].filter(
      (one) => !["s3", "iam", "kms"].includes(one) && !found.some((name) => name.split(".")[0] === one),
    );
    expect(missing).toEqual([]);
  });

  it("are in one subnet of each zone, a private one where there is one", () => {
    expect(awsOf(large(withEndpoints)).vpc.endpoints?.subnets).toEqual([
      "private-a",
      "private-b",
      "private-c",
    ]);
    expect(awsOf(awsSettings(smallAws, withEndpoints)).vpc.endpoints?.subnets).toEqual(["public-a"]);
  });

  it("let every host in on HTTPS, and hosts out to them, and nobody else", () => {
    const settings = large(all(withEndpoints, set("egress", "strict")));
    const lines = (rules: ReturnType<typeof groupRules>) =>
      rules.map(({ group, protocol, ports, peer }) =>
        [group, protocol, ports?.from, peer.kind === "group" ? peer.group : peer.cidr].join(" "),
      );
    expect(lines(groupRules(settings)).filter((line) => line.startsWith("endpoints "))).toEqual([
      "endpoints tcp 443 controlPlane",
      "endpoints tcp 443 worker",
      "endpoints tcp 443 bastion",
    ]);
    const out = lines(egressRules(settings));
    for (const group of ["controlPlane", "worker", "bastion"])
      expect(out).toContain(`${group} tcp 443 endpoints`);
    expect(out.filter((line) => line.startsWith("endpoints "))).toEqual([]);
  });

  it("are in the cost, one for each service and zone", () => {
    const item = monthlyCost(large(withEndpoints)).items.find(({ name }) =>
      name.startsWith("interface endpoints"),
    );
    expect(item).toEqual({
      name: "interface endpoints, one per service and zone",
      count: 18,
      most: 18,
      each: 7.3,
    });
  });

  it("make NAT gateways a choice: with a mirror and a registry inside, private nodes need none", () => {
    const inside = all(
      withEndpoints,
      set("network.nat", "none"),
      set("downloads", { mirror: "https://mirror.internal" }),
      set("images", { mirrors: { "registry.k8s.io": ["https://registry.internal"] } }),
    );
    expect(awsOf(large(inside)).vpc.nat).toBe("none");
    expect(awsOf(large(withEndpoints)).vpc.nat).toBe("perZone");
  });

  it("are exceptions of a proxy, S3's buckets among them", () => {
    const settings = large(all(withEndpoints, set("proxy", { https: "http://proxy.internal:3128" })));
    expect(settings.proxy?.noProxy).toEqual(
      expect.arrayContaining(["ec2.eu-central-1.amazonaws.com", ".s3.eu-central-1.amazonaws.com"]),
    );
    expect(settings.proxy?.noProxy).not.toContain("logs.eu-central-1.amazonaws.com");
  });
});

describe("sessions of people", () => {
  const sids = (change: Change) =>
    Object.fromEntries(
      rolesOf(large(change)).map(({ role, statements }) => [
        role,
        statements.some(({ sid }) => sid === "HoldSessions"),
      ]),
    );

  it("are allowed on every instance, and to no add-on", () => {
    expect(sids(set("access.sessionManager", true))).toEqual({
      "control plane": true,
      "pool general": true,
      "pool burst": true,
      bastion: true,
      "cloud controller manager": false,
      "EBS CSI driver": false,
    });
    expect(Object.values(sids(() => undefined))).not.toContain(true);
  });

  it("allow channels and nothing that runs a command or reads a parameter", () => {
    const actions = (change?: Change) =>
      controlPlaneStatements(awsSettings(smallAws, change)).flatMap((one) => one.actions);
    const before = actions();
    expect(actions(set("access.sessionManager", true)).filter((action) => !before.includes(action))).toEqual([
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]);
  });
});

describe("private nodes without a way out", () => {
  const inside = ["https://registry.internal"];
  const mirrors = (...registries: string[]) =>
    set("images", { mirrors: Object.fromEntries(registries.map((registry) => [registry, inside])) });
  const told = (...changes: Change[]) =>
    large(
      all(
        withEndpoints,
        set("network.nat", "none"),
        set("downloads", { mirror: "https://mirror.internal" }),
        ...changes,
      ),
    ).advisories.filter((one) => one.startsWith("network.nat none"));

  it("are told of every registry of the cluster's own images that has no mirror", () => {
    expect(told(mirrors("registry.k8s.io"))).toEqual([
      expect.stringContaining("from ghcr.io, public.ecr.aws, which"),
    ]);
    const calico = set("cni", { kind: "calico", backend: "vxlan", podCidr: "10.244.0.0/16" });
    expect(told(mirrors("registry.k8s.io", "public.ecr.aws"), calico)).toEqual([
      expect.stringContaining("from quay.io, which"),
    ]);
    expect(told(mirrors("registry.k8s.io", "ghcr.io"), set("storage", { enabled: false }))).toEqual([]);
  });

  it("are told of none where there is a proxy or a gateway", () => {
    const one = mirrors("registry.k8s.io");
    expect(told(one, set("proxy", { https: "http://proxy.internal:3128" }))).toEqual([]);
    expect(told(one, set("network.nat", "one"))).toEqual([]);
  });
});
