/** Instances and key pairs. */
import {
  attach,
  checkGroups,
  detach,
  interfaces,
  privateName,
  publicAddressFor,
  publicName,
} from "../addresses";
import { architectureOf } from "../catalogue";
import { base64, notBoth } from "../faults";
import type { Kind } from "../kind";
import { given, object, objects, refuse, text, texts, type Scope } from "../scope";
import type { CheckFailure } from "../../shared/provider";
import { sameValue, type Values } from "../../shared/values";
import {
  base64Of,
  checkLaunch,
  launchProblem,
  checkProfile,
  checkTypeAgainstImage,
  checkUserData,
  fingerprintOf,
  numberOrNone,
  rootDeviceOf,
} from "./launch";
import { needSubnet } from "./network";

export const instance: Kind = {
  source: "ec2/ec2_instance.go",
  arguments: {
    ami: "computed replaces",
    associatePublicIpAddress: "computed replaces",
    availabilityZone: "computed replaces",
    creditSpecification: "computed",
    disableApiStop: "computed",
    disableApiTermination: "computed",
    ebsBlockDevices: "computed set",
    ebsOptimized: "computed replaces",
    forceDestroy: "",
    getPasswordData: "",
    hibernation: "replaces",
    iamInstanceProfile: "computed",
    instanceInitiatedShutdownBehavior: "computed",
    instanceType: "computed",
    keyName: "computed replaces",
    maintenanceOptions: "computed",
    metadataOptions: "computed",
    monitoring: "computed",
    placementGroup: "computed replaces",
    privateDnsNameOptions: "computed",
    privateIp: "computed replaces",
    rootBlockDevice: "computed",
    sourceDestCheck: "",
    subnetId: "computed replaces",
    tenancy: "computed replaces",
    userData: "",
    userDataBase64: "computed",
    userDataReplaceOnChange: "",
    volumeTags: "",
    vpcSecurityGroupIds: "computed set",
  },
  defaults: {
    forceDestroy: false,
    getPasswordData: false,
    sourceDestCheck: true,
    userDataReplaceOnChange: false,
  },
  tagged: true,
  toldBy: { ebsBlockDevices: ["deviceName", "snapshotId"] },
  outputs: [
    ...[
      "arn",
      "instanceState",
      "instanceLifecycle",
      "outpostArn",
      "passwordData",
      "primaryNetworkInterfaceId",
    ],
    ...["privateDns", "publicDns", "publicIp", "spotInstanceRequestId"],
  ],
  refuse: refuseInstance,
  replaces: (changed, olds, news) => {
    const data = news["userDataReplaceOnChange"] === true ? ["userData", "userDataBase64"] : [];
    const [before, after] = [object(olds["rootBlockDevice"]), object(news["rootBlockDevice"])];
    const root = ["encrypted", "kmsKeyId"].some(
      (name) => given(after[name]) && !sameValue(before[name], after[name]),
    );
    return [
      ...data,
      ...(changed.includes("rootBlockDevice") && root ? ["rootBlockDevice"] : []),
      ...(changed.includes("ebsBlockDevices") ? ["ebsBlockDevices"] : []),
      ...(changed.includes("instanceType") && isOtherArchitecture(olds, news) ? ["instanceType"] : []),
    ];
  },
  create: (scope, inputs) => {
    const call = "EC2: RunInstances";
    const subnetId = text(inputs["subnetId"]);
    if (subnetId === "")
      refuse(call, "MissingInput", "No subnets found for the default VPC. Please specify a subnet.");
    const subnet = needSubnet(scope, call, subnetId);
    const zone = text(subnet["availabilityZone"]);
    if (given(inputs["availabilityZone"]) && inputs["availabilityZone"] !== zone) {
      refuse(call, "InvalidParameterValue", `The subnet '${subnetId}' is in availability zone ${zone}`);
    }
    checkLaunch(scope, call, {
      image: text(inputs["ami"]),
      instanceType: text(inputs["instanceType"]),
      keyName: text(inputs["keyName"]),
      profile: text(inputs["iamInstanceProfile"]),
      userData: base64Of(inputs),
      volumes: [
        { size: numberOrNone(object(inputs["rootBlockDevice"])["volumeSize"]) },
        ...objects(inputs["ebsBlockDevices"]).map((device) => ({ device: text(device["deviceName"]) })),
      ],
    });
    const problem = launchProblem(scope, text(inputs["instanceType"]), zone);
    if (problem) refuse(call, ...problem);
    const own = texts(inputs["vpcSecurityGroupIds"]);
    const groups =
      own.length > 0 ? own : [text(scope.find("ec2.Vpc", subnet["vpcId"])?.["defaultSecurityGroupId"])];
    const id = scope.newId("i");
    const isPublic = (inputs["associatePublicIpAddress"] ?? subnet["mapPublicIpOnLaunch"]) === true;
    const made = attach(scope, {
      call,
      subnetId,
      groups,
      owner: id,
      address: text(inputs["privateIp"]),
      isPublic,
    });
    const root = object(inputs["rootBlockDevice"]);
    return {
      id,
      attributes: {
        arn: scope.arn("ec2", `instance/${id}`),
        instanceState: "running",
        instanceLifecycle: "",
        primaryNetworkInterfaceId: made.id,
        availabilityZone: zone,
        privateIp: made.address,
        privateDns: privateName(scope.region, made.address),
        associatePublicIpAddress: isPublic,
        vpcSecurityGroupIds: groups,
        disableApiStop: inputs["disableApiStop"] ?? false,
        disableApiTermination: inputs["disableApiTermination"] ?? false,
        ebsOptimized: inputs["ebsOptimized"] ?? false,
        iamInstanceProfile: inputs["iamInstanceProfile"] ?? "",
        instanceInitiatedShutdownBehavior: inputs["instanceInitiatedShutdownBehavior"] ?? "stop",
        keyName: inputs["keyName"] ?? "",
        monitoring: inputs["monitoring"] ?? false,
        tenancy: inputs["tenancy"] ?? "default",
        metadataOptions: { ...metadataDefaults, ...object(inputs["metadataOptions"]) },
        rootBlockDevice: {
          ...{
            deleteOnTermination: true,
            deviceName: rootDeviceOf(scope, call, text(inputs["ami"])),
            encrypted: false,
            iops: 3000,
            throughput: 125,
          },
          ...{ volumeId: scope.newId("vol"), volumeSize: 8, volumeType: "gp3" },
          ...root,
        },
        ebsBlockDevices: objects(inputs["ebsBlockDevices"]).map((device) => ({
          deleteOnTermination: true,
          encrypted: false,
          iops: 3000,
          throughput: 125,
          volumeId: scope.newId("vol"),
          volumeType: "gp3",
          ...device,
        })),
        _starts: 1,
      },
    };
  },
  update: updateInstance,
  read: (scope, id) => {
    const [there] = scope.where(interfaces, { owner: id });
    const allocated = text(scope.find("ec2.Eip", there?.state["allocation"])?.["publicIp"]);
    const publicIp = allocated || text(there?.state["publicAddress"]);
    return { publicIp, publicDns: publicName(scope.region, publicIp) };
  },
  remove: (scope, id, state) => {
    // Since 6.9 the original no longer takes the protection away by itself: hashicorp/terraform-provider-aws#43722.
    if (state["disableApiTermination"] === true && state["forceDestroy"] !== true) {
      const hint = "Modify its 'disableApiTermination' instance attribute and try again.";
      refuse(
        "EC2: TerminateInstances",
        "OperationNotPermitted",
        `The instance '${id}' may not be terminated. ${hint}`,
      );
    }
    detach(scope, id);
    for (const target of scope.where("lb.TargetGroupAttachment", { targetId: id })) {
      scope.remove("lb.TargetGroupAttachment", target.id);
    }
  },
};

/** Types that have no architecture in common: EC2 cannot turn one into the other. */
function isOtherArchitecture(olds: Values, news: Values): boolean {
  const [before, after] = [olds, news].map((values) => architectureOf(text(values["instanceType"])));
  return before !== undefined && after !== undefined && before !== after;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html */
const metadataDefaults: Values = {
  httpEndpoint: "enabled",
  httpProtocolIpv6: "disabled",
  httpPutResponseHopLimit: 1,
  httpTokens: "optional",
  instanceMetadataTags: "disabled",
};

function refuseInstance(inputs: Values): CheckFailure[] {
  const missing = ["ami", "instanceType"]
    .filter((name) => !given(inputs[name]))
    .map((property) => ({
      property,
      reason: `"${property}": one of \`${property},launch_template\` must be specified`,
    }));
  return [...missing, ...notBoth(inputs, "userData", "userDataBase64"), ...base64(inputs, "userDataBase64")];
}

/** resourceInstanceUpdate: the type and the user data need a stop and a start, the rest does not. */
function updateInstance(scope: Scope, id: string, state: Values, inputs: Values): Values {
  const call = "EC2: ModifyInstanceAttribute";
  const changed = (name: string): boolean => !sameValue(state[name], inputs[name]);
  const [there] = scope.where(interfaces, { owner: id });
  const groups = texts(inputs["vpcSecurityGroupIds"]);
  if (there && changed("vpcSecurityGroupIds")) {
    checkGroups(scope, call, groups, text(there.state["vpcId"]));
    scope.put(interfaces, there.id, { ...there.state, groups });
  }
  if (changed("iamInstanceProfile")) checkProfile(scope, call, text(inputs["iamInstanceProfile"]));
  if (changed("instanceType"))
    checkTypeAgainstImage(scope, call, text(inputs["instanceType"]), text(state["ami"]));
  if (changed("userData") || changed("userDataBase64")) checkUserData(call, base64Of(inputs));
  const before = numberOrNone(object(state["rootBlockDevice"])["volumeSize"]) ?? 0;
  const size = numberOrNone(object(inputs["rootBlockDevice"])["volumeSize"]) ?? before;
  if (size < before) {
    refuse(
      "EC2: ModifyVolume",
      "InvalidParameterValue",
      `New size cannot be smaller than existing size ${before}`,
    );
  }
  if (!["instanceType", "userData", "userDataBase64"].some(changed)) return {};
  if (state["disableApiStop"] === true) {
    const hint = "Modify its 'disableApiStop' instance attribute and try again.";
    refuse("EC2: StopInstances", "OperationNotPermitted", `The instance '${id}' may not be stopped. ${hint}`);
  }
  // An address out of Amazon's pool is another one after a stop
  // (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html).
  const [now] = scope.where(interfaces, { owner: id });
  if (now && text(now.state["publicAddress"]) !== "") {
    scope.put(interfaces, now.id, { ...now.state, publicAddress: publicAddressFor(scope) });
  }
  return { _starts: Number(state["_starts"] ?? 1) + 1 };
}

export const keyPair: Kind = {
  source: "ec2/ec2_key_pair.go",
  arguments: {
    keyName: "computed replaces",
    keyNamePrefix: "computed replaces",
    publicKey: "required replaces",
  },
  tagged: true,
  outputs: ["arn", "fingerprint", "keyPairId", "keyType"],
  naming: { argument: "keyName", longest: 255 },
  create: (scope, inputs) => {
    const call = "EC2: ImportKeyPair";
    const name = text(inputs["keyName"]);
    if (scope.find("ec2.KeyPair", name)) {
      refuse(call, "InvalidKeyPair.Duplicate", `The keypair already exists: ${name}`);
    }
    const [type = "", body = ""] = text(inputs["publicKey"]).trim().split(/\s+/);
    const blob = Buffer.from(body, "base64");
    const keyType = { "ssh-rsa": "rsa", "ssh-ed25519": "ed25519" }[type];
    if (keyType === undefined || blob.length < 32)
      refuse(call, "InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    return {
      id: name,
      attributes: {
        arn: scope.arn("ec2", `key-pair/${name}`),
        keyPairId: scope.newId("key"),
        keyType,
        fingerprint: fingerprintOf(keyType, blob),
      },
    };
  },
};
