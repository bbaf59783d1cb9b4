import { describe, expect, it } from "vitest";
import { flannelManifests } from "../../support/cniManifests";
import { configHashAnnotation, type KubernetesObject } from "../../../model/kubernetes";
import type { ClusterSettings, FlannelSettings } from "../../../model/settings/resolved";
import { settingsOf } from "../../support/kubeadmSettings";

interface Container {
  name: string;
  image: string;
  command: string[];
  args?: string[];
  env?: { name: string; valueFrom?: { fieldRef: { fieldPath: string } } }[];
  readinessProbe?: unknown;
  livenessProbe?: { httpGet: { host: string; port: number } };
  volumeMounts?: { name: string; mountPath: string }[];
}

interface PodTemplate {
  metadata: { annotations: Record<string, string> };
  spec: {
    hostNetwork: boolean;
    tolerations: { key?: string; operator: string; effect?: string }[];
    initContainers: Container[];
    containers: Container[];
    volumes: { name: string }[];
  };
}

function object(settings: ClusterSettings, kind: string): KubernetesObject {
  const found = flannelManifests(settings).filter((one) => one.kind === kind);
  expect(found).toHaveLength(1);
  return found[0];
}

function template(settings: ClusterSettings): PodTemplate {
  return (object(settings, "DaemonSet").spec as unknown as { template: PodTemplate }).template;
}

function config(settings: ClusterSettings, file: "net-conf.json" | "cni-conf.json"): unknown {
  return JSON.parse((object(settings, "ConfigMap").data as Record<string, string>)[file]);
}

const plain: FlannelSettings = {
  kind: "flannel",
  backend: "vxlan",
  windows: false,
  networkPolicy: "none",
  resources: {},
};
const flannel = (over: Partial<FlannelSettings>, more: Partial<ClusterSettings> = {}) =>
  settingsOf({ cni: { ...plain, ...over }, ...more });

describe("net-conf.json", () => {
  it("has the cluster's own pod range", () => {
    const network = { ...settingsOf().network, podCidr: "172.20.0.0/14" };
    expect(config(settingsOf({ network }), "net-conf.json")).toMatchObject({ Network: "172.20.0.0/14" });
  });

  it.each<[string, Partial<FlannelSettings>, object]>([
    ["vxlan's own defaults, as firewalls are told", {}, { Type: "vxlan", VNI: 1, Port: 8472 }],
    ["vxlan's number and port", { vni: 7, port: 4789 }, { Type: "vxlan", VNI: 7, Port: 4789 }],
    ["host-gw", { backend: "host-gw" }, { Type: "host-gw" }],
    ["wireguard", { backend: "wireguard" }, { Type: "wireguard", ListenPort: 51820 }],
  ])("writes %s", (_, cni, backend) => {
    expect(config(flannel(cni), "net-conf.json")).toHaveProperty("Backend", backend);
  });

  it.each<[FlannelSettings["backend"], number]>([
    ["vxlan", 1450],
    ["wireguard", 1420],
  ])(
    "gives %s the MTU from which flannel takes its overhead, for pods to have the one wanted",
    (backend, mtu) => {
      expect(config(flannel({ backend, mtu }), "net-conf.json")).toHaveProperty("Backend.MTU", 1500);
    },
  );

  it("gives vxlan the nodes' MTU when only that is known, and none when nothing is", () => {
    const network = { ...settingsOf().network, mtu: 9001 };
    expect(config(flannel({}, { network }), "net-conf.json")).toHaveProperty("Backend.MTU", 9001);
    expect(config(flannel({}), "net-conf.json")).not.toHaveProperty("Backend.MTU");
  });

  it("uses kube-proxy's firewall tool and no second one", () => {
    const iptables = settingsOf({ kubeProxy: { mode: "iptables", config: {} } });
    expect(config(settingsOf(), "net-conf.json")).toHaveProperty("EnableNFTables", true);
    expect(config(iptables, "net-conf.json")).toHaveProperty("EnableNFTables", false);
  });
});

describe("Windows nodes", () => {
  const windows = flannel({ windows: true, vni: 4096, port: 4789 });

  it("find their network by its name, number and port", () => {
    expect(config(windows, "net-conf.json")).toHaveProperty("Backend", {
      Type: "vxlan",
      VNI: 4096,
      Port: 4789,
      Name: "vxlan0",
    });
  });

  it("leave Linux' network its name, by which a node keeps the addresses it gave away", () => {
    expect(config(windows, "cni-conf.json")).toEqual(config(flannel({}), "cni-conf.json"));
    expect(config(windows, "cni-conf.json")).toHaveProperty("name", "cbr0");
  });
});

describe("NetworkPolicy", () => {
  const enforced = flannel({ networkPolicy: "kube-network-policies" });
  const controllers = (settings: ClusterSettings): KubernetesObject[] =>
    flannelManifests(settings).filter((one) => one.metadata.name === "kube-network-policies");

  it("has its controller on every node where it is asked for, and nothing where not", () => {
    expect(controllers(enforced).map((one) => one.kind)).toEqual([
      "ServiceAccount",
      "ClusterRole",
      "ClusterRoleBinding",
      "DaemonSet",
    ]);
    expect(controllers(flannel({}))).toEqual([]);
  });

  it("has the controller's metrics on its own host alone, and its image pinned", () => {
    const [controller] = (
      controllers(enforced).at(-1)?.spec as unknown as { template: { spec: { containers: Container[] } } }
    ).template.spec.containers;
    expect(controller.args).toContain("--metrics-bind-address=127.0.0.1:9080");
    expect(controller.image).toBe("registry.k8s.io/networking/kube-network-policies:v1.1.0");
  });
});

describe("cni-conf.json", () => {
  it("gives the bridge the MTU on host-gw, which flannel cannot be told", () => {
    expect(config(flannel({ backend: "host-gw", mtu: 1400 }), "cni-conf.json")).toMatchObject({
      plugins: [{ type: "flannel", delegate: { mtu: 1400 } }, { type: "portmap" }],
    });
    expect(JSON.stringify(config(flannel({ mtu: 1400 }), "cni-conf.json"))).not.toContain("mtu");
  });
});

describe("DaemonSet", () => {
  it("takes the interface of the address that the kubelet registered, on every node its own", () => {
    const [flanneld] = template(settingsOf()).spec.containers;
    expect(flanneld.args).toContain("--iface=$(NODE_IP)");
    expect(flanneld.env).toContainEqual({
      name: "NODE_IP",
      valueFrom: { fieldRef: { fieldPath: "status.hostIP" } },
    });
  });

  it("runs on nodes with any taint, or they would never get a network", () => {
    expect(template(settingsOf()).spec.tolerations).toEqual([{ operator: "Exists" }]);
  });

  it("rolls when its configuration changes, and only then", () => {
    const hash = (settings: ClusterSettings) => template(settings).metadata.annotations[configHashAnnotation];
    const otherReplicas = settingsOf({
      addons: { ...settingsOf().addons, coredns: { ...settingsOf().addons.coredns, replicas: 5 } },
    });
    expect(hash(flannel({ vni: 2 }))).not.toBe(hash(settingsOf()));
    expect(hash(otherReplicas)).toBe(hash(settingsOf()));
  });

  it("answers health checks to its own host alone", () => {
    const [flanneld] = template(settingsOf()).spec.containers;
    expect(flanneld.args).toContain("--healthz-ip=127.0.0.1");
    expect(flanneld.args).toContain(`--healthz-port=${flanneld.livenessProbe?.httpGet.port}`);
    expect(flanneld.livenessProbe?.httpGet.host).toBe("127.0.0.1");
  });

  it.each([
    ["v0.28.8", false],
    ["v0.28.9", true],
    ["v0.28.10", true],
  ])("asks flannel %s whether it is ready: %s", (version, asks) => {
    const settings = settingsOf({ versions: { ...settingsOf().versions, flannel: version } });
    expect(template(settings).spec.containers[0].readinessProbe !== undefined).toBe(asks);
  });

  it("takes its images from the versions of the settings", () => {
    const { spec } = template(settingsOf());
    expect([...spec.initContainers, ...spec.containers].map((one) => one.image)).toEqual([
      "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3",
      "ghcr.io/flannel-io/flannel:v0.28.10",
      "ghcr.io/flannel-io/flannel:v0.28.10",
      "ghcr.io/flannel-io/flannel:v0.28.10",
    ]);
  });

  it.each<[string, Partial<FlannelSettings>, string | undefined]>([
    ["vxlan keeps its own link", {}, "\nvni=1\n"],
    ["vxlan of another identifier drops flannel.1", { vni: 4096, windows: true }, "\nvni=4096\n"],
    ["host-gw touches no link", { backend: "host-gw" }, undefined],
  ])("%s", (_, over, expected) => {
    const { initContainers } = template(flannel(over)).spec;
    const [found] = initContainers.filter((one) => one.name === "drop-old-links");
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found.command.at(-1)).toContain(expected);
  });

  it("mounts only volumes that it has, and has none that nobody mounts", () => {
    const { spec } = template(settingsOf());
    const mounted = [...spec.initContainers, ...spec.containers].flatMap((one) =>
      (one.volumeMounts ?? []).map((m) => m.name),
    );
    expect(new Set(mounted)).toEqual(new Set(spec.volumes.map((one) => one.name)));
  });
});

describe("objects", () => {
  it("live in a namespace that lets flannel use the host's network", () => {
    const { labels } = object(settingsOf(), "Namespace").metadata;
    expect(labels).toHaveProperty(["pod-security.kubernetes.io/enforce"], "privileged");
  });

  it("bind the role to the account that the pods run as", () => {
    const settings = settingsOf();
    const account = object(settings, "ServiceAccount").metadata;
    const binding = object(settings, "ClusterRoleBinding");
    expect(binding.subjects).toEqual([
      { kind: "ServiceAccount", name: account.name, namespace: account.namespace },
    ]);
    expect(binding.roleRef).toMatchObject({ name: object(settings, "ClusterRole").metadata.name });
    expect(template(settings).spec).toHaveProperty("serviceAccountName", account.name);
  });
});
