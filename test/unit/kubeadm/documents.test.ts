import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { clusterConfiguration, initDocuments, joinDocument, nodeLabels } from "../../../model/kubeadm";
import type { ClusterSettings, ExtraArgs, Machine } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";

type Document = Record<string, unknown>;

function init(settings: ClusterSettings, first: Machine): Record<string, Document> {
  const documents = parseAllDocuments(initDocuments(settings, first)).map((one) => one.toJS() as Document);
  return Object.fromEntries(documents.map((one) => [one.kind as string, one]));
}

function join(settings: ClusterSettings, one: Machine): Document {
  return parse(joinDocument(settings, one, "/run/discovery.conf")) as Document;
}

const argument = (list: readonly { name: string; value: string }[] = [], name: string) =>
  list.filter((one) => one.name === name).map((one) => one.value);

describe("initDocuments", () => {
  const settings = settingsOf();

  it("has the four documents that kubeadm init reads, and no other", () => {
    const kinds = parseAllDocuments(initDocuments(settings, controlPlaneNode("cp1", 11))).map((one) =>
      one.get("kind"),
    );
    expect(kinds).toEqual([
      "InitConfiguration",
      "ClusterConfiguration",
      "KubeletConfiguration",
      "KubeProxyConfiguration",
    ]);
  });

  it("writes one pod range, one DNS address and one domain everywhere", () => {
    const documents = init(settings, controlPlaneNode("cp1", 11));
    expect(documents.ClusterConfiguration).toMatchObject({
      networking: { podSubnet: "10.244.0.0/16", serviceSubnet: "10.96.0.0/16", dnsDomain: "cluster.local" },
    });
    expect(documents.KubeProxyConfiguration.clusterCIDR).toBe("10.244.0.0/16");
    expect(documents.KubeletConfiguration).toMatchObject({
      clusterDNS: ["10.96.0.10"],
      clusterDomain: "cluster.local",
    });
  });

  it("leaves no token that lives, and prints none", () => {
    const { InitConfiguration } = init(settings, controlPlaneNode("cp1", 11));
    expect(InitConfiguration.bootstrapTokens).toEqual([expect.objectContaining({ ttl: "1s" })]);
    expect(JSON.stringify(InitConfiguration.bootstrapTokens)).not.toContain('"token"');
    expect(InitConfiguration.skipPhases).toContain("show-join-command");
  });

  it("switches kubeadm's CoreDNS off and keeps its kube-proxy", () => {
    expect(init(settings, controlPlaneNode("cp1", 11)).ClusterConfiguration).toMatchObject({
      dns: { disabled: true },
      proxy: { disabled: false },
    });
  });
});

describe("a node's own address", () => {
  const twoNetworks = controlPlaneNode("cp2", 12, { nodeAddress: "10.50.0.12" });

  it("is advertised and given to the kubelet at init, whatever address SSH uses", () => {
    const { InitConfiguration } = init(settingsOf(), twoNetworks);
    expect(InitConfiguration.localAPIEndpoint).toEqual({ advertiseAddress: "10.50.0.12", bindPort: 6443 });
    expect(JSON.stringify(InitConfiguration)).not.toContain(twoNetworks.ssh.host);
  });

  it("is advertised and given to the kubelet at a control-plane node's join", () => {
    const document = join(settingsOf(), twoNetworks);
    expect(document.controlPlane).toEqual({
      localAPIEndpoint: { advertiseAddress: "10.50.0.12", bindPort: 6443 },
    });
    expect(document.nodeRegistration).toMatchObject({
      name: "cp2",
      // Whatever the host calls itself now: a later name of DHCP's must not reach the kubelet.
      kubeletExtraArgs: [
        { name: "hostname-override", value: "cp2" },
        { name: "node-ip", value: "10.50.0.12" },
      ],
    });
  });
});

describe("joinDocument", () => {
  it("makes no control plane of a worker", () => {
    expect(join(settingsOf(), machine("w1"))).not.toHaveProperty("controlPlane");
  });

  it("discovers by the file alone: no token, and the CA is always verified", () => {
    const text = joinDocument(settingsOf(), machine("w1"), "/run/discovery.conf");
    expect((parse(text) as Document).discovery).toEqual({ file: { kubeConfigPath: "/run/discovery.conf" } });
    expect(text).not.toMatch(/token|unsafe/i);
  });

  it("writes an empty list of taints, or kubeadm would taint a control-plane node that shall have none", () => {
    const bare = join(settingsOf(), controlPlaneNode("cp2", 12, { taints: [] }));
    expect(bare.nodeRegistration).toHaveProperty("taints", []);
  });

  it("registers the machine's taints", () => {
    const taints = [{ key: "gpu", value: "yes", effect: "NoExecute" as const }];
    expect(join(settingsOf(), machine("w1", { taints })).nodeRegistration).toHaveProperty("taints", taints);
  });

  it("hands on the preflight errors to ignore, and writes no list when there are none", () => {
    const ignoring = settingsOf({ ignorePreflightErrors: ["SystemVerification"] });
    expect(join(ignoring, machine("w1")).nodeRegistration).toHaveProperty("ignorePreflightErrors", [
      "SystemVerification",
    ]);
    expect(join(settingsOf(), machine("w1")).nodeRegistration).not.toHaveProperty("ignorePreflightErrors");
  });
});

describe("clusterConfiguration", () => {
  it("names each host by which the API is reached once", () => {
    const settings = settingsOf({
      access: { host: "kube.example.org", port: 443 },
      apiServer: { extraArgs: {}, certSans: ["kube.example.org", "other.example.org"] },
    });
    const names = clusterConfiguration(settings).apiServer.certSANs;
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(["api.test.internal", "kube.example.org", "other.example.org", "127.0.0.1"]),
    );
  });

  it("is the same when a machine is added, so that the others have nothing to do", () => {
    const more = settingsOf({
      machines: [controlPlaneNode("cp1", 11), controlPlaneNode("cp2", 12), machine("w1"), machine("w2")],
    });
    expect(clusterConfiguration(more)).toEqual(clusterConfiguration(settingsOf()));
  });

  it("gives nodes slices of the size that the network was planned with", () => {
    const settings = settingsOf({ network: { ...settingsOf().network, nodeCidrMaskSize: 26 } });
    expect(
      argument(clusterConfiguration(settings).controllerManager.extraArgs, "node-cidr-mask-size"),
    ).toEqual(["26"]);
  });

  it("lets the user's argument win, and gives no argument twice", () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(-[a-z]{1,8})?$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (extra) => {
        const users = { ...extra, profiling: "true" };
        const settings = settingsOf({ apiServer: { extraArgs: users, certSans: [] } });
        const args = clusterConfiguration(settings).apiServer.extraArgs ?? [];
        expect(new Set(args.map((one) => one.name)).size).toBe(args.length);
        for (const [key, value] of Object.entries(users)) expect(argument(args, key)).toEqual([value]);
      }),
    );
  });

  const withArgs = (apiServer: ExtraArgs, controllerManager: ExtraArgs = {}, etcd: ExtraArgs = {}) =>
    clusterConfiguration(
      settingsOf({
        apiServer: { ...settingsOf().apiServer, extraArgs: apiServer },
        controllerManager: { ...settingsOf().controllerManager, extraArgs: controllerManager },
        etcd: { ...settingsOf().etcd, extraArgs: etcd },
      }),
    );

  it("keeps the library's admission plugins in every list, once, but for one that is switched off", () => {
    const name = "enable-admission-plugins";
    const own = "NodeRestriction,DenyServiceExternalIPs";
    for (const [given, written] of [
      [{}, own],
      [{ [name]: "PodNodeSelector,AlwaysPullImages" }, `PodNodeSelector,AlwaysPullImages,${own}`],
      [{ [name]: own }, own],
      [
        { [name]: "AlwaysPullImages, NodeRestriction" },
        "AlwaysPullImages,NodeRestriction,DenyServiceExternalIPs",
      ],
      [{ "disable-admission-plugins": "DenyServiceExternalIPs" }, "NodeRestriction"],
    ] as const)
      expect(argument(withArgs(given).apiServer.extraArgs, name)).toEqual([written]);
  });

  it("keeps what kubeadm adds to the controllers and to etcd's gates, unless it is switched off by name", () => {
    const { controllerManager, etcd } = withArgs(
      {},
      { controllers: "*,-tokencleaner" },
      { "feature-gates": "CompactHashCheck=true" },
    );
    expect(argument(controllerManager.extraArgs, "controllers")).toEqual(["*,-tokencleaner,bootstrapsigner"]);
    expect(argument(etcd.local.extraArgs, "feature-gates")).toEqual([
      "CompactHashCheck=true,InitialCorruptCheck=true",
    ]);
  });

  it("writes a flag that is given several times once for each value, in their order", () => {
    const issuers = ["https://new.example.com", "https://old.example.com"];
    const { apiServer } = withArgs({ "service-account-issuer": issuers });
    expect(argument(apiServer.extraArgs, "service-account-issuer")).toEqual(issuers);
  });

  it("writes the same bytes whatever the order of the user's arguments", () => {
    const one = settingsOf({ scheduler: { extraArgs: { v: "2", "leader-elect": "false" } } });
    const two = settingsOf({ scheduler: { extraArgs: { "leader-elect": "false", v: "2" } } });
    expect(clusterConfiguration(one)).toEqual(clusterConfiguration(two));
  });

  it("pins etcd only when it is not kubeadm's own, or an upgrade would leave it behind", () => {
    expect(clusterConfiguration(settingsOf()).etcd.local).not.toHaveProperty("imageTag");
    const pinned = settingsOf({ versions: { ...settingsOf().versions, etcd: "3.6.14-0" } });
    expect(clusterConfiguration(pinned).etcd.local.imageTag).toBe("3.6.14-0");
  });

  it("takes the endpoint of the settings for everybody, with its port", () => {
    expect(clusterConfiguration(settingsOf()).controlPlaneEndpoint).toBe("api.test.internal:7443");
  });

  it("gives the API server the proxy, and what goes past it", () => {
    const settings = settingsOf({
      proxy: { https: "http://proxy:3128", noProxy: ["10.96.0.0/16", ".internal"] },
    });
    expect(clusterConfiguration(settings).apiServer.extraEnvs).toEqual([
      { name: "HTTPS_PROXY", value: "http://proxy:3128" },
      { name: "NO_PROXY", value: "10.96.0.0/16,.internal" },
    ]);
    expect(clusterConfiguration(settingsOf()).apiServer).not.toHaveProperty("extraEnvs");
  });

  it("gives leaf certificates the days of the settings in hours", () => {
    const settings = settingsOf({
      certificates: { validityDays: 90, renewBeforeDays: 30, rotationGraceSeconds: 300 },
    });
    expect(clusterConfiguration(settings).certificateValidityPeriod).toBe("2160h0m0s");
  });
});

describe("nodeLabels", () => {
  it("names a worker's pool as its role and keeps the user's labels", () => {
    const labels = nodeLabels(machine("w1", { pool: "gpu", labels: { zone: "a" } }));
    expect(labels).toEqual({ "node-role.kubernetes.io/gpu": "", zone: "a" });
  });

  it("leaves a control-plane node's role to kubeadm", () => {
    expect(nodeLabels(controlPlaneNode("cp1", 11))).toEqual({});
  });
});
