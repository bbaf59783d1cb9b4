import { describe, expect, it } from "vitest";
import { autoscalerStatements } from "../../../../model/aws/autoscaler/statements";
import { autoscalerValues } from "../../../../model/aws/autoscaler/values";
import { controlPlaneStatements, rolesOf } from "../../../../model/aws/iam";
import { awsOf } from "../../../../model/aws/spec";
import { autoscalerTags } from "../../../../model/aws/tags";
import { readCluster } from "../../../../model/settings/parse";
import { awsSettings, REGION, smallAws, WINDOWS_FILES } from "../../../support/awsInput";
import { all, set } from "../../settings/edit";

const ROLE = "arn:aws:iam::111122223333:role/one";
const batch = { min: 0, max: 4, instanceType: "t3.large" };

type Change = ReturnType<typeof set>;

interface Values {
  readonly extraArgs: Readonly<Record<string, unknown>>;
  readonly extraEnv: Readonly<Record<string, unknown>>;
  readonly image: { readonly repository: string; readonly tag: string };
}

function settingsOf(given: object, ...more: Change[]) {
  return awsSettings(smallAws, all(set("clusterAutoscaler", given), set("workers.batch", batch), ...more));
}

function valuesOf(given: object, role: string | undefined, ...more: Change[]): Values {
  const settings = settingsOf(given, ...more);
  const { clusterAutoscaler } = awsOf(settings);
  if (clusterAutoscaler === undefined) throw new Error("it is switched off");
  return autoscalerValues(settings, clusterAutoscaler, role) as unknown as Values;
}

describe("values of the chart", () => {
  it("say what the settings say, in the flags' own words", () => {
    const { extraArgs } = valuesOf(
      {
        expander: "random",
        scaleDownAfterMinutes: 3,
        scaleDownUtilization: "7%",
        keepNodesWithLocalStorage: false,
      },
      ROLE,
    );
    expect(extraArgs).toMatchObject({
      expander: "random",
      "scale-down-unneeded-time": "3m",
      "scale-down-utilization-threshold": "0.07",
      "skip-nodes-with-local-storage": false,
      "skip-nodes-with-system-pods": true,
    });
  });

  it("leave an instance the time that its pool's own hook gives it", () => {
    const limit = (...more: Change[]) => valuesOf({}, ROLE, ...more).extraArgs["max-node-provision-time"];
    expect(limit()).toBe("1800s");
    expect(limit(set("workers.batch.joinTimeoutSeconds", 3_000))).toBe("6000s");
  });

  it("name the role of its own where pods have identities, and a proxy", () => {
    const proxy = set("proxy", { https: "http://proxy.example.com:3128" });
    expect(valuesOf({}, ROLE, proxy).extraEnv).toMatchObject({
      AWS_ROLE_ARN: ROLE,
      HTTPS_PROXY: "http://proxy.example.com:3128",
    });
    expect(valuesOf({}, undefined).extraEnv).toEqual({});
  });

  it("name an image by its digest as well", () => {
    const image = `registry.example.com/scaler@sha256:${"0a".repeat(32)}`;
    const { repository, tag } = valuesOf({ image }, ROLE).image;
    expect(`${repository}:${tag}`).toBe(image);
  });

  it("run the release for the cluster's minor version, or the image of the settings", () => {
    expect(valuesOf({}, ROLE).image.tag).toBe("v1.36.1");
    expect(valuesOf({ image: "registry.example.com:5000/scaler:v1" }, ROLE).image).toEqual({
      repository: "registry.example.com:5000/scaler",
      tag: "v1",
    });
  });
});

describe("the role", () => {
  it("changes only groups that carry the cluster's tag", () => {
    const changing = autoscalerStatements(settingsOf({})).filter(({ actions }) =>
      actions.some((action) => !/:(Describe|Get)/.test(action)),
    );
    expect(changing.map(({ conditions }) => conditions)).toEqual([
      { StringEquals: { "autoscaling:ResourceTag/k8s.io/cluster-autoscaler/cloud": "owned" } },
    ]);
  });

  it("is its own where pods have identities, and else the control-plane nodes'", () => {
    const own = settingsOf({});
    expect(rolesOf(own).map(({ role }) => role)).toContain("Cluster Autoscaler");
    const sids = (settings: typeof own) => controlPlaneStatements(settings).map(({ sid }) => sid);
    expect(sids(own)).not.toContain("ScaleOwnGroups");
    expect(sids(settingsOf({}, set("podIdentity", false)))).toContain("ScaleOwnGroups");
  });
});

describe("tags of a group that scales", () => {
  const tagsOf = (...changes: Change[]) => {
    const settings = settingsOf({}, ...changes);
    const pool = awsOf(settings).pools.find(({ name }) => name === "batch");
    if (pool === undefined) throw new Error("no pool batch");
    return autoscalerTags(settings, pool);
  };

  it("tell the disk that pods get, so that an empty pool grows for one that asks for it", () => {
    expect(tagsOf(set("workers.batch.volume", { sizeGiB: 100 }))).toMatchObject({
      "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage": "80Gi",
    });
  });

  it("tell the operating system where it is not Linux", () => {
    const label = "k8s.io/cluster-autoscaler/node-template/label/kubernetes.io/os";
    expect(tagsOf()).not.toHaveProperty([label]);
    const windows = tagsOf(
      set("workers.batch", { ...batch, os: "windows-2022" }),
      set("downloads.windows", WINDOWS_FILES),
    );
    expect(windows).toHaveProperty([label], "windows");
  });

  it("are none where the size is fixed", () => {
    expect(tagsOf(set("workers.batch", { count: 2, instanceType: "t3.large" }))).toEqual({});
  });
});

describe("advice", () => {
  const advisories = (...changes: Change[]) => {
    const raw = smallAws();
    all(...changes)(raw);
    return readCluster(raw, { environment: "cloud", region: REGION }).advisories.join("\n");
  };

  it("names the setting where nothing scales a pool, and the pools where there is nothing to scale", () => {
    const pool = set("workers.batch", batch);
    expect(advisories(pool)).toContain("set clusterAutoscaler: {}");
    expect(advisories(pool, set("clusterAutoscaler", {}))).not.toContain("clusterAutoscaler");
    expect(advisories(set("clusterAutoscaler", {}))).toContain("clusterAutoscaler has nothing to scale");
    expect(advisories(pool, set("clusterAutoscaler", { enabled: false }))).toContain("set clusterAutoscaler");
  });
});
