/** Settings of what may be added on AWS: policies, groups, images. */
import { largeAws, smallAws } from "../../support/awsInput";
import { all, set } from "./edit";
import type { Wrong } from "./wrong";
import { cases } from "./wrongAws";

const general = (key: string, value: unknown) => set(`workers.general.${key}`, value);
const S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

export const WRONG_AWS_PARTS: readonly Wrong[] = [
  ...cases("policies and groups of instances", smallAws, [
    [
      "a policy's name",
      general("policyArns", ["AmazonS3ReadOnlyAccess"]),
      "workers.general.policyArns[0]",
      /the ARN/,
    ],
    [
      "a role's ARN",
      set("controlPlane.policyArns", ["arn:aws:iam::111122223333:role/a"]),
      "controlPlane.policyArns[0]",
      /ARN of a managed policy/,
    ],
    ["a policy twice", general("policyArns", [S3, S3]), "workers.general.policyArns[1]", /is listed twice/],
    [
      "more policies than a role takes",
      general(
        "policyArns",
        Array.from({ length: 11 }, (_, n) => `${S3}${n}`),
      ),
      "workers.general.policyArns",
      /10/,
    ],
    [
      "a policy of China in Frankfurt",
      set("controlPlane.policyArns", [S3.replace("arn:aws:", "arn:aws-cn:")]),
      "controlPlane.policyArns[0]",
      /not a policy of partition aws,.*arn:aws:iam/,
    ],
    [
      "a boundary of Frankfurt in China",
      set("iam.permissionsBoundary", S3),
      "iam.permissionsBoundary",
      /partition aws-cn/,
      "cn-north-1",
    ],
    [
      "a group's name",
      general("securityGroupIds", ["default"]),
      "workers.general.securityGroupIds[0]",
      /sg-0123456789abcdef0/,
    ],
    [
      "more groups than an interface takes",
      set(
        "controlPlane.securityGroupIds",
        ["1", "2", "3", "4", "5"].map((n) => `sg-0000000${n}`),
      ),
      "controlPlane.securityGroupIds",
      /4/,
    ],
    [
      "a group twice",
      general("securityGroupIds", ["sg-00000001", "sg-00000001"]),
      "workers.general.securityGroupIds[1]",
      /twice/,
    ],
  ]),
  ...cases("images", largeAws, [
    [
      "RHEL without an image",
      general("os", "rhel-9"),
      "workers.general.ami",
      /nobody publishes the newest image of rhel-9.*ami-/,
    ],
    ["RHEL for the control plane", set("controlPlane.os", "rhel-9"), "controlPlane.ami", /is missing/],
    ["RHEL for the bastion", set("bastion", { os: "rhel-9" }), "bastion.ami", /is missing/],
    [
      "RHEL with something that is no image",
      all(general("os", "rhel-9"), general("ami", "rhel-9.4")),
      "workers.general.ami",
      /the id of an image/,
    ],
  ]),
];
