/** Functions of the provider: what is looked up and not made. */
import { createHash } from "node:crypto";
import { secret, type Value, type Values } from "../shared/values";
import { accountId } from "./account";
import {
  architectureOf,
  balancerZone,
  endpointZonesOf,
  imageId,
  imageOf,
  publicParameter,
  zonesOf,
} from "./catalogue";
import { objects, partitionOf, refuse, text, texts, type Scope } from "./scope";

type Answerer = (scope: Scope, args: Values) => Values;

const functions: Readonly<Record<string, Answerer>> = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    id: accountId,
    accountId,
    arn: `arn:aws:iam::${accountId}:user/tester`,
    userId: "AIDA0000000000000000",
  }),
  "aws:index/getRegion:getRegion": ({ region }) => ({
    id: region,
    region,
    name: region,
    description: region,
    endpoint: `ec2.${region}.${suffixOf(region)}`,
  }),
  "aws:index/getPartition:getPartition": ({ region }) => ({
    id: partitionOf(region),
    partition: partitionOf(region),
    dnsSuffix: suffixOf(region),
    reverseDnsPrefix: suffixOf(region).split(".").reverse().join("."),
  }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": ({ region, controls }) => ({
    id: region,
    region,
    names: zonesOf(region, controls).map(({ name }) => name),
    zoneIds: zonesOf(region, controls).map(({ id }) => id),
    groupNames: [region],
  }),
  // ec2/ec2_instance_type_offerings_data_source.go: lists beside one another, a place in each for a type in a zone.
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": ({ region, controls }, args) => {
    const wanted = objects(args["filters"])
      .filter((filter) => filter["name"] === "instance-type")
      .flatMap((filter) => texts(filter["values"]));
    const offered = zonesOf(region, controls).flatMap(({ name }) =>
      wanted
        .filter((type) => architectureOf(type) && !controls.notOffered?.[name]?.includes(type))
        .map((type) => ({ type, name })),
    );
    return {
      id: region,
      region,
      instanceTypes: offered.map(({ type }) => type),
      locations: offered.map(({ name }) => name),
      locationTypes: offered.map(() => "availability-zone"),
    };
  },
  // ec2/vpc_endpoint_service_data_source.go: one service, or an error.
  "aws:ec2/getVpcEndpointService:getVpcEndpointService": ({ region, controls }, args) => {
    const serviceName = text(args["serviceName"]);
    const zones = endpointZonesOf(serviceName, region, controls);
    if (zones === undefined) throw new Error("no matching EC2 VPC Endpoint Service found");
    return {
      id: serviceName,
      region,
      serviceName,
      serviceType: "Interface",
      availabilityZones: zones,
      owner: "amazon",
      acceptanceRequired: false,
      vpcEndpointPolicySupported: true,
    };
  },
  "aws:lb/getHostedZoneId:getHostedZoneId": (scope, args) => {
    const region = text(args["region"]) || scope.region;
    const id = balancerZone(region, args["loadBalancerType"] === "network");
    return { id, region, loadBalancerType: args["loadBalancerType"] ?? "application" };
  },
  "aws:ssm/getParameter:getParameter": getParameter,
  "aws:ec2/getAmi:getAmi": getAmi,
  "aws:ec2/getVpc:getVpc": (scope, args) => {
    const found = one(scope, "ec2.Vpc", args, ["cidrBlock"]);
    return {
      ...found,
      mainRouteTableId: found["mainRouteTableId"] ?? "",
      state: "available",
      default: false,
    };
  },
  "aws:ec2/getSubnet:getSubnet": (scope, args) => ({
    ...one(scope, "ec2.Subnet", args, ["vpcId", "cidrBlock", "availabilityZone"]),
    state: "available",
    availableIpAddressCount: 0,
    defaultForAz: false,
  }),
  "aws:iam/getPolicyDocument:getPolicyDocument": getPolicyDocument,
};

export function invoke(token: string, scope: Scope, args: Values): Values {
  const answer = functions[token];
  if (!answer) throw new Error(`the stand-in for the provider "aws" does not know the function ${token}`);
  return answer(scope, args);
}

function suffixOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** ssm/parameter_data_source.go: `value` is sensitive whatever the type, `insecureValue` is set for all but SecureString. */
function getParameter(scope: Scope, args: Values): Values {
  const name = text(args["name"]);
  const own = scope.find("ssm.Parameter", name);
  const value = own
    ? text(own["value"]) || text(own["insecureValue"])
    : publicParameter(name, scope.region, scope.controls);
  if (value === undefined) refuse("SSM: GetParameter", "ParameterNotFound", name);
  const type = own ? text(own["type"]) : "String";
  return {
    id: name,
    name,
    type,
    value: secret(value),
    insecureValue: type === "SecureString" ? "" : value,
    version: own?.["version"] ?? 1,
    arn: own?.["arn"] ?? `arn:aws:ssm:${scope.region}::parameter${name}`,
    region: scope.region,
    withDecryption: args["withDecryption"] ?? true,
  };
}

/** The newest image that filters match, which is one made of the filters: equal filters find one image. */
function getAmi(scope: Scope, args: Values): Values {
  const filters = objects(args["filters"]);
  const asked = texts(filters.find(({ name }) => name === "architecture")?.["values"])[0];
  const seen = texts(filters.find(({ name }) => name === "name")?.["values"])[0] ?? "";
  const architecture = (asked ?? seen).match(/arm64|aarch64/) ? "arm64" : "x86_64";
  const byId = texts(filters.find(({ name }) => name === "image-id")?.["values"])[0];
  const id = byId ?? imageId(architecture, 0, `${scope.region} ${JSON.stringify(args)}`);
  const there = imageOf(id, scope.controls);
  if (!there)
    throw new Error("Your query returned no results. Please change your search criteria and try again.");
  return {
    id,
    imageId: id,
    architecture: there.architecture,
    arn: `arn:aws:ec2:${scope.region}::image/${id}`,
    name: seen,
    creationDate: "2026-01-01T00:00:00.000Z",
    ownerId: texts(args["owners"])[0] ?? "amazon",
    rootDeviceName: there.rootDevice,
    rootDeviceType: "ebs",
    virtualizationType: "hvm",
    state: "available",
    tags: {},
  };
}

function one(scope: Scope, kind: string, args: Values, names: readonly string[]): Values {
  const wanted = names.filter((name) => text(args[name]) !== "");
  const tags = Object.entries(
    typeof args["tags"] === "object" ? ((args["tags"] as Values | null) ?? {}) : {},
  );
  const found = scope.all(kind).filter(({ id, state }) => {
    const all = (state["tagsAll"] ?? {}) as Values;
    return (
      (text(args["id"]) === "" || args["id"] === id) &&
      wanted.every((name) => args[name] === state[name]) &&
      tags.every(([key, value]) => all[key] === value)
    );
  });
  if (found.length !== 1) {
    const what = kind.split(".")[1];
    throw new Error(
      found.length === 0
        ? `no matching EC2 ${what} found`
        : `multiple EC2 ${what}s matched; use additional constraints`,
    );
  }
  const { id, state } = found[0];
  const shown = Object.entries(state).filter(
    ([name, value]) => !name.startsWith("_") && name !== "tagsAll" && value !== null,
  );
  return { ...Object.fromEntries(shown), id, tags: state["tagsAll"] ?? {} };
}

/** iam/policy_document_data_source.go: lists of one become the entry. */
function getPolicyDocument(_: Scope, args: Values): Values {
  const short = (values: string[]): Value => (values.length === 1 ? values[0] : [...values].sort());
  const statements = objects(args["statements"]).map((statement) => {
    const conditions: Record<string, Values> = {};
    for (const { test, variable, values } of objects(statement["conditions"])) {
      (conditions[text(test)] ??= {})[text(variable)] = short(texts(values));
    }
    const principals = objects(statement["principals"]);
    const parts: [string, Value | undefined][] = [
      ["Sid", statement["sid"]],
      ["Effect", statement["effect"] ?? "Allow"],
      ["Action", texts(statement["actions"]).length > 0 ? short(texts(statement["actions"])) : undefined],
      [
        "Resource",
        texts(statement["resources"]).length > 0 ? short(texts(statement["resources"])) : undefined,
      ],
      ["Principal", principals.length > 0 ? principalOf(principals, short) : undefined],
      ["Condition", Object.keys(conditions).length > 0 ? conditions : undefined],
    ];
    return Object.fromEntries(parts.filter((part): part is [string, Value] => (part[1] ?? null) !== null));
  });
  const document: Values = { Version: text(args["version"]) || "2012-10-17", Statement: statements };
  const json = JSON.stringify(document, null, 2);
  return { id: createHash("md5").update(json).digest("hex"), json, minifiedJson: JSON.stringify(document) };
}

function principalOf(principals: Values[], short: (values: string[]) => Value): Value {
  const [first] = principals;
  if (first["type"] === "*") return "*";
  return Object.fromEntries(
    principals.map(({ type, identifiers }) => [text(type), short(texts(identifiers))]),
  );
}
