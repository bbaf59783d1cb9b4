import { describe, expect, it } from "vitest";
import { controlPlaneStatements, policyDocument, rolesOf } from "../../../../model/aws/iam";
import { loadBalancerStatements } from "../../../../model/aws/loadBalancers/statements";
import { loadBalancerControllerValues } from "../../../../model/aws/loadBalancers/values";
import { registriesWithoutMirror } from "../../../../model/aws/endpoints/registries";
import { awsOf } from "../../../../model/aws/spec";
import { awsSettings, largeAws, smallAws } from "../../../support/awsInput";
import { all, set } from "../../settings/edit";

type Change = ReturnType<typeof set>;

function settingsOf(given: object, ...more: Change[]) {
  return awsSettings(smallAws, all(set("loadBalancerController", given), ...more));
}

function valuesOf(given: object, role: string | undefined, settings = settingsOf(given)) {
  const { loadBalancerController } = awsOf(settings);
  if (loadBalancerController === undefined) throw new Error("it is switched off");
  return loadBalancerControllerValues(settings, loadBalancerController, { role, vpcId: "vpc-1" });
}

describe("values of AWS Load Balancer Controller's chart", () => {
  it("name cluster, region and VPC, so that no pod asks the metadata service", () => {
    expect(valuesOf({}, "arn:one")).toMatchObject({
      clusterName: "cloud",
      region: "eu-central-1",
      vpcId: "vpc-1",
      env: { AWS_ROLE_ARN: "arn:one" },
      image: { repository: "public.ecr.aws/eks/aws-load-balancer-controller", tag: "v3.5.0" },
      nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
    });
    expect(valuesOf({}, undefined)).toMatchObject({ env: {}, extraVolumes: [] });
  });

  it("make it the controller of new Services, unless the settings say otherwise", () => {
    expect(valuesOf({}, "r")).toMatchObject({
      enableServiceMutatorWebhook: true,
      ingressClassConfig: { default: false },
    });
    expect(valuesOf({ defaultForServices: false, defaultForIngresses: true }, "r")).toMatchObject({
      enableServiceMutatorWebhook: false,
      ingressClassConfig: { default: true },
    });
  });

  it("have a second replica, and keep one of them, where there are several control-plane nodes", () => {
    expect(valuesOf({}, "r")).toMatchObject({ replicaCount: 1 });
    expect(valuesOf({}, "r")).not.toHaveProperty("podDisruptionBudget");
    const large = awsSettings(largeAws, set("loadBalancerController", {}));
    expect(valuesOf({}, "r", large)).toMatchObject({
      replicaCount: 2,
      podDisruptionBudget: { maxUnavailable: 1 },
    });
  });

  it("are none where it is switched off", () => {
    expect(awsOf(settingsOf({ enabled: false })).loadBalancerController).toBeUndefined();
  });
});

describe("its role", () => {
  const statements = loadBalancerStatements(settingsOf({}));
  // Reading cannot be limited, and listeners get their tags only after they were created.
  const open = ["LookUpBalancers", "FirstBalancer", "ChangeListeners", "CreateGroups"];

  it("changes nothing that belongs to another cluster", () => {
    for (const { sid, conditions } of statements.filter((one) => !open.includes(one.sid)))
      expect(JSON.stringify(conditions), sid).toMatch(
        /aws:(Request|Resource)Tag\/(elbv2.k8s.aws\/cluster":"cloud"|kubernetes.io\/cluster\/cloud":"owned")/,
      );
  });

  it("allows nothing of what is switched off in the chart", () => {
    expect(policyDocument(statements)).not.toMatch(/shield|waf|cognito/);
  });

  it("is of one service account, or the control-plane nodes' where pods have no identities", () => {
    const sids = (settings: ReturnType<typeof settingsOf>) =>
      controlPlaneStatements(settings).map(({ sid }) => sid);
    expect(sids(settingsOf({}))).not.toContain("ChangeOwnBalancers");
    expect(sids(settingsOf({}, set("podIdentity", false)))).toContain("ChangeOwnBalancers");
    expect(rolesOf(settingsOf({})).map(({ role }) => role)).toContain("AWS Load Balancer Controller");
  });

  it("fits an inline policy, and has a name for each statement", () => {
    // IAM User Guide, "IAM and AWS STS quotas": 10,240 characters without white space for all inline policies of a role.
    expect(policyDocument(statements).length).toBeLessThan(10_240);
    expect(new Set(statements.map(({ sid }) => sid)).size).toBe(statements.length);
  });
});

it("its image's registry is among those that a cluster without a way out has to mirror", () => {
  const without = set("storage", { enabled: false });
  expect(registriesWithoutMirror(settingsOf({}, without))).toContain("public.ecr.aws");
  expect(registriesWithoutMirror(awsSettings(smallAws, without))).not.toContain("public.ecr.aws");
});
