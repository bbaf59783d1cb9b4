/** Security groups and their rules. */
import { interfaces } from "../addresses";
import { exactlyOne, matches, networkAddress } from "../faults";
import type { Kind } from "../kind";
import { objects, refuse, text, texts, written, type Scope } from "../scope";
import { plainObject, type Value, type Values } from "../../shared/values";
import { dependency, needVpc } from "./network";

export const securityGroup: Kind = {
  source: "ec2/vpc_security_group.go",
  arguments: {
    description: "replaces",
    name: "computed replaces",
    namePrefix: "computed replaces",
    vpcId: "computed replaces",
    ingress: "computed set",
    egress: "computed set",
    revokeRulesOnDelete: "",
  },
  defaults: { description: "Managed by Pulumi", revokeRulesOnDelete: false },
  tagged: true,
  outputs: ["arn", "ownerId"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => [
    ...matches(inputs, "name", /^(?!sg-)/, "cannot begin with 'sg-'"),
    ...matches(
      inputs,
      "description",
      /^[0-9A-Za-z_ .:/()#,@[\]+=&;{}!$*-]*$/,
      "doesn't comply with restrictions (^[0-9A-Za-z_ .:/()#,@[]+=&;{}!$*-]*$)",
    ),
  ],
  create: (scope, inputs) => {
    const call = "EC2: CreateSecurityGroup";
    const vpcId = text(inputs["vpcId"]);
    if (vpcId === "") refuse(call, "VPCIdNotSpecified", "No default VPC for this user");
    needVpc(scope, call, vpcId);
    const name = text(inputs["name"]);
    if (scope.where("ec2.SecurityGroup", { name, vpcId }).length > 0) {
      refuse(
        call,
        "InvalidGroup.Duplicate",
        `The security group '${name}' already exists for VPC '${vpcId}'`,
      );
    }
    const id = scope.newId("sg");
    checkInline(scope, inputs, vpcId, id);
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `security-group/${id}`),
        ownerId: scope.arn("ec2", "").split(":")[4],
        // resourceSecurityGroupCreate takes the rule away that lets everything out.
        ingress: inputs["ingress"] ?? [],
        egress: inputs["egress"] ?? [],
        _inline: { ingress: inputs["ingress"] ?? [], egress: inputs["egress"] ?? [] },
      },
    };
  },
  update: (scope, id, state, inputs) => {
    checkInline(scope, inputs, text(state["vpcId"]), id);
    const inline = state["_inline"] ?? {};
    const changed = (name: string): boolean => JSON.stringify(inputs[name]) !== JSON.stringify(state[name]);
    return {
      _inline: {
        ...(inline as Values),
        ...(changed("ingress") ? { ingress: inputs["ingress"] ?? [] } : {}),
        ...(changed("egress") ? { egress: inputs["egress"] ?? [] } : {}),
      },
    };
  },
  // The original reads all rules, those of resources of their own as well.
  read: (scope, id, state) => {
    const inline = state["_inline"] as Values | undefined;
    const form = (direction: Direction): Value[] => [
      ...objects(inline?.[direction]),
      ...scope.where(rulesOf[direction], { securityGroupId: id }).map((rule) => inlineForm(id, rule.state)),
    ];
    return { ingress: form("ingress"), egress: form("egress") };
  },
  remove: (scope, id) => {
    const call = "EC2: DeleteSecurityGroup";
    const used = scope.all(interfaces).some(({ state }) => texts(state["groups"]).includes(id));
    const named = Object.values(rulesOf)
      .flatMap((kind) => scope.where(kind, { referencedSecurityGroupId: id }))
      .some(({ state }) => state["securityGroupId"] !== id);
    if (used || named) dependency(call, `resource ${id} has a dependent object`);
    for (const kind of Object.values(rulesOf)) {
      for (const rule of scope.where(kind, { securityGroupId: id })) scope.remove(kind, rule.id);
    }
  },
};

type Direction = "ingress" | "egress";
const rulesOf: Record<Direction, string> = {
  ingress: "vpc.SecurityGroupIngressRule",
  egress: "vpc.SecurityGroupEgressRule",
};

function checkInline(scope: Scope, inputs: Values, vpcId: string, self: string): void {
  for (const direction of ["ingress", "egress"] as const) {
    for (const rule of objects(inputs[direction])) {
      for (const group of texts(rule["securityGroups"])) {
        if (group !== self) needGroup(scope, "EC2: AuthorizeSecurityGroupIngress", group, vpcId);
      }
    }
  }
}

function inlineForm(id: string, rule: Values): Values {
  const group = text(rule["referencedSecurityGroupId"]);
  return plainObject({
    protocol: rule["ipProtocol"] ?? "",
    fromPort: rule["fromPort"] ?? 0,
    toPort: rule["toPort"] ?? 0,
    description: rule["description"] ?? "",
    cidrBlocks: text(rule["cidrIpv4"]) === "" ? [] : [text(rule["cidrIpv4"])],
    ipv6CidrBlocks: text(rule["cidrIpv6"]) === "" ? [] : [text(rule["cidrIpv6"])],
    prefixListIds: text(rule["prefixListId"]) === "" ? [] : [text(rule["prefixListId"])],
    securityGroups: group === "" || group === id ? [] : [group],
    self: group === id,
  });
}

const sources = ["cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"] as const;

function sourceOf(rule: Values): (typeof sources)[number] | undefined {
  return sources.find((name) => text(rule[name]) !== "");
}

function rule(direction: Direction): Kind {
  const call = `EC2: AuthorizeSecurityGroup${direction === "ingress" ? "Ingress" : "Egress"}`;
  return {
    source: `ec2/vpc_security_group_${direction}_rule.go`,
    arguments: {
      securityGroupId: "required replaces",
      ipProtocol: "required",
      fromPort: "",
      toPort: "",
      description: "",
      ...Object.fromEntries(sources.map((name) => [name, ""])),
    },
    tagged: true,
    outputs: ["arn", "securityGroupRuleId"],
    refuse: (inputs) => [...exactlyOne(inputs, ...sources), ...networkAddress(inputs, "cidrIpv4")],
    // ModifyPlan: "When you modify a rule, you cannot change the rule's source type."
    replaces: (_, olds, news) =>
      sourceOf(olds) === sourceOf(news) ? [] : sources.filter((name) => olds[name] !== news[name]),
    create: (scope, inputs) => {
      checkRule(scope, call, direction, inputs, undefined);
      const id = scope.newId("sgr");
      return {
        id,
        attributes: { arn: scope.arn("ec2", `security-group-rule/${id}`), securityGroupRuleId: id },
      };
    },
    update: (scope, id, _, inputs) => {
      checkRule(scope, "EC2: ModifySecurityGroupRules", direction, inputs, id);
      return {};
    },
  };
}

export const securityGroupIngressRule = rule("ingress");
export const securityGroupEgressRule = rule("egress");

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html */
function checkRule(
  scope: Scope,
  call: string,
  direction: Direction,
  inputs: Values,
  id: string | undefined,
): void {
  const securityGroupId = text(inputs["securityGroupId"]);
  const group = scope.find("ec2.SecurityGroup", securityGroupId);
  if (!group) refuse(call, "InvalidGroup.NotFound", `The security group '${securityGroupId}' does not exist`);
  const description = text(inputs["description"]);
  if (description.length > 255 || !/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/.test(description)) {
    const allowed =
      "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
    refuse(call, "InvalidParameterValue", `Invalid rule description. Valid descriptions are ${allowed}`);
  }
  checkPorts(call, inputs);
  const referenced = text(inputs["referencedSecurityGroupId"]);
  if (referenced !== "") needGroup(scope, call, referenced, text(group["vpcId"]));
  const others = scope.where(rulesOf[direction], { securityGroupId }).filter((other) => other.id !== id);
  const same = others.find(({ state }) => meaning(state) === meaning(inputs));
  if (same)
    refuse(
      call,
      "InvalidPermission.Duplicate",
      `the specified rule "${meaning(inputs)}, ALLOW" already exists`,
    );
  // The quota is one for each direction and family; a group counts in both families.
  for (const family of ["cidrIpv4", "cidrIpv6"] as const) {
    const counts = (state: Values): boolean =>
      sourceOf(state) === family || sourceOf(state) === "referencedSecurityGroupId";
    const inline = objects((group["_inline"] as Values | undefined)?.[direction]);
    const blocks = family === "cidrIpv4" ? "cidrBlocks" : "ipv6CidrBlocks";
    const given = inline.flatMap((entry) => [
      ...texts(entry[blocks]),
      ...texts(entry["securityGroups"]),
    ]).length;
    const number = others.filter(({ state }) => counts(state)).length + given;
    if (counts(inputs) && number >= scope.quota("rulesPerGroup")) {
      const what = "The maximum number of rules per security group has been reached.";
      refuse(call, "RulesPerSecurityGroupLimitExceeded", what);
    }
  }
}

function checkPorts(call: string, inputs: Values): void {
  const { ipProtocol = "", fromPort, toPort } = inputs;
  if (!["tcp", "udp", "6", "17"].includes(text(ipProtocol))) return;
  if (typeof fromPort !== "number" || typeof toPort !== "number") {
    const what = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.";
    refuse(call, "InvalidParameterValue", what);
  }
  if (fromPort > toPort) {
    refuse(call, "InvalidParameterValue", `Invalid value '${fromPort}-${toPort}' for portRange.`);
  }
}

function meaning(rule: Values): string {
  const source = sourceOf(rule);
  const protocol = text(rule["ipProtocol"]) === "all" ? "-1" : text(rule["ipProtocol"]).toUpperCase();
  const ports =
    protocol === "-1" ? "" : `, from port: ${written(rule["fromPort"])}, to port: ${written(rule["toPort"])}`;
  return `peer: ${source ? text(rule[source]) : ""}, ${protocol === "-1" ? "ALL" : protocol}${ports}`;
}

function needGroup(scope: Scope, call: string, id: string, vpcId: string): void {
  const found = scope.find("ec2.SecurityGroup", id);
  if (!found) refuse(call, "InvalidGroup.NotFound", `The security group '${id}' does not exist`);
  if (found["vpcId"] !== vpcId) {
    refuse(
      call,
      "InvalidGroup.NotFound",
      `You have specified two resources that belong to different networks.`,
    );
  }
}
