/** Names, logs and keys. */
import { exactlyOne, matches, oneOf } from "../faults";
import type { Kind } from "../kind";
import { given, objects, refuse, text, texts, type Scope } from "../scope";
import type { Values } from "../../shared/values";

export const record: Kind = {
  source: "route53/record.go",
  global: true,
  arguments: {
    aliases: "",
    allowOverwrite: "computed",
    name: "required replaces",
    records: "set",
    setIdentifier: "",
    ttl: "",
    type: "required",
    zoneId: "required replaces",
  },
  outputs: ["fqdn"],
  refuse: (inputs) => [
    ...exactlyOne(inputs, "aliases", "records"),
    ...oneOf(inputs, "type", "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"),
    ...(given(inputs["records"]) && !given(inputs["ttl"])
      ? [{ property: "ttl", reason: `"records": all of \`records,ttl\` must be specified` }]
      : []),
  ],
  create: (scope, inputs) => {
    const call = "Route 53: ChangeResourceRecordSets";
    const zoneId = text(inputs["zoneId"]);
    const zone = scope.controls.zones?.[zoneId];
    if (zone === undefined) refuse(call, "NoSuchHostedZone", `No hosted zone found with ID: ${zoneId}`);
    const fqdn = within(text(inputs["name"]).toLowerCase(), zone);
    const { type = "" } = inputs;
    const same = scope.where("route53.Record", { zoneId, fqdn, type });
    if (same.length > 0 && inputs["allowOverwrite"] !== true) {
      const what = `Tried to create resource record set [name='${fqdn}.', type='${text(type)}'] but it already exists`;
      refuse(call, "InvalidChangeBatch", `[${what}]`);
    }
    checkValues(scope, call, inputs);
    return {
      id: `${zoneId}_${fqdn}_${text(type)}`,
      attributes: { fqdn, allowOverwrite: inputs["allowOverwrite"] ?? false },
    };
  },
  update: (scope, _, __, inputs) => {
    checkValues(scope, "Route 53: ChangeResourceRecordSets", inputs);
    return {};
  },
};

/** expandRecordName: names are within their zone, whether they say so or not. */
function within(name: string, zone: string): string {
  const bare = name.replace(/\.$/, "");
  return bare === zone || bare.endsWith(`.${zone}`)
    ? bare
    : [bare, zone].filter((part) => part !== "").join(".");
}

function checkValues(scope: Scope, call: string, inputs: Values): void {
  const address = /^\d+\.\d+\.\d+\.\d+$/;
  const wrong = texts(inputs["records"]).find((value) => inputs["type"] === "A" && !address.test(value));
  if (wrong !== undefined) {
    refuse(
      call,
      "InvalidChangeBatch",
      `[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '${wrong}'']`,
    );
  }
  for (const alias of objects(inputs["aliases"])) {
    const found = scope.where("lb.LoadBalancer", { zoneId: alias["zoneId"] ?? null });
    const name = text(alias["name"])
      .replace(/^dualstack\./, "")
      .replace(/\.$/, "");
    if (found.length > 0 && found.every(({ state }) => state["dnsName"] !== name)) {
      refuse(
        call,
        "InvalidChangeBatch",
        `[Tried to create an alias that targets ${name}., but the alias target name does not lie within the target zone]`,
      );
    }
  }
}

export const logGroup: Kind = {
  source: "logs/group.go",
  arguments: {
    kmsKeyId: "",
    logGroupClass: "computed replaces",
    name: "computed replaces",
    namePrefix: "computed replaces",
    retentionInDays: "",
    skipDestroy: "",
  },
  defaults: { retentionInDays: 0, skipDestroy: false },
  tagged: true,
  outputs: ["arn"],
  naming: { argument: "name", longest: 255 },
  refuse: (inputs) => matches(inputs, "name", /^[0-9A-Za-z_./#-]+$/, "isn't a valid log group name"),
  create: (scope, inputs) => {
    const name = text(inputs["name"]);
    if (scope.find("cloudwatch.LogGroup", name)) {
      const what = "The specified log group already exists";
      refuse("CloudWatch Logs: CreateLogGroup", "ResourceAlreadyExistsException", what);
    }
    return {
      id: name,
      attributes: {
        arn: scope.arn("logs", `log-group:${name}`),
        logGroupClass: inputs["logGroupClass"] ?? "STANDARD",
      },
    };
  },
};

export const flowLog: Kind = {
  source: "ec2/vpc_flow_log.go",
  arguments: {
    destinationOptions: "replaces",
    eniId: "replaces",
    iamRoleArn: "replaces",
    logDestination: "computed replaces",
    logDestinationType: "replaces",
    logFormat: "computed replaces",
    maxAggregationInterval: "replaces",
    subnetId: "replaces",
    trafficType: "replaces",
    vpcId: "replaces",
  },
  defaults: { logDestinationType: "cloud-watch-logs", maxAggregationInterval: 600 },
  tagged: true,
  outputs: ["arn"],
  refuse: (inputs) => [...exactlyOne(inputs, "eniId", "subnetId", "vpcId")],
  create: (scope, inputs) => {
    const call = "EC2: CreateFlowLogs";
    const { vpcId, subnetId, logDestination = "" } = inputs;
    if (given(vpcId) && !scope.find("ec2.Vpc", vpcId))
      refuse(call, "InvalidVpcId.NotFound", `The vpc ID '${text(vpcId)}' does not exist`);
    if (given(subnetId) && !scope.find("ec2.Subnet", subnetId)) {
      refuse(call, "InvalidSubnetId.NotFound", `The subnet ID '${text(subnetId)}' does not exist`);
    }
    if (inputs["logDestinationType"] === "cloud-watch-logs") {
      if (text(inputs["iamRoleArn"]) === "")
        refuse(
          call,
          "InvalidParameter",
          "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
        );
      if (scope.where("iam.Role", { arn: inputs["iamRoleArn"] ?? "" }).length === 0)
        refuse(call, "InvalidParameter", "DeliverLogsPermissionArn is not a role");
      const arn = text(logDestination).replace(/:\*$/, "");
      if (scope.where("cloudwatch.LogGroup", { arn }).length === 0)
        refuse(call, "InvalidParameter", `LogDestination: ${text(logDestination)} does not exist`);
    }
    const same = scope.where("ec2.FlowLog", {
      logDestination,
      ...(given(vpcId) ? { vpcId } : {}),
      ...(given(subnetId) ? { subnetId } : {}),
    });
    if (same.length > 0)
      refuse(
        call,
        "FlowLogAlreadyExists",
        "There is an existing Flow Log with the same configuration and log destination.",
      );
    const id = scope.newId("fl");
    const format =
      "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
    return {
      id,
      attributes: { arn: scope.arn("ec2", `vpc-flow-log/${id}`), logFormat: inputs["logFormat"] ?? format },
    };
  },
};

export const key: Kind = {
  source: "kms/key.go",
  arguments: {
    customerMasterKeySpec: "replaces",
    deletionWindowInDays: "",
    description: "computed",
    enableKeyRotation: "",
    isEnabled: "",
    keyUsage: "replaces",
    multiRegion: "computed replaces",
    policy: "computed json",
    rotationPeriodInDays: "computed",
  },
  defaults: {
    customerMasterKeySpec: "SYMMETRIC_DEFAULT",
    enableKeyRotation: false,
    isEnabled: true,
    keyUsage: "ENCRYPT_DECRYPT",
  },
  tagged: true,
  outputs: ["arn", "keyId"],
  create: (scope) => {
    const digits = `${scope.digits("key")}${scope.digits("key")}`;
    const keyId = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    return {
      id: keyId,
      attributes: { keyId, arn: scope.arn("kms", `key/${keyId}`), multiRegion: false, policy: "" },
    };
  },
};

export const alias: Kind = {
  source: "kms/alias.go",
  arguments: { name: "computed replaces", namePrefix: "computed replaces", targetKeyId: "required" },
  outputs: ["arn", "targetKeyArn"],
  naming: { argument: "name", longest: 238, prefix: "alias/" },
  refuse: (inputs) =>
    matches(inputs, "name", /^alias\/(?!aws\/)[\w/-]+$/, "must begin with 'alias/', not 'alias/aws/'"),
  create: (scope, inputs) => {
    const call = "KMS: CreateAlias";
    const name = text(inputs["name"]);
    if (scope.find("kms.Alias", name))
      refuse(call, "AlreadyExistsException", `An alias with the name ${name} already exists`);
    const found = scope
      .all("kms.Key")
      .find(({ id, state }) => [id, state["arn"]].includes(text(inputs["targetKeyId"])));
    if (!found) refuse(call, "NotFoundException", `Key '${text(inputs["targetKeyId"])}' does not exist`);
    return { id: name, attributes: { arn: scope.arn("kms", name), targetKeyArn: found.state["arn"] ?? "" } };
  },
};
