import { expect, it } from "vitest";
import { cloudControllerStatements } from "../../../model/aws/addons/statements";
import { controlPlaneStatements, policyDocument, poolStatements } from "../../../model/aws/iam";
import type { Statement as Meant } from "../../../model/aws/statement";
import { authorize, allows, fits, type Asked } from "../../lab/ec2/policies";
import { awsSettings } from "../../support/awsInput";

const settings = awsSettings();
const accountWith = (statements: readonly Meant[]) => ({
  sequence: 0,
  controls: {},
  objects: { "iam.RolePolicy": { "r:kubeadm": { role: "r", policy: policyDocument(statements) } } },
});
const may = (statements: readonly Meant[], asked: Asked): string => {
  try {
    authorize(accountWith(statements), "r", asked);
    return "allowed";
  } catch (error) {
    return (error as Error).message;
  }
};

it("wildcards are IAM's", () => {
  expect(fits("ec2:Describe*", "ec2:DescribeInstances")).toBe(true);
  expect(fits("secret:a-??????", "secret:a-x1y2z3")).toBe(true);
  expect(fits("secret:a-??????", "secret:a-x1y2z")).toBe(false);
  expect(fits("a.b", "axb")).toBe(false);
});

it("a statement that is taken away is missed, in the words of AWS", () => {
  const all = controlPlaneStatements(settings);
  const asked = { action: "ec2:DescribeInstances", resource: "*" };
  expect(may(all, asked)).toBe("allowed");
  const without = all.filter(({ actions }) => !actions.includes("ec2:DescribeInstances"));
  expect(may(without, asked)).toMatch(
    /^User: \S+ is not authorized to perform: ec2:DescribeInstances on resource: \*/,
  );
});

it("names the statement that allows a call", () => {
  const account = accountWith(controlPlaneStatements(settings));
  expect(authorize(account, "r", { action: "ec2:DescribeInstances", resource: "*" })).toEqual([
    "KnowInstances",
  ]);
});

it("a pool reads its own credential and no other's", () => {
  const [pool] = settings.aws?.pools ?? [];
  if (pool === undefined) expect.fail("the settings have a pool");
  const join = (name: string): Asked => ({
    action: "ssm:GetParameter",
    resource: `arn:aws:ssm:eu-central-1:123456789012:parameter/kubeadm/${settings.name}/${name}/join`,
  });
  expect(may(poolStatements(settings, pool), join(pool.name))).toBe("allowed");
  expect(may(poolStatements(settings, pool), join("other"))).toMatch(/not authorized/);
});

it("a condition holds by the tags of the call alone", () => {
  const all = cloudControllerStatements(settings);
  const make = (keys: Asked["keys"]): Asked => ({
    action: "elasticloadbalancing:CreateLoadBalancer",
    resource: "*",
    keys,
  });
  expect(may(all, make({ [`aws:RequestTag/kubernetes.io/cluster/${settings.name}`]: "owned" }))).toBe(
    "allowed",
  );
  expect(may(all, make({ "aws:RequestTag/kubernetes.io/cluster/another": "owned" }))).toMatch(
    /not authorized/,
  );
  expect(may(all, make({}))).toMatch(/not authorized/);
});

it("an operator that is not simulated never holds, and a refusal wins", () => {
  const statement = { Effect: "Allow", Action: "ec2:*", Resource: "*" };
  const asked = { action: "ec2:RunInstances", resource: "*", keys: { "ec2:Region": "eu-central-1" } };
  expect(allows([statement], asked)).toBe(true);
  const strange = { ...statement, Condition: { DateLessThan: { "ec2:Region": "eu-central-1" } } };
  expect(allows([strange], asked)).toBe(false);
  expect(allows([statement, { Effect: "Deny", Action: "ec2:Run*", Resource: "*" }], asked)).toBe(false);
});
