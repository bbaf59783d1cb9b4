/**
 * EC2's actions on security groups and route tables that the cloud controller manager calls (EC2 API Reference). A rule is in the
 * account as the provider's own resources are, one for each range.
 */
import { accountId, type AccountData } from "../../engine/providers/aws/account";
import { securityGroupIngressRule } from "../../engine/providers/aws/kinds/securityGroups";
import { objects, text, written } from "../../engine/providers/aws/scope";
import type { Values } from "../../engine/providers/shared/values";
import { objectsOf, tagsOf } from "./account";
import { inAccount } from "./balancers/api";
import { element, escaped, filtersOf, numbered, passes, tagKeys, tagSet, type Params } from "./ec2Api";
import { INGRESS } from "./groupRules";
import { Refusal } from "./refusal";
import type { Allow } from "./services";

export function describeGroups(account: AccountData, params: Params): string {
  const filters = filtersOf(params);
  const ids = numbered(params, "GroupId");
  const items = Object.entries(objectsOf(account, "ec2.SecurityGroup"))
    .filter(([id, state]) => {
      const tags = tagsOf(state["tagsAll"]);
      const facts: Record<string, string> = {
        "vpc-id": text(state["vpcId"]),
        "group-name": text(state["name"]),
      };
      const fact = (name: string): string | undefined => facts[name] ?? tags[name.replace(/^tag:/, "")];
      return (ids.length === 0 || ids.includes(id)) && passes(filters, fact);
    })
    .map(([id, state]) => {
      const rules = Object.values(objectsOf(account, INGRESS)).filter((one) => one["securityGroupId"] === id);
      const parts = [
        element("groupId", id),
        element("groupName", escaped(text(state["name"]))),
        element("vpcId", text(state["vpcId"])),
        element("ipPermissions", rules.map(permission).join("")),
        tagSet(tagsOf(state["tagsAll"])),
      ];
      return element("item", parts.join(""));
    });
  return element("securityGroupInfo", items.join(""));
}

function permission(rule: Values): string {
  const protocol = text(rule["ipProtocol"]);
  const group = text(rule["referencedSecurityGroupId"]);
  const range = text(rule["cidrIpv4"]);
  const description = element("description", escaped(text(rule["description"])));
  const ports = element("fromPort", written(rule["fromPort"])) + element("toPort", written(rule["toPort"]));
  return element(
    "item",
    [
      element("ipProtocol", protocol),
      protocol === "-1" ? "" : ports,
      group === ""
        ? ""
        : element("groups", element("item", element("userId", accountId) + element("groupId", group))),
      range === "" ? "" : element("ipRanges", element("item", element("cidrIp", range) + description)),
    ].join(""),
  );
}

/** AuthorizeSecurityGroupIngress and RevokeSecurityGroupIngress. */
export function changeIngress(
  where: { readonly region: string; readonly accountFile: string },
  account: AccountData,
  action: string,
  params: Params,
  allow: Allow,
): string {
  const id = params["GroupId"] ?? "";
  const tags = tagsOf(objectsOf(account, "ec2.SecurityGroup")[id]?.["tagsAll"]);
  allow(`arn:aws:ec2:${where.region}:${accountId}:security-group/${id}`, tagKeys(tags));
  inAccount(where, (scope) => {
    for (const rule of rulesIn(params)) {
      const inputs: Values = { securityGroupId: id, ...rule };
      const { description: _, ...meaning } = inputs;
      if (action === "RevokeSecurityGroupIngress") {
        const [found] = scope.where(INGRESS, meaning);
        if (found === undefined)
          throw new Refusal(400, "InvalidPermission.NotFound", JSON.stringify(meaning));
        scope.remove(INGRESS, found.id);
      } else {
        const made = securityGroupIngressRule.create(scope, inputs);
        scope.put(INGRESS, made.id, { ...inputs, ...made.attributes });
      }
    }
  });
  return element("return", "true");
}

function rulesIn(params: Params): Values[] {
  const found: Values[] = [];
  for (let number = 1; params[`IpPermissions.${number}.IpProtocol`] !== undefined; number += 1) {
    const of = (name: string): string | undefined => params[`IpPermissions.${number}.${name}`];
    const common: Values = {
      ipProtocol: of("IpProtocol") ?? "",
      ...(of("FromPort") === undefined ? {} : { fromPort: Number(of("FromPort")) }),
      ...(of("ToPort") === undefined ? {} : { toPort: Number(of("ToPort")) }),
    };
    for (let range = 1; of(`IpRanges.${range}.CidrIp`) !== undefined; range += 1) {
      const description = of(`IpRanges.${range}.Description`);
      found.push({
        ...common,
        cidrIpv4: of(`IpRanges.${range}.CidrIp`) ?? "",
        ...(description === undefined ? {} : { description }),
      });
    }
    for (let group = 1; of(`Groups.${group}.GroupId`) !== undefined; group += 1)
      found.push({ ...common, referencedSecurityGroupId: of(`Groups.${group}.GroupId`) ?? "" });
  }
  return found;
}

export function describeRouteTables(account: AccountData, params: Params): string {
  const filters = filtersOf(params);
  const items = Object.entries(objectsOf(account, "ec2.RouteTable"))
    .filter(([, state]) => passes(filters, (name) => (name === "vpc-id" ? text(state["vpcId"]) : undefined)))
    .map(([id, state]) => {
      const routes = [
        ...Object.values(objectsOf(account, "ec2.Route")).filter((one) => one["routeTableId"] === id),
        ...objects(state["_inline"]),
      ].map((route) =>
        element(
          "item",
          element("destinationCidrBlock", text(route["destinationCidrBlock"]) || text(route["cidrBlock"])) +
            (text(route["gatewayId"]) === "" ? "" : element("gatewayId", text(route["gatewayId"]))) +
            (text(route["natGatewayId"]) === "" ? "" : element("natGatewayId", text(route["natGatewayId"]))),
        ),
      );
      const associations = Object.values(objectsOf(account, "ec2.RouteTableAssociation"))
        .filter((one) => one["routeTableId"] === id)
        .map((one) => element("item", element("subnetId", text(one["subnetId"])) + element("main", "false")));
      return element(
        "item",
        [
          element("routeTableId", id),
          element("vpcId", text(state["vpcId"])),
          element("routeSet", routes.join("")),
          element("associationSet", associations.join("")),
        ].join(""),
      );
    });
  return element("routeTableSet", items.join(""));
}
