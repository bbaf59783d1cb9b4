import { describe, expect, it } from "vitest";
import { podWithRole } from "../../../model/aws/podRole";

const role = {
  arn: "arn:aws:iam::111122223333:role/backup",
  serviceAccount: "backup",
  region: "eu-central-1",
};

describe("a pod with a role", () => {
  const pod = podWithRole(
    {
      restartPolicy: "Never",
      containers: [{ name: "a", env: [{ name: "AWS_REGION", value: "us-east-1" }] }, { name: "b" }],
      initContainers: [{ name: "c", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
      volumes: [{ name: "data", emptyDir: {} }],
    },
    role,
  );

  it("is the service account's, with a token that STS takes", () => {
    expect(pod).toMatchObject({ serviceAccountName: "backup", restartPolicy: "Never" });
    expect(pod.volumes?.slice(1)).toEqual([
      {
        name: "aws-token",
        projected: {
          sources: [
            {
              serviceAccountToken: { path: "token", audience: "sts.amazonaws.com", expirationSeconds: 3600 },
            },
          ],
        },
      },
    ]);
  });

  it("tells every container where the token is and which role it is for, and keeps what it has", () => {
    const told = (container: { env?: readonly object[]; volumeMounts?: readonly object[] } | undefined) => ({
      env: Object.fromEntries((container?.env ?? []).map((one) => Object.values(one) as [string, string])),
      mounts: (container?.volumeMounts ?? []).map((one) => (one as { name: string }).name),
    });
    const variables = {
      AWS_REGION: "eu-central-1",
      AWS_ROLE_ARN: role.arn,
      AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/sts.amazonaws.com/serviceaccount/token",
      AWS_STS_REGIONAL_ENDPOINTS: "regional",
    };
    expect(told(pod.containers[0])).toEqual({
      env: { ...variables, AWS_REGION: "us-east-1" },
      mounts: ["aws-token"],
    });
    expect(told(pod.containers[1])).toEqual({ env: variables, mounts: ["aws-token"] });
    expect(told(pod.initContainers?.[0])).toEqual({ env: variables, mounts: ["data", "aws-token"] });
  });

  it("has no init containers where it had none", () => {
    expect("initContainers" in podWithRole({ containers: [] }, role)).toBe(false);
  });
});
