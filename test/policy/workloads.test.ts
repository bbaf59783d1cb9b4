import { describe, expect, it } from "vitest";
import { exposedServices, keysInSecrets, pinnedImages, privilegedContainers } from "../../policy";
import { fake, messages, privateKeyPem, run, unknown, type Fake } from "./support";

const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

/** A workload that no policy has anything against. */
function deployment(container: object = {}, metadata: object = {}): Fake {
  const containers = [{ name: "web", image: "registry.example.org:5000/shop/web:1.2.3", ...container }];
  return fake(
    DEPLOYMENT,
    {
      metadata: { name: "web", namespace: "shop", ...metadata },
      spec: { template: { spec: { containers } } },
    },
    { name: "web" },
  );
}

describe("pinned-images", () => {
  it.each([
    "nginx:1.29",
    "registry.example.org:5000/shop/web:1.2.3",
    "nginx@sha256:0123",
    "nginx:latest@sha256:0123",
    "registry.example.org:5000/web@sha256:0123",
  ])("takes %s", async (image) => {
    expect(await messages(pinnedImages, deployment({ image }))).toEqual([]);
  });

  it.each([
    "nginx",
    "nginx:latest",
    "registry.example.org:5000/shop/web",
    "registry.example.org:5000/web:latest",
  ])("reports %s", async (image) => {
    expect(await messages(pinnedImages, deployment({ image }))).toEqual([
      `container web of web runs ${image}, which can be another image tomorrow`,
    ]);
  });

  const spec = { containers: [{ name: "c", image: "nginx" }] };
  it.each([
    ["kubernetes:core/v1:Pod", { spec }],
    ["kubernetes:core/v1:PodTemplate", { template: { spec } }],
    ["kubernetes:core/v1:ReplicationController", { spec: { template: { spec } } }],
    ["kubernetes:apps/v1:DaemonSet", { spec: { template: { spec } } }],
    ["kubernetes:apps/v1:ReplicaSet", { spec: { template: { spec } } }],
    ["kubernetes:apps/v1:StatefulSet", { spec: { template: { spec } } }],
    ["kubernetes:batch/v1:Job", { spec: { template: { spec } } }],
    ["kubernetes:batch/v1:CronJob", { spec: { jobTemplate: { spec: { template: { spec } } } } }],
  ])("looks into a %s", async (type, props) => {
    expect(await messages(pinnedImages, fake(type, props))).toHaveLength(1);
  });

  it("looks at containers that only start the others, and past an image not known yet", async () => {
    const one = deployment({ image: unknown });
    const { template } = one.props.spec as { template: { spec: Record<string, unknown> } };
    template.spec.initContainers = [{ name: "init", image: "busybox" }];
    expect(await messages(pinnedImages, one)).toEqual([expect.stringContaining("container init of web")]);
  });

  it("does not look at objects without pods", async () => {
    expect((await run(pinnedImages, fake("kubernetes:core/v1:Service", {}))).notApplicable).toBe("no pods");
  });
});

describe("privileged-containers", () => {
  const privileged = (namespace?: string) =>
    deployment({ securityContext: { privileged: true } }, { namespace });

  it("reports a privileged container in an ordinary namespace", async () => {
    expect(await messages(privilegedContainers, privileged("shop"))).toEqual([
      "container web of web in shop is privileged: root on its node",
    ]);
    expect(await messages(privilegedContainers, privileged())).toEqual([
      expect.stringContaining("in default"),
    ]);
  });

  it.each(["kube-system", "kube-flannel"])("lets it be in %s", async (namespace) => {
    expect(await messages(privilegedContainers, privileged(namespace))).toEqual([]);
  });

  it("goes by the configuration instead", async () => {
    const config = { namespaces: ["shop"] };
    expect(await messages(privilegedContainers, privileged("shop"), config)).toEqual([]);
    expect(await messages(privilegedContainers, privileged("kube-system"), config)).toHaveLength(1);
  });

  it("takes single capabilities", async () => {
    const one = deployment({ securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN"] } } });
    expect(await messages(privilegedContainers, one)).toEqual([]);
  });
});

describe("exposed-services", () => {
  const service = (type?: string) =>
    fake("kubernetes:core/v1:Service", { metadata: { name: "web", namespace: "shop" }, spec: { type } });

  it.each(["LoadBalancer", "NodePort"])("lists a %s, unless it is named in `allow`", async (type) => {
    expect(await messages(exposedServices, service(type))).toEqual([
      `Service shop/web is a ${type}: it is reachable from outside the cluster`,
    ]);
    expect(await messages(exposedServices, service(type), { allow: ["shop/web"] })).toEqual([]);
    expect(await messages(exposedServices, service(type), { allow: ["web"] })).toHaveLength(1);
  });

  it.each(["ClusterIP", undefined])("does not list type %s", async (type) => {
    expect(await messages(exposedServices, service(type))).toEqual([]);
  });
});

describe("keys-in-secrets", () => {
  const configMap = (data: Record<string, string>) =>
    fake("kubernetes:core/v1:ConfigMap", { metadata: { name: "tls" }, data });
  const base64 = Buffer.from(privateKeyPem).toString("base64");

  it("reports a key in a ConfigMap, as it is and in base64, without repeating it", async () => {
    expect(await messages(keysInSecrets, configMap({ "tls.key": privateKeyPem }))).toEqual([
      "one has a private key in data.tls.key",
    ]);
    const binary = fake("kubernetes:core/v1:ConfigMap", { binaryData: { k: base64 } });
    expect(await messages(keysInSecrets, binary)).toEqual(["one has a private key in binaryData.k"]);
  });

  it("reports one in a pod's environment", async () => {
    const one = deployment({ env: [{ name: "KEY", value: privateKeyPem }] });
    expect(await messages(keysInSecrets, one)).toEqual([
      "web has a private key in spec.template.spec.containers.0.env.0.value",
    ]);
  });

  it("takes certificates, and what is not known yet", async () => {
    const data = {
      "ca.crt": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
      later: unknown,
    };
    expect(await messages(keysInSecrets, configMap(data))).toEqual([]);
  });

  it("does not look at Secrets, nor at what is not an object of the API", async () => {
    const types = [
      "kubernetes:core/v1:Secret",
      "kubernetes:helm.sh/v3:Release",
      "kubernetes:yaml/v2:ConfigGroup",
    ];
    for (const type of types)
      expect((await run(keysInSecrets, fake(type, { k: privateKeyPem }))).notApplicable, type).toBeDefined();
  });
});
