import { describe, expect, it } from "vitest";

import { cloudControllerValues, storageClass, storageValues } from "../../../model/aws/addons/values";
import { awsSettings, largeAws, smallAws } from "../../support/awsInput";
import { all, set } from "../settings/edit";

const ROLE = "arn:aws:iam::111122223333:role/one";

interface Values {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly args: readonly string[];
  readonly region: string;
  readonly k8sTagClusterId: string;
  readonly replicaCount: number;
  readonly extraVolumeTags: Readonly<Record<string, string>>;
}

const storage = (...given: Parameters<typeof storageValues>) => storageValues(...given).controller as Values;
const cloud = (...given: Parameters<typeof cloudControllerValues>) =>
  cloudControllerValues(...given) as unknown as Values;
const names = (values: Values) => values.env.map(({ name }) => name);

describe("values of both charts", () => {
  it("lead AWS' SDKs through the proxy, and to the metadata service and the cluster without it", () => {
    const proxied = awsSettings(smallAws, set("proxy", { https: "http://proxy.example.com:3128" }));
    for (const values of [storage(proxied, ROLE), cloud(proxied, ROLE)]) {
      const value = (name: string) => values.env.find((one) => one.name === name)?.value;
      expect(value("HTTPS_PROXY")).toBe("http://proxy.example.com:3128");
      expect(value("NO_PROXY")?.split(",")).toEqual(
        expect.arrayContaining(["169.254.169.254", proxied.network.serviceCidr, proxied.network.podCidr]),
      );
      expect(new Set(names(values)).size).toBe(values.env.length);
    }
  });
});

describe("values of the EBS driver's chart", () => {
  it("give volumes the settings' tags, and none with which the driver refuses to start", () => {
    const values = storage(awsSettings(smallAws, set("tags", { team: "a" })), ROLE);
    expect(values.extraVolumeTags).toEqual({ team: "a" });
    expect(values.k8sTagClusterId).toBe("cloud");
  });

  it("say the region once: the chart makes a variable of it", () => {
    expect(storage(awsSettings(smallAws), ROLE).region).toBe("eu-central-1");
    expect(names(storage(awsSettings(smallAws), ROLE))).toEqual([
      "AWS_ROLE_ARN",
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_STS_REGIONAL_ENDPOINTS",
    ]);
    expect(names(storage(awsSettings(smallAws), undefined))).toEqual([]);
  });

  it("leave room on nodes for volumes that instances have from their start, which the driver cannot see", () => {
    const reserved = (...changes: Parameters<typeof all>) =>
      (
        storageValues(awsSettings(smallAws, all(...changes)), ROLE).node as {
          reservedVolumeAttachments?: number;
        }
      ).reservedVolumeAttachments;
    expect(reserved()).toBeUndefined();
    expect(reserved(set("controlPlane.etcdVolume", {}))).toBe(2);
    expect(reserved(set("workers.general.volumes", [{}, {}, {}]), set("controlPlane.etcdVolume", {}))).toBe(
      4,
    );
  });

  it("run as many as there are control-plane nodes for", () => {
    expect(storage(awsSettings(smallAws), ROLE).replicaCount).toBe(1);
    expect(storage(awsSettings(largeAws), ROLE).replicaCount).toBe(2);
  });
});

describe("values of the cloud controller's chart", () => {
  it("name the cluster, leave routes alone, and say region and role", () => {
    const values = cloud(awsSettings(largeAws), ROLE);
    expect(values.args).toEqual(
      expect.arrayContaining(["--cluster-name=cloud", "--configure-cloud-routes=false"]),
    );
    expect(names(values)).toEqual([
      "AWS_REGION",
      "AWS_ROLE_ARN",
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_STS_REGIONAL_ENDPOINTS",
    ]);
    expect(names(cloud(awsSettings(largeAws), undefined))).toEqual(["AWS_REGION"]);
  });
});

describe("the default StorageClass", () => {
  it("encrypts, with the settings' key where there is one", () => {
    const key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const parameters = (input: typeof smallAws, change = set("protect", false)) =>
      (storageClass(awsSettings(input, change)) as { parameters?: unknown }).parameters;
    expect(parameters(smallAws)).toEqual({ type: "gp3", encrypted: "true" });
    expect(parameters(smallAws, set("storage", { kmsKeyId: key }))).toMatchObject({ kmsKeyId: key });
  });
});
