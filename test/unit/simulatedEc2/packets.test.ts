import { expect, it } from "vitest";
import type { AccountData } from "../../engine/providers/aws/account";
import { instancesOf } from "../../lab/ec2/account";
import { packetRules } from "../../lab/ec2/packets";

const around = { services: ["192.0.2.10"], resolver: "10.0.0.2" };

const networkInterface = (owner: string, address: string, group: string, publicAddress = "") => ({
  owner,
  address,
  subnetId: "subnet-1",
  vpcId: "vpc-1",
  groups: [group],
  publicAddress,
  allocation: "",
});

function account(): AccountData {
  return {
    sequence: 0,
    controls: {},
    objects: {
      interface: {
        "eni-0a": networkInterface("i-0a", "10.0.0.10", "sg-a", "198.51.100.7"),
        "eni-0b": networkInterface("autoscaling group g", "10.0.0.11", "sg-b"),
        "eni-0c": networkInterface("arn:aws:elasticloadbalancing:x", "10.0.0.12", "sg-b"),
      },
      "ec2.Instance": { "i-0a": { metadataOptions: { httpPutResponseHopLimit: 2 } } },
      "ec2.Subnet": { "subnet-1": { cidrBlock: "10.0.0.0/24", availabilityZone: "eu-central-1a" } },
      "ec2.RouteTableAssociation": { a: { subnetId: "subnet-1", routeTableId: "rtb-1" } },
      "ec2.Route": { r: { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0", gatewayId: "igw-1" } },
      "vpc.SecurityGroupIngressRule": {
        one: {
          securityGroupId: "sg-a",
          referencedSecurityGroupId: "sg-b",
          ipProtocol: "tcp",
          fromPort: 6443,
          toPort: 6443,
        },
      },
    },
  };
}

function rules(data: AccountData): string {
  const instances = instancesOf(data, "eu-central-1");
  return packetRules(
    data,
    instances.map((instance, index) => ({ device: `e${index}`, instance })),
    around,
  );
}

const chain = (text: string, name: string): string[] =>
  (new RegExp(`chain ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*)\\n {2}\\}`).exec(text)?.[1] ?? "")
    .split("\n")
    .map((line) => line.trim());

it("a group in a rule stands for the private addresses of what is in it, balancers too", () => {
  expect(chain(rules(account()), "in_e0")).toEqual([
    "ip saddr { 10.0.0.11, 10.0.0.12 } meta l4proto tcp th dport 6443-6443 counter accept",
    "counter drop",
  ]);
});

it("without a rule nothing comes in and nothing goes out", () => {
  expect(chain(rules(account()), "in_e1")).toEqual(["counter drop"]);
  expect(chain(rules(account()), "out_e0")).toEqual(["counter drop"]);
});

it("a way out takes a route and a public address, or NAT", () => {
  const out = (data: AccountData): string[] =>
    chain(rules(data), "served").filter((line) => line.includes("192.0.2.10"));
  expect(out(account())).toEqual(['iifname "e0" ip daddr { 192.0.2.10 } accept']);
  const nat = account();
  nat.objects["ec2.Route"] = {
    r: { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0", natGatewayId: "nat-1" },
  };
  expect(out(nat)).toHaveLength(2);
  const none = account();
  none.objects["ec2.Route"] = {};
  expect(out(none)).toEqual([]);
});

it("a packet has its sender's address, unless the check is off", () => {
  const line = 'iifname "e0" ip saddr != 10.0.0.10 counter drop';
  expect(chain(rules(account()), "sources")).toContain(line);
  const off = account();
  off.objects["ec2.Instance"] = { "i-0a": { sourceDestCheck: false } };
  expect(chain(rules(off), "sources")).not.toContain(line);
});

it("metadata goes as far as the instance's hop limit", () => {
  const answers = chain(rules(account()), "answers");
  expect(answers).toContain('oifname "e0" ip saddr 169.254.169.254 ip ttl set 2');
  expect(answers).toContain('oifname "e1" ip saddr 169.254.169.254 ip ttl set 1');
});

it("an error of ICMP arrives by a rule, as anything new does", () => {
  const text = rules(account());
  for (const name of ["routed", "answers"]) {
    const lines = chain(text, name);
    expect(lines).toContain('oifname "e0" ct state related jump in_e0');
    expect(lines.join("\n")).not.toContain("established,related");
  }
});
