import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ecrProvider, isPrivateEcr } from "../../../../model/aws/ecr/registry";
import { ECR_CHECKSUMS } from "../../../../model/aws/ecr/settings";
import { rolesOf } from "../../../../model/aws/iam";
import { awsOf } from "../../../../model/aws/spec";
import { renderNode } from "../../../../model/node/render";
import { nodeSetupSpec } from "../../../../model/settings/specs";
import { awsSettings, largeAws, REGION, smallAws } from "../../../support/awsInput";
import { windowsAws } from "../../../support/windowsSettings";
import { all, set, type Change } from "../../settings/edit";

const SHA = "0123456789abcdef".repeat(4);

function setup(change: Change) {
  const settings = awsSettings(smallAws, change);
  const machine = settings.machines[0] ?? expect.fail("no machine");
  const { files, setupScript } = renderNode(nodeSetupSpec(settings, machine));
  const content = (end: string) => files.find(({ path }) => path.endsWith(end))?.content;
  return {
    setupScript,
    config: content("credential-providers.yaml"),
    unit: content("10-kubeadm.conf") ?? "",
  };
}

/** Part by part, as the kubelet matches a host (k8s.io/kubernetes, pkg/credentialprovider, URLsMatch). */
function matches(pattern: string, host: string): boolean {
  const [wanted, given] = [pattern.split("."), host.split(".")];
  return (
    wanted.length === given.length && wanted.every((part, index) => part === "*" || part === given[index])
  );
}

describe("a node that pulls from ECR", () => {
  it("has the provider by version and checksum, its configuration, and both flags", () => {
    const { setupScript, config, unit } = setup(set("ecr", {}));
    const folder = "/opt/pulumi-kubeadm/ecr-credential-provider/1.36.1";
    expect(setupScript).toContain(
      `install_download ${folder} ecr-credential-provider binary ` +
        `https://artifacts.k8s.io/binaries/cloud-provider-aws/v1.36.1/linux/amd64/ecr-credential-provider-linux-amd64 ${ECR_CHECKSUMS["1.36.1"]?.amd64}`,
    );
    expect(unit).toContain(
      `--image-credential-provider-config=/etc/pulumi-kubeadm/credential-providers.yaml --image-credential-provider-bin-dir=${folder}/bin`,
    );
    expect(parse(config ?? "")).toMatchObject({
      kind: "CredentialProviderConfig",
      apiVersion: "kubelet.config.k8s.io/v1",
      providers: [
        {
          name: "ecr-credential-provider",
          apiVersion: "credentialprovider.kubelet.k8s.io/v1",
          defaultCacheDuration: "0s",
        },
      ],
    });
  });

  it("has nothing of it otherwise", () => {
    const { setupScript, config, unit } = setup(() => undefined);
    expect(config).toBeUndefined();
    expect(setupScript).not.toContain("ecr-credential-provider");
    expect(unit).not.toContain("image-credential-provider");
  });

  it("takes another version with its checksum, from the mirror", () => {
    const given = { version: "1.37.1", checksums: { amd64: SHA } };
    const { setupScript } = setup(
      all(set("ecr", given), set("downloads", { mirror: "https://mirror.internal/k8s/" })),
    );
    expect(setupScript).toContain(
      `https://mirror.internal/k8s/artifacts.k8s.io/binaries/cloud-provider-aws/v1.37.1/linux/amd64/ecr-credential-provider-linux-amd64 ${SHA}`,
    );
  });

  it.each([
    [REGION, "111122223333.dkr.ecr.eu-central-1.amazonaws.com", true],
    [REGION, "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com", true],
    [REGION, "111122223333.dkr-ecr.eu-central-1.on.aws", true],
    [REGION, "111122223333.dkr-ecr-fips.us-east-1.on.aws", true],
    [REGION, "registry.k8s.io", false],
    [REGION, "public.ecr.aws", false],
    ["cn-north-1", "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", true],
    ["cn-north-1", "111122223333.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", true],
  ])("in %s asks the provider about %s: %s", (region, host, asked) => {
    const settings = awsSettings(smallAws, set("ecr", {}), region);
    const patterns = ecrProvider(awsOf(settings), "amd64", undefined)?.matchImages ?? [];
    expect(patterns.some((pattern) => matches(pattern, host))).toBe(asked);
    expect(isPrivateEcr(`${host}/app:1`)).toBe(asked);
  });
});

describe("roles of nodes", () => {
  const pulls = (ecr: object | undefined, base = largeAws) =>
    Object.fromEntries(
      rolesOf(awsSettings(base, ecr && set("ecr", ecr))).map(({ role, statements }) => [
        role,
        statements.filter((one) => one.actions.some((action) => action.startsWith("ecr:"))),
      ]),
    );

  it("may pull from their own account, and no add-on's may", () => {
    const roles = pulls({});
    expect(Object.keys(roles).filter((role) => (roles[role] ?? []).length > 0)).toEqual([
      "control plane",
      "pool general",
      "pool burst",
    ]);
    const [login, own, ...more] = roles["pool general"] ?? [];
    expect(login).toMatchObject({ actions: ["ecr:GetAuthorizationToken"], resources: ["*"] });
    expect(own).toMatchObject({
      resources: ["arn:aws:ecr:*:*:repository/*"],
      conditions: { StringEquals: { "aws:ResourceAccount": "${aws:PrincipalAccount}" } },
    });
    expect(more).toEqual([]);
    expect(Object.values(pulls(undefined)).flat()).toEqual([]);
  });

  it("may pull from the accounts that are named, and from no third one", () => {
    const others = (pulls({ accounts: ["444455556666"] })["pool burst"] ?? []).find(
      ({ sid }) => sid === "PullImagesOfOthers",
    );
    expect(others).toMatchObject({
      resources: ["arn:aws:ecr:*:*:repository/*"],
      conditions: { StringEquals: { "aws:ResourceAccount": ["444455556666"] } },
    });
    expect(others?.actions).not.toContain("ecr:CreateRepository");
  });

  it("may make repositories by a cache rule only where that is asked for", () => {
    const actions = (ecr: object) => (pulls(ecr)["control plane"] ?? []).flatMap((one) => one.actions);
    expect(actions({})).not.toContain("ecr:BatchImportUpstreamImage");
    expect(actions({ pullThroughCache: true })).toEqual(
      expect.arrayContaining(["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]),
    );
  });

  it("of Windows nodes may not: nothing there logs in", () => {
    const roles = pulls({}, windowsAws);
    const windows = awsOf(awsSettings(windowsAws)).pools.filter(({ platform }) => platform === "windows");
    expect(windows.length).toBeGreaterThan(0);
    for (const { name } of windows) expect(roles[`pool ${name}`]).toEqual([]);
  });
});

describe("a mirror in ECR", () => {
  it("gets an advisory: containerd has no login for it", () => {
    const advisories = (url: string) =>
      awsSettings(smallAws, set("images", { mirrors: { "docker.io": [url] } })).advisories.filter((one) =>
        one.includes("ECR"),
      );
    expect(advisories("https://111122223333.dkr.ecr.eu-central-1.amazonaws.com/docker")).toHaveLength(1);
    expect(advisories("https://mirror.example.com")).toEqual([]);
  });
});
