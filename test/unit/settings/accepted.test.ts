import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";

import { nthAddress, range } from "../../../model/network/addresses";
import { readCluster } from "../../../model/settings/parse";
import { nodeSetupSpec } from "../../../model/settings/specs";
import type { ClusterSettings } from "../../../model/settings/resolved";
import { metalInput } from "../../support/settings";
import { type Change, HASH, all, edited, machine, moveNodes, newer, set } from "./edit";

function taken(change: Change): ClusterSettings {
  return readCluster(edited(change), { environment: "metal" });
}

it("may have keys without a value, as if those were left out", () => {
  const input = edited(() => undefined);
  const read = readCluster(input, { environment: "metal" });
  const more = { images: undefined, taints: undefined, ...input };
  expect(
    readCluster(
      { ...more, network: { mtu: undefined, ...(input["network"] as object) } },
      { environment: "metal" },
    ),
  ).toEqual(read);
});

/** Ranges that projects publish in their own guides. */
const PUBLISHED: readonly [name: string, pods: string, services: string, more?: Change][] = [
  // kubernetes.io, "Creating a cluster with kubeadm", with kubeadm's default service subnet.
  ["kubeadm with flannel", "10.244.0.0/16", "10.96.0.0/12"],
  // flannel Documentation/kube-flannel.yml, net-conf.json.
  ["flannel", "10.244.0.0/16", "10.96.0.0/16"],
  // Calico documentation, "Quickstart": --pod-network-cidr=192.168.0.0/16.
  [
    "calico's quickstart",
    "192.168.0.0/16",
    "10.96.0.0/12",
    all(set("network.peers", []), set("coredns", undefined)),
  ],
  // Weave Net, IPALLOC_RANGE.
  ["weave beside kubeadm's services", "10.32.0.0/12", "10.96.0.0/12", moveNodes("10.80.0")],
  // kelseyhightower/kubernetes-the-hard-way, docs/08 and docs/11.
  ["Kubernetes The Hard Way", "10.200.0.0/16", "10.32.0.0/24"],
  // docs.k3s.io, "k3s server": --cluster-cidr and --service-cidr.
  ["k3s", "10.42.0.0/16", "10.43.0.0/16"],
  // kubespray, inventory/sample/group_vars/k8s_cluster/k8s-cluster.yml.
  ["kubespray", "10.233.64.0/18", "10.233.0.0/18", set("network.maxNodes", 64)],
  // kops' defaults: non-masquerade 100.64.0.0/10, pods in its upper part.
  ["kops", "100.96.0.0/11", "100.64.0.0/13"],
  // A common choice beside a network of 10.0.0.0/8.
  ["172.16", "172.16.0.0/16", "172.18.0.0/16", set("network.peers", [])],
];

describe("published ranges are taken", () => {
  it.each(PUBLISHED)("%s", (_name, pods, services, more = () => undefined) => {
    const settings = taken(all(set("cni.podCidr", pods), set("network.serviceCidr", services), more));
    expect(settings.network.podCidr).toBe(pods);
    expect(settings.network.dnsServiceAddress).toBe(nthAddress(range(services), 10));
  });
});

describe("shapes of clusters are taken", () => {
  const without = (...names: string[]) => all(...names.map((name) => set(`machines.${name}`, undefined)));

  it("one control-plane node and no workers, with its own endpoint name", () => {
    const settings = taken(all(set("endpoint", undefined), without("cp2", "cp3", "w1", "w2")));
    expect(settings.endpoint).toEqual({ kind: "address", host: "api.metal.example.internal", port: 6443 });
  });

  it("a given endpoint kind decides whatever the number of control-plane nodes", () => {
    expect(taken(all(without("cp2", "cp3"), set("endpoint", { kind: "nodeLocal" }))).endpoint.kind).toBe(
      "nodeLocal",
    );
  });

  it("five control-plane nodes, and the balancer on every node by default", () => {
    const controlPlaneNodes = [13, 14].map((n) => machine(`cp${n}`, n + 20, { role: "controlPlane" }));
    const settings = taken(all(set("endpoint", undefined), ...controlPlaneNodes));
    expect(settings.machines.filter((m) => m.role === "controlPlane")).toHaveLength(5);
    expect(settings.endpoint).toEqual({ kind: "nodeLocal", host: "api.metal.example.internal", port: 7443 });
  });

  it("a proxy machine in front, by which people reach the API too", () => {
    const settings = taken(
      all(
        machine("lb1", 5, { role: "loadBalancer" }),
        set("endpoint", { kind: "loadBalancer", machine: "lb1", port: 8443 }),
      ),
    );
    expect(settings.endpoint).toEqual({
      kind: "loadBalancer",
      host: "api.metal.example.internal",
      port: 8443,
      machine: "lb1",
    });
    expect(settings.access).toEqual({ host: "192.0.2.5", port: 8443 });
  });

  it("hosts behind one address with different SSH ports", () => {
    const settings = taken(
      all(
        set("machines.w1.host", "203.0.113.9"),
        set("machines.w2.host", "203.0.113.9"),
        set("machines.w2.port", 2222),
      ),
    );
    expect(settings.machines.map((m) => m.ssh.port)).toEqual([22, 22, 22, 22, 2222]);
  });

  it("a port of another node's address, forwarded", () => {
    const settings = taken(all(set("machines.w1.host", "10.40.0.22"), set("machines.w1.port", 2222)));
    expect(settings.machines.find((m) => m.name === "w1")?.ssh).toMatchObject({
      host: "10.40.0.22",
      port: 2222,
    });
  });

  it.each(["1.36.99", "1.37.1", "1.34.99"])("Kubernetes %s with checksums of its own", (version) => {
    const settings = taken(newer(version));
    expect(settings.kubernetesVersion).toBe(version);
    expect(settings.downloads.files.amd64).toContainEqual({
      name: "kubelet",
      url: `https://dl.k8s.io/v${version}/bin/linux/amd64/kubelet`,
      sha256: HASH,
      version,
    });
  });

  it("a tunnel on this machine as SSH host and API address", () => {
    const settings = taken(all(set("machines.w1.host", "127.0.0.1"), set("access.host", "127.0.0.1")));
    expect(settings.access.host).toBe("127.0.0.1");
  });

  it("a slice that is just large enough", () => {
    const settings = taken(
      all(set("network.nodeCidrMaskSize", 25), set("network.podsPerNode", 125), set("network.maxNodes", 512)),
    );
    expect(settings.network.nodeCidrMaskSize).toBe(25);
  });

  it("sixteen bits between pod range and slice", () => {
    expect(taken(all(set("cni.podCidr", "12.0.0.0/8"), set("network.maxNodes", 5000))).network.podCidr).toBe(
      "12.0.0.0/8",
    );
  });

  it("an MTU that leaves just enough for VXLAN", () => {
    expect(taken(all(set("network.mtu", 9001), set("cni.mtu", 8951))).cni.mtu).toBe(8951);
  });

  it("labels and taints that people set", () => {
    const settings = taken(
      all(
        set("machines.w1.labels", {
          "topology.kubernetes.io/zone": "rack-1",
          "acme.example/disk": "",
          tier: "gold",
        }),
        set("machines.w1.taints", ["dedicated=gpu:NoSchedule", { key: "slow", effect: "PreferNoSchedule" }]),
        set("machines.cp1.taints", []),
      ),
    );
    const [cp1, cp2, , w1] = settings.machines;
    expect(w1?.taints).toEqual([
      { key: "dedicated", value: "gpu", effect: "NoSchedule" },
      { key: "slow", effect: "PreferNoSchedule" },
    ]);
    expect(cp1?.taints).toEqual([]);
    expect(cp2?.taints).toEqual([{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]);
  });
});

describe("what hosts with few controllers need goes in through ordinary settings", () => {
  it("flags as numbers, truth values, lists with commas and lists", () => {
    const settings = taken(
      all(
        set("apiServer.extraArgs", {
          "enable-admission-plugins": ["PodNodeSelector", "NodeRestriction"],
          "service-account-issuer": ["https://a.example.com", "https://b.example.com"],
          "feature-gates": "ImageVolumeWithDigest=true",
          "authorization-mode": "Node,RBAC,Webhook",
          "tls-cipher-suites": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        }),
        set("controllerManager.extraArgs", { controllers: ["*", "-ttl"], "bind-address": "0.0.0.0", v: 2 }),
        set("etcd.extraArgs", { "heartbeat-interval": 500, "election-timeout": 5000 }),
      ),
    );
    expect(settings.apiServer.extraArgs).toMatchObject({
      "enable-admission-plugins": "PodNodeSelector,NodeRestriction",
      "service-account-issuer": ["https://a.example.com", "https://b.example.com"],
    });
    expect(settings.controllerManager.extraArgs).toEqual({
      controllers: "*,-ttl",
      "bind-address": "0.0.0.0",
      v: "2",
    });
  });

  it("maintenance, with its defaults", () => {
    const window = { start: "22:30", duration: "90m" };
    expect(taken(set("maintenance", { windows: [window] })).maintenance).toEqual({
      packages: "security",
      reboot: "whenNeeded",
      timeZone: "UTC",
      windows: [{ days: [0, 1, 2, 3, 4, 5, 6], start: 1_350, minutes: 90 }],
    });
    const some = { ...window, days: ["Sun", "Mon"], duration: "24h" };
    const { windows, now } =
      taken(set("maintenance", { windows: [some], now: "2026-12-01" })).maintenance ?? {};
    expect([windows, now]).toEqual([[{ days: [0, 6], start: 1_350, minutes: 1_440 }], "2026-12-01"]);
    expect(taken(set("maintenance", { now: "1" })).maintenance?.windows).toEqual([]);
    expect(taken(set("name", "other")).maintenance).toBeUndefined();
  });

  it("backups, with their defaults", () => {
    const backupOf = (target: object) => taken(set("etcd.backup", { target })).etcd.backup;
    expect(backupOf({ kind: "folder", path: "/srv/etcd" })).toEqual({
      schedule: { calendar: "*-*-* 00/6:00:00 UTC", leastGap: 21_600, mostGap: 21_600 },
      keep: 28,
      target: { kind: "folder", path: "/srv/etcd" },
    });
    const bucket = { kind: "s3", bucket: "backups", credentials: "s3" };
    expect(backupOf({ ...bucket, region: "cn-north-1", prefix: "etcd/metal" })?.target).toEqual({
      ...bucket,
      prefix: "etcd/metal/",
      region: "cn-north-1",
      endpoint: "https://s3.cn-north-1.amazonaws.com.cn",
      aws: true,
    });
    expect(backupOf({ ...bucket, endpoint: "https://minio.example.com:9000/" })?.target).toEqual({
      ...bucket,
      prefix: "",
      region: "us-east-1",
      endpoint: "https://minio.example.com:9000",
      aws: false,
    });
  });

  it("files of components and what reads them, volumes, admission and required claims", () => {
    const settings = taken(
      all(
        set("apiServer", {
          extraArgs: {
            "audit-webhook-config-file": "hook.yaml",
            "tls-sni-cert-key": ["a.crt,a.key:*.example.com", "/etc/kubernetes/pki/b.crt,/srv/keys/b.key"],
            "enable-admission-plugins": "EventRateLimit",
          },
          extraVolumes: [{ name: "keys", hostPath: "/srv/keys", mountPath: "/srv/keys" }],
          files: { "hook.yaml": "clusters: []", "a.crt": "CERTIFICATE", "a.key": { secret: "sni" } },
          admissionConfiguration: {
            EventRateLimit: { apiVersion: "eventratelimit.admission.k8s.io/v1alpha1", kind: "Configuration" },
          },
        }),
        set("scheduler", {
          extraArgs: { config: "scheduler.yaml" },
          files: {
            "scheduler.yaml":
              "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n" +
              "clientConnection: { kubeconfig: /etc/kubernetes/scheduler.conf }\n",
          },
        }),
        set("oidc", {
          issuerUrl: "https://id.example.com",
          clientId: "kubernetes",
          groupsClaim: "groups",
          requiredClaims: { hd: "example.com" },
        }),
      ),
    );
    expect(settings.apiServer.extraVolumes).toEqual([
      { name: "keys", hostPath: "/srv/keys", mountPath: "/srv/keys", readOnly: true, pathType: "Directory" },
    ]);
    expect(settings.apiServer.files).toMatchObject({
      "a.key": { secret: "sni" },
      "a.crt": { content: "CERTIFICATE" },
    });
    expect(settings.oidc).toMatchObject({ groupsPrefix: "oidc:" });
    expect(settings.secretNames).toContain("sni");
  });

  it("kubelet and kube-proxy configuration, containerd drop-in, ignored preflight errors, mirrors", () => {
    const settings = taken(
      all(
        set("kubelet.config", {
          cgroupDriver: "cgroupfs",
          failSwapOn: false,
          enforceNodeAllocatable: ["none"],
        }),
        set("kubeProxy.config", { conntrack: { maxPerCore: 0 } }),
        set("containerd.dropIn", "version = 3\n"),
        set("ignorePreflightErrors", ["SystemVerification"]),
        set("downloads", { mirror: "http://10.40.0.1:8080" }),
        set("images.mirrors", {
          "registry.k8s.io": ["http://10.40.0.1:5000"],
          _default: ["http://10.40.0.1:5000"],
        }),
        set("apiServer.extraArgs", { "max-requests-inflight": 400, profiling: false }),
      ),
    );
    expect(settings.kubelet.config).toMatchObject({ cgroupDriver: "cgroupfs" });
    expect(settings.apiServer.extraArgs).toEqual({ "max-requests-inflight": "400", profiling: "false" });
    expect(settings.downloads.files.amd64?.[0]?.url).toBe(
      "http://10.40.0.1:8080/dl.k8s.io/v1.36.4/bin/linux/amd64/kubeadm",
    );
  });
});

describe("defaults", () => {
  it("fill in everything but machines", () => {
    const { machines } = metalInput();
    const settings = readCluster({ machines }, { environment: "dev" });
    expect(settings).toMatchObject({
      environment: "dev",
      name: "dev",
      domain: "internal",
      platform: "machines",
      kubernetesVersion: "1.36.4",
      cni: { kind: "flannel", backend: "vxlan" },
      network: {
        podCidr: "10.244.0.0/16",
        serviceCidr: "10.96.0.0/16",
        nodeCidrMaskSize: 24,
        kubernetesServiceAddress: "10.96.0.1",
        dnsServiceAddress: "10.96.0.10",
        clusterDomain: "cluster.local",
        maxNodes: 256,
        podsPerNode: 110,
        nodePortRange: { from: 30000, to: 32767 },
      },
      kubeProxy: { mode: "nftables" },
      encryption: { provider: "secretbox", keys: ["generated"] },
      podSecurity: { enforce: "baseline", exemptNamespaces: ["kube-system", "kube-flannel"] },
      firewall: "none",
      rollout: { maxUnavailable: "10%" },
      upgrades: { maxUnavailable: 1, pools: {}, ignore: [], through: {} },
      protect: true,
      access: { host: "192.0.2.11", port: 6443 },
      secretNames: ["operator"],
    });
  });

  it("name the environment's cluster where its name is a DNS label, and ask for a name where it is not", () => {
    const { machines } = metalInput();
    expect(() => readCluster({ machines }, { environment: "my_env" })).toThrow(/name: is missing/);
    expect(readCluster({ machines, name: "mine" }, { environment: "my_env" }).name).toBe("mine");
  });

  it("send everything of the cluster's own past a proxy", () => {
    const { proxy } = taken(
      set("proxy", { https: "http://proxy.example.com:3128", noProxy: ["mirror.example.com"] }),
    );
    for (const direct of [
      "10.244.0.0/16",
      "10.96.0.0/16",
      ".svc",
      ".cluster.local",
      "10.40.0.11",
      "mirror.example.com",
    ]) {
      expect(proxy?.noProxy).toContain(direct);
    }
  });

  it("send what goes to workers past a proxy by their networks, so that one worker more changes nothing on other hosts", () => {
    const direct = (...workers: readonly string[]) => {
      const settings = taken(
        all(
          set("proxy", { https: "http://proxy.example.com:3128" }),
          ...workers.map((nodeAddress, index) => machine(`z${index}`, 90 + index, { nodeAddress })),
        ),
      );
      return nodeSetupSpec(settings, settings.machines[0] ?? expect.fail()).proxy?.noProxy;
    };
    expect(direct("10.40.0.29", "10.40.0.30")).toEqual(direct());
    expect(direct()).toEqual(expect.arrayContaining(["10.40.0.11", "10.40.0.0/24"]));
    // Of a public network the rest may be anybody's.
    expect(direct("10.41.7.9", "8.8.8.8")).toEqual([...(direct() ?? []), "10.41.7.0/24", "8.8.8.8"]);
  });

  it("drop the comment of a host key", () => {
    const settings = taken((raw) => {
      const cp1 = (raw.machines as Record<string, { hostKey: string }>).cp1;
      if (cp1) cp1.hostKey += " root@cp1";
    });
    expect(settings.machines[0]?.ssh.hostKey.split(" ")).toHaveLength(2);
  });
});

describe("the environments of this repository", () => {
  it.each(["metal", "lab"])("%s is taken", (environment) => {
    const text = fs.readFileSync(path.resolve(__dirname, `../../../Pulumi.${environment}.yaml`), "utf8");
    const { config } = parseYaml(text) as { config: Record<string, unknown> };
    expect(() => readCluster(config["kubeadm:cluster"], { environment })).not.toThrow();
  });
});
