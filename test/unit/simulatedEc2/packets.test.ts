import { expect, it } from "vitest";
import type { AccountData } from "../../engine/providers/aws/account";
import { instancesOf } from "../../lab/ec2/account";
import { packetRules } from "../../lab/ec2/packets";
import { endpointsOf, serviceZone } from "../../lab/ec2/serviceEndpoints";

const around = { services: "192.0.2.10", s3: "192.0.2.11", outside: ["10.40.0.1"], resolver: "10.0.0.2" };

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

const reached = (data: AccountData, device = "e0"): string[] =>
  chain(rules(data), "served").filter((line) => line.startsWith(`iifname "${device}" ip daddr`));

it("a way out takes a route and a public address, or NAT", () => {
  const everything = (device: string): string[] => [
    `iifname "${device}" ip daddr { 10.40.0.1, 192.0.2.10, 192.0.2.11 } accept`,
  ];
  expect(reached(account())).toEqual(everything("e0"));
  expect(reached(account(), "e1")).toEqual([]);
  const nat = account();
  nat.objects["ec2.Route"] = {
    r: { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0", natGatewayId: "nat-1" },
  };
  expect(reached(nat)).toEqual(everything("e0"));
  expect(reached(nat, "e1")).toEqual(everything("e1"));
  const none = account();
  none.objects["ec2.Route"] = {};
  expect(reached(none)).toEqual([]);
});

it("without a way out S3 is reached by a gateway endpoint, and a peer by its route, of the subnet's own table", () => {
  const data = account();
  keepRoutesIn(data, "10.40.0.0/24");
  data.objects["ec2.VpcEndpoint"] = {
    "vpce-1": {
      vpcEndpointType: "Gateway",
      serviceName: "com.amazonaws.eu-central-1.s3",
      routeTableIds: ["rtb-1"],
    },
  };
  expect(reached(data)).toEqual(['iifname "e0" ip daddr { 10.40.0.1, 192.0.2.11 } accept']);
  const other = data.objects["ec2.RouteTableAssociation"]?.["a"] ?? expect.fail("there is one");
  other["routeTableId"] = "rtb-2";
  expect(reached(data)).toEqual([]);
});

/** No route but those to a peer, in table `rtb-1` alone. */
function keepRoutesIn(data: AccountData, cidr: string): void {
  data.objects["ec2.Route"] = {
    peered: { routeTableId: "rtb-1", destinationCidrBlock: cidr, vpcPeeringConnectionId: "pcx-1" },
  };
}

it("a call to an endpoint leaves by its sender's groups, arrives by the endpoint's, and needs no way out", () => {
  const data = account();
  data.objects["ec2.Route"] = {};
  const open = { ipProtocol: "tcp", fromPort: 443, toPort: 443 };
  data.objects["ec2.VpcEndpoint"] = {
    "vpce-1": { vpcEndpointType: "Interface", serviceName: "com.amazonaws.eu-central-1.ssm" },
  };
  data.objects["interface"] = {
    ...data.objects["interface"],
    "eni-0d": networkInterface("vpce-1", "10.0.0.20", "sg-e"),
  };
  data.objects["vpc.SecurityGroupIngressRule"] = {
    in: { ...open, securityGroupId: "sg-e", referencedSecurityGroupId: "sg-a" },
  };
  data.objects["vpc.SecurityGroupEgressRule"] = {
    out: { ...open, securityGroupId: "sg-a", referencedSecurityGroupId: "sg-e" },
  };
  const text = rules(data);
  expect(chain(text, "translate_in")).toContain(
    'iifname { "e0", "e1" } ip daddr { 10.0.0.20 } tcp dport 443 dnat ip to 192.0.2.10',
  );
  const served = chain(text, "served");
  const leaves = served.indexOf('iifname "e0" ct original ip daddr { 10.0.0.20 } jump out_e0');
  const arrives = served.indexOf("ct original ip daddr { 10.0.0.20 } jump in_vpce_1");
  expect(leaves).toBeGreaterThan(-1);
  expect(arrives).toBeGreaterThan(leaves);
  expect(chain(text, "in_vpce_1")).toEqual([
    "ip saddr { 10.0.0.10 } meta l4proto tcp th dport 443-443 counter accept",
    "counter drop",
  ]);
  expect(chain(text, "out_e0")[0]).toContain("ct original ip daddr { 10.0.0.20 }");
  // Nobody outside reaches it by its private address.
  expect(served).toContain('iifname != { "e0", "e1" } ip daddr { 10.0.0.20 } counter drop');
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

it("names of services lead to endpoints with private DNS, and those of the others to the internet", () => {
  const data = account();
  const endpoint = (service: string, privateDnsEnabled: boolean) => ({
    vpcEndpointType: "Interface",
    serviceName: `com.amazonaws.eu-central-1.${service}`,
    privateDnsEnabled,
  });
  data.objects["ec2.VpcEndpoint"] = {
    "vpce-1": endpoint("ssm", true),
    "vpce-2": endpoint("ecr.dkr", true),
    "vpce-3": endpoint("sts", false),
  };
  data.objects["interface"] = {
    one: networkInterface("vpce-1", "10.0.0.20", "sg-e"),
    two: networkInterface("vpce-1", "10.0.1.20", "sg-e"),
    three: networkInterface("vpce-2", "10.0.0.21", "sg-e"),
    four: networkInterface("vpce-3", "10.0.0.22", "sg-e"),
  };
  const at = { serial: 7, services: "192.0.2.10", s3: "192.0.2.11" };
  const records = serviceZone("eu-central-1", endpointsOf(data), at)
    .split("\n")
    .filter((line) => / IN A /.test(line));
  expect(records).toEqual([
    "ns IN A 192.0.2.10",
    "* IN A 192.0.2.10",
    "*.ecr IN A 192.0.2.10",
    "s3 IN A 192.0.2.11",
    "*.s3 IN A 192.0.2.11",
    "ssm IN A 10.0.0.20",
    "ssm IN A 10.0.1.20",
    "*.dkr.ecr IN A 10.0.0.21",
  ]);
});
