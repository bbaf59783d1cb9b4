import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { StepInput } from "../../host/protocol";
import { Cluster, type ClusterArgs } from "../../components/cluster";
import { byName, record, type Recorded } from "../../testing/recorder";
import { metalInput } from "../support/settings";
import { made } from "./providers";

const S3 = { kind: "s3", bucket: "backups", endpoint: "https://minio.example.com", credentials: "s3" };

function cluster(etcd: object): Promise<readonly Recorded[]> {
  const settings = { ...metalInput(), etcd };
  return record(
    () => {
      new Cluster("metal", {
        settings: settings as unknown as ClusterArgs["settings"],
        environment: "metal",
        secrets: {
          operator: pulumi.secret("key of operator"),
          s3: pulumi.secret("AKIAEXAMPLE:secret of the bucket"),
        },
      });
    },
    { outputs: made, onWarning: () => undefined },
  );
}

/** Paths of the secret files that a step gets by standard input, with their content. */
function filesOf(resources: readonly Recorded[], step: string): Record<string, string> {
  const sent = byName(resources, step).inputs["stdin"];
  expect(pulumi.runtime.isRpcSecret(sent)).toBe(true);
  const { files } = JSON.parse(pulumi.runtime.unwrapRpcSecret(sent) as string) as StepInput;
  return Object.fromEntries(files.map(({ path, content }) => [path, content]));
}

const FOLDER = "/etc/kubernetes/pulumi-kubeadm/backup";

describe("backups of etcd", () => {
  it("give control-plane nodes, and nobody else, a key of their own from the state, and the login of the bucket", async () => {
    const resources = await cluster({ backup: { target: S3 } });
    const own = filesOf(resources, "metal-control-plane-cp2-node");
    expect(own[`${FOLDER}/s3-credentials`]).toBe("AKIAEXAMPLE:secret of the bucket");
    const key = own[`${FOLDER}/key`] ?? "";
    expect(Buffer.from(key, "base64")).toHaveLength(32);
    // Another one than that of Secrets in etcd, and the same on every node and in every run.
    expect(JSON.stringify(own).split(key)).toHaveLength(2);
    const again = await cluster({ backup: { target: S3 } });
    expect(filesOf(again, "metal-control-plane-cp3-node")[`${FOLDER}/key`]).toBe(key);
    expect(JSON.stringify(filesOf(resources, "metal-pool-general-w1-node"))).not.toContain(FOLDER);
  });

  it("change nothing of a cluster that has none", async () => {
    const resources = await cluster({});
    expect(Object.keys(filesOf(resources, "metal-control-plane-cp1-node")).join()).not.toContain("backup");
  });
});
