/** Policies over resources that people write themselves, of which any property may be missing, empty, wrong or not known. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as all from "../../policy";
import { isUnknownValue } from "../../policy/values";
import { fake, messages, privateKeyPem, run, unknown, type Fake, type Policy } from "./support";

const SPEC = {
  clusterName: "shop.internal",
  kubernetesVersion: "1.36.4",
  fixed: { podCidr: "10.244.0.0/16", cniBackend: "vxlan" },
  node: { network: { dnsServiceAddress: "10.96.0.10" } },
};

const step = (spec: object, stdin: unknown = "{}") =>
  fake("command:local:Command", {
    environment: { KUBEADM_SPEC: JSON.stringify({ step: "node", role: "controlPlane", ...spec }) },
    stdin,
  });

const pods = { template: { spec: { containers: [{ name: "web", image: "web:1", securityContext: {} }] } } };
const WRITTEN: readonly Fake[] = [
  fake("kubernetes:apps/v1:Deployment", { metadata: { name: "web", namespace: "shop" }, spec: pods }),
  fake("kubernetes:core/v1:ConfigMap", { metadata: { name: "flannel" }, data: { "net-conf.json": "{}" } }),
  fake("kubernetes:core/v1:Service", {
    metadata: { name: "kube-dns", namespace: "kube-system" },
    spec: { type: "NodePort", clusterIP: "10.96.0.10" },
  }),
  fake("command:remote:Command", { create: "ls", connection: { host: "web", proxy: { host: "bastion" } } }),
  fake("tls:index/locallySignedCert:LocallySignedCert", {
    isCaCertificate: true,
    validityPeriodHours: 1,
    allowedUses: ["client_auth"],
  }),
  fake("tls:index/privateKey:PrivateKey", { algorithm: "RSA", rsaBits: 1024 }),
  fake("aws:ec2/instance:Instance", {
    metadataOptions: { httpTokens: "optional", httpPutResponseHopLimit: 9 },
    rootBlockDevice: { encrypted: false },
    ebsBlockDevices: [{ encrypted: false }],
  }),
  fake("aws:ec2/launchTemplate:LaunchTemplate", { blockDeviceMappings: [{ ebs: { encrypted: "false" } }] }),
  fake("aws:ec2/securityGroup:SecurityGroup", { ingress: [{ cidrBlocks: ["0.0.0.0/0"], protocol: "-1" }] }),
  fake("aws:s3/bucketPolicy:BucketPolicy", { policy: '{"Statement":[{"Effect":"Allow","Principal":"*"}]}' }),
];

const JUNK = [null, undefined, unknown, 7, "", "text", true, [], [null], [unknown], {}, { inner: null }];

/** Every place in a value. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== "object") return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner: unknown, index) => (String(index) === key ? replaced(inner, rest, by) : inner));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}

const changed = fc.constantFrom(...WRITTEN).chain((one) => {
  const paths = pathsOf(one.props).filter((path) => path.length > 0);
  return fc
    .tuple(fc.constantFrom(...paths), fc.constantFrom(...JUNK))
    .map(([path, by]): Fake => ({ ...one, props: replaced(one.props, path, by) as Fake["props"] }));
});

const isPerStack = (policy: Policy) => "validateStack" in policy;

describe("a property of any kind", () => {
  it("ends no policy but by the word that it is not known", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all.policies), changed, async (policy, one) => {
        const stack = isPerStack(policy) ? [step(SPEC), { ...one, urn: `${one.urn}-two` }] : one;
        await run(policy, stack).catch((error: unknown) => {
          if (!isUnknownValue(error)) throw error;
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    {},
    { clusterName: "shop" },
    { clusterName: "shop", fixed: null },
    { clusterName: 7, fixed: { podCidr: 7 } },
  ])("in somebody else's KUBEADM_SPEC makes no cluster of it: %j", async (spec) => {
    for (const policy of all.policies.filter(isPerStack))
      expect((await run(policy, [step(spec)])).notApplicable, policy.name).toContain("no cluster");
  });

  it.each(["", "null", "7", '{"connections":null}', '{"connections":{"cp1":null}}'])(
    "in a step's standard input is not a pinned host key: %s",
    async (stdin) => {
      expect(await messages(all.pinnedHostKeys, step(SPEC, stdin))).toHaveLength(1);
    },
  );
});

describe("a patch of an object", () => {
  it("is held to what holds for the object", async () => {
    const unpinned = fake("kubernetes:apps/v1:DeploymentPatch", {
      spec: { template: { spec: { containers: [{ name: "web", image: "web:latest" }] } } },
    });
    expect(await messages(all.pinnedImages, unpinned)).toHaveLength(1);
    const exposed = fake("kubernetes:core/v1:ServicePatch", { spec: { type: "LoadBalancer" } });
    expect(await messages(all.exposedServices, exposed)).toHaveLength(1);
  });

  it("may hold a key where the object may", async () => {
    const secret = fake("kubernetes:core/v1:SecretPatch", { stringData: { key: privateKeyPem } });
    expect((await run(all.keysInSecrets, secret)).notApplicable).toBeDefined();
  });
});
