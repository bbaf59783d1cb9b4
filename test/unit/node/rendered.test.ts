import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse as parseToml } from "toml";
import { disjoint } from "../../../model/node/firewall";
import { kubeletFiles } from "../../../model/node/kubelet";
import { seconds } from "../../../model/node/hostKubelet";
import { binaryPath } from "../../../model/node/paths";
import { hostsToml, registryFiles } from "../../../model/node/registries";
import { proxyEnvironmentFile, setupSecretFiles } from "../../../model/node/setupSecrets";
import { overlaps, range, rangeOf } from "../../../model/network/addresses";
import { have } from "../../support/have";
import { bash, machineOf, settingsOf, threeControlPlaneNodes, withBalancer } from "./support";
import {
  apiProxyConfig,
  apiProxyOf,
  containerdConfig,
  containerdFiles,
  firewallRules,
  foreignFirewalls,
  kernelFiles,
  kernelModules,
  kernelPhase,
  swapPhase,
  systemFiles,
  renderNode,
} from "../../support/fromSettings";
import { nodeSetupSpec } from "../../../model/settings/specs";

const lines = (text: string): string[] => text.split("\n").map((line) => line.trim());

describe("kernel", () => {
  it("loads what the backend and kube-proxy's mode need", () => {
    const modules = (backend: string, mode: string) =>
      kernelModules(
        settingsOf({ cni: { kind: "flannel", backend, podCidr: "10.244.0.0/16" }, kubeProxy: { mode } }),
      );
    const always = ["overlay", "br_netfilter", "nf_conntrack"];
    expect(modules("vxlan", "nftables")).toEqual([...always, "nf_tables", "vxlan"]);
    expect(modules("host-gw", "iptables")).toEqual(always);
  });

  it("keeps NodePorts from outgoing connections, and goes on where a container may not set a key", () => {
    const text = kernelFiles(settingsOf()).sysctls.content;
    expect(kernelPhase(settingsOf())).toContain(
      "reserve_at_boot net.ipv4.ip_local_reserved_ports 30000-32767\n",
    );
    expect(lines(text)).toContain("net.ipv4.ip_forward = 1");
    expect(lines(text)).toContain("net.bridge.bridge-nf-call-iptables = 1");
    expect(text).not.toContain("nf_conntrack_max");
  });

  it("leaves swap alone only when the kubelet does not mind it", () => {
    expect(swapPhase(settingsOf())).toContain("swapoff -a");
    const minded = settingsOf({ kubelet: { config: { failSwapOn: false } } });
    expect(swapPhase(minded)).not.toContain("swapoff");
  });
});

describe("the kubelet's configuration", () => {
  it.each([
    ["60s", 60],
    ["1m30s", 90],
    ["1h0m0.5s", 3601],
    ["500ms", 1],
    ["", 0],
  ])("%s is %i seconds", (text, expected) => {
    expect(seconds(text)).toBe(expected);
  });

  it("is read from the settings merged over the library's", () => {
    const settings = settingsOf({
      kubelet: { config: { cgroupDriver: "cgroupfs", shutdownGracePeriod: "2m" } },
    });
    expect(nodeSetupSpec(settings, machineOf(settings, "w1")).kubelet).toEqual({
      failSwapOn: true,
      systemdCgroup: false,
      shutdownGrace: 120,
    });
    const files = systemFiles(settings, machineOf(settings, "w1")).map(({ file }) => file);
    expect(files.find((file) => file.path.includes("logind"))?.content).toBe(
      "[Login]\nInhibitDelayMaxSec=120\n",
    );
  });

  it("is what the unit waits for", () => {
    const [unit, dropIn] = kubeletFiles(settingsOf());
    expect(lines(unit.content)).toContain("ConditionPathExists=/var/lib/kubelet/config.yaml");
    expect(lines(dropIn.content)).toContain(
      "ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS",
    );
    expect(binaryPath("kubelet", "1.36.4")).toBe("/opt/pulumi-kubeadm/kubelet/1.36.4/bin/kubelet");
  });
});

describe("containerd", () => {
  const config = (raw: Record<string, unknown> = {}) => {
    const settings = settingsOf(raw);
    return lines(containerdConfig(settings, machineOf(settings, "w1")));
  };

  it("pins the sandbox image of the settings' repository and follows the kubelet's cgroup driver", () => {
    expect(config()).toContain('sandbox = "registry.k8s.io/pause:3.10.2"');
    expect(config()).toContain("SystemdCgroup = true");
    expect(config({ images: { repository: "registry.local/k8s" } })).toContain(
      'sandbox = "registry.local/k8s/pause:3.10.2"',
    );
    expect(config({ kubelet: { config: { cgroupDriver: "cgroupfs" } } })).toContain("SystemdCgroup = false");
  });

  it("asks mirrors in their order before the registry", () => {
    expect(hostsToml("docker.io", ["http://192.0.2.2:5000", "https://harbor.local/v2/hub"])).toBe(
      `server = "https://registry-1.docker.io"

[host."http://192.0.2.2:5000"]
  capabilities = ["pull", "resolve"]

[host."https://harbor.local/v2/hub"]
  capabilities = ["pull", "resolve"]
  override_path = true
`,
    );
    expect(hostsToml("ghcr.io", [])).toBe('server = "https://ghcr.io"\n');
  });

  describe("with settings of registries", () => {
    const registries = {
      "harbor.example.com": { credentials: "harbor", ca: "CA" },
      "docker.io": { token: "hub" },
      "plain.example.com:5000": { ca: "CA", clientCertificate: "CERTIFICATE", clientKey: "key" },
    };
    const settings = settingsOf({ proxy: { https: "http://proxy:3128", credentials: "proxy" } });
    const images = {
      ...settings.images,
      mirrors: {
        "docker.io": ["https://harbor.example.com/v2/hub"],
        "ghcr.io": ["https://ghcr.example.com"],
      },
      registries,
    };
    const values = { harbor: "robot$ci:pa:ss", hub: "TOKEN", key: "KEY", proxy: "me:p@ss/wörd 'x'" };
    const { plain, secret } = registryFiles({ images }, values);
    const text = (path: string) =>
      [...plain, ...secret].find((file) => file.path.endsWith(path))?.content ?? "";

    it("sends credentials to the registry and to mirrors of that host, and to nobody else", () => {
      const basic = `Basic ${Buffer.from(values.harbor).toString("base64")}`;
      expect(parseToml(text("/docker.io/hosts.toml"))).toEqual({
        server: "https://registry-1.docker.io",
        header: { authorization: "Bearer TOKEN" },
        host: {
          "https://harbor.example.com/v2/hub": {
            capabilities: ["pull", "resolve"],
            override_path: true,
            ca: "/etc/containerd/certs.d/harbor.example.com/ca.crt",
            header: { authorization: basic },
          },
        },
      });
      expect(parseToml(text("/harbor.example.com/hosts.toml"))).toEqual({
        server: "https://harbor.example.com",
        ca: "/etc/containerd/certs.d/harbor.example.com/ca.crt",
        header: { authorization: basic },
      });
      expect(text("/ghcr.io/hosts.toml")).not.toContain("authorization");
    });

    it("shows a client certificate to a registry that asks for one", () => {
      const folder = "/etc/containerd/certs.d/plain.example.com:5000";
      expect(parseToml(text("/plain.example.com:5000/hosts.toml"))).toEqual({
        server: "https://plain.example.com:5000",
        ca: `${folder}/ca.crt`,
        client: [[`${folder}/client.crt`, `${folder}/client.key`]],
      });
      expect(text("client.key")).toBe("KEY\n");
    });

    it("keeps what holds a secret apart, readable by root alone", () => {
      expect(
        secret.map((file) => `${file.mode} ${file.path.slice("/etc/containerd/certs.d/".length)}`),
      ).toEqual([
        "0600 docker.io/hosts.toml",
        "0600 harbor.example.com/hosts.toml",
        "0600 plain.example.com:5000/client.key",
      ]);
      for (const { content } of plain) expect(content).not.toMatch(/KEY|TOKEN|Basic/);
    });

    it("gives a proxy's password to units and shells as it is, by a file and not by the unit", () => {
      const [file] = setupSecretFiles({ ...settings, images }, "worker", values);
      expect(file).toMatchObject({ path: proxyEnvironmentFile, mode: "0600" });
      const read = bash(`set -a\n${file?.content ?? ""}set +a\nprintf %s "$https_proxy"`).stdout;
      const url = new URL(read);
      expect([url.host, decodeURIComponent(url.username), decodeURIComponent(url.password)]).toEqual([
        "proxy:3128",
        "me",
        "p@ss/wörd 'x'",
      ]);
      const own = machineOf(settings, "w1");
      const units = [...containerdFiles(settings, own).service, ...kubeletFiles(settings)];
      const dropIns = units.filter((one) => one.path.endsWith("http-proxy.conf"));
      expect(dropIns.map((one) => one.content)).toEqual(
        Array.from({ length: 2 }, () => `[Service]\nEnvironmentFile=${proxyEnvironmentFile}\n`),
      );
    });

    it("puts them into the script of setup and into nothing that the state has in plain", () => {
      const own = machineOf(settings, "w1");
      const all = { ...settings, images };
      const files = setupSecretFiles(all, "worker", values);
      const known = renderNode(all, own, files);
      for (const one of files) {
        expect(known.setupScript).toContain(`put ${one.path} 0600`);
        expect(known.setupScript).toContain(one.content);
      }
      const unknown = renderNode(all, own);
      for (const hidden of [
        unknown.setupScript,
        JSON.stringify(unknown.files),
        JSON.stringify(nodeSetupSpec(all, own)),
      ])
        expect(hidden).not.toMatch(/pa:ss|TOKEN|KEY|p%40ss/);
      // Files that an earlier setup put there are kept by their names.
      for (const one of files) expect(unknown.setupScript).toContain(one.path);
    });
  });

  it("gives the drop-in our version when it has none", () => {
    const dropIn = (text: string): string | undefined => {
      const settings = settingsOf({ containerd: { dropIn: text } });
      const { service } = containerdFiles(settings, machineOf(settings, "w1"));
      return service.find((file) => file.path === "/etc/containerd/conf.d/90-settings.toml")?.content;
    };
    expect(dropIn("[debug]\n  level = 'debug'")).toBe("version = 3\n[debug]\n  level = 'debug'\n");
    expect(dropIn("version = 3\n")).toBe("version = 3\n");
  });

  it("takes the proxy from a drop-in of its unit", () => {
    const settings = settingsOf({ proxy: { http: "http://proxy:3128/a%24b" } });
    const { service } = containerdFiles(settings, machineOf(settings, "w1"));
    const proxy = service.find(
      (file) => file.path === "/etc/systemd/system/containerd.service.d/http-proxy.conf",
    );
    expect(lines(proxy?.content ?? "")).toContain('Environment="HTTP_PROXY=http://proxy:3128/a%%24b"');
  });
});

describe("the balancer of the API", () => {
  const proxyOf = (raw: Record<string, unknown>, name: string) => {
    const settings = settingsOf(raw);
    return apiProxyOf(settings, machineOf(settings, name));
  };
  const local = { machines: threeControlPlaneNodes, endpoint: { kind: "nodeLocal" } };
  const balanced = { machines: withBalancer, endpoint: { kind: "loadBalancer", machine: "lb1" } };

  it("is on every node, on the balancing machine alone, or nowhere", () => {
    expect(proxyOf(local, "cp1")).toEqual({ address: "127.0.0.1", port: 7443 });
    expect(proxyOf(local, "w1")).toEqual({ address: "127.0.0.1", port: 7443 });
    expect(proxyOf(balanced, "lb1")).toMatchObject({ address: "192.0.2.5" });
    expect(proxyOf(balanced, "cp1")).toBeUndefined();
    expect(proxyOf({}, "cp1")).toBeUndefined();
  });

  it("has every control-plane node, gives up on a dead one after a second, and lets a watch be quiet", () => {
    const settings = settingsOf(local);
    const text = lines(apiProxyConfig(settings, machineOf(settings, "w1")));
    expect(text.filter((line) => line.startsWith("server 1"))).toEqual([
      "server 192.0.2.11:6443 max_fails=1 fail_timeout=5s; # cp1",
      "server 192.0.2.12:6443 max_fails=1 fail_timeout=5s; # cp2",
      "server 192.0.2.13:6443 max_fails=1 fail_timeout=5s; # cp3",
    ]);
    expect(text).toContain("listen 127.0.0.1:7443 so_keepalive=1m:15s:4;");
    expect(text).toContain("proxy_connect_timeout 1s;");
    expect(text).toContain("proxy_timeout 4h;");
  });
});

describe("firewall", () => {
  const open = {
    ssh: ["198.51.100.0/24"],
    api: ["198.51.100.0/24", "198.51.100.7/32"],
    nodePorts: ["203.0.113.0/24"],
  };
  const rules = (name: string, more: Record<string, unknown> = {}) => {
    const settings = settingsOf({
      machines: withBalancer,
      endpoint: { kind: "loadBalancer", machine: "lb1" },
      firewall: "nftables",
      access: open,
      ...more,
    });
    return firewallRules(settings, machineOf(settings, name));
  };

  it("lets in what ends at the machine, each rule with its reason, and drops the rest", () => {
    const controlPlaneNode = lines(rules("cp1"));
    expect(controlPlaneNode).toContain("type filter hook input priority filter; policy drop;");
    expect(controlPlaneNode).toContain(
      'ip saddr { 192.0.2.11, 192.0.2.12, 192.0.2.13 } tcp dport { 2379-2380 } accept comment "etcd members: clients 2379, peers 2380"',
    );
    expect(controlPlaneNode).toContain(
      'ip saddr { 198.51.100.0/24 } tcp dport { 6443 } accept comment "people and pulumi call the API"',
    );
    expect(lines(rules("w1")).filter((line) => /6443|2379/.test(line))).toEqual([]);
    expect(lines(rules("w1"))).toContain(
      'ip saddr { 198.51.100.0/24 } tcp dport $ssh_ports accept comment "SSH: people and pulumi"',
    );
  });

  it("lets in who leaves by the same rules, members of etcd also where the settings have one left", () => {
    expect(lines(rules("cp1"))).toContain(
      'ip saddr @leaving_controlplane tcp dport { 2379-2380 } accept comment "until it has left: etcd members: clients 2379, peers 2380"',
    );
    const { cp2: _cp2, cp3: _cp3, ...one } = withBalancer;
    const last = lines(rules("cp1", { machines: one }));
    expect(last.filter((line) => line.includes("2379"))).toEqual([
      'ip saddr @leaving_controlplane tcp dport { 2379-2380 } accept comment "until it has left: etcd members"',
    ]);
    const vxlan = lines(rules("w1")).filter((line) => line.includes("udp dport { 8472 }"));
    expect(vxlan.map((line) => line.split(" ")[2])).toEqual(["{", "@leaving_node"]);
    expect(lines(rules("w1")).filter((line) => /@leaving.*ssh_ports/.test(line))).toEqual([]);
  });

  it("opens every protocol between nodes where pods' addresses are on the wire", () => {
    const cni = { kind: "flannel", backend: "host-gw", podCidr: "10.244.0.0/16" };
    const any = lines(rules("w1", { cni })).filter((line) => line.includes("meta nfproto ipv4 accept"));
    expect(any.filter((line) => !line.includes("@leaving"))).toHaveLength(2);
    expect(rules("w1")).not.toContain("meta nfproto ipv4 accept");
  });

  it("filters NodePorts before kube-proxy sends them on", () => {
    const filter = (more: Record<string, unknown> = {}) =>
      lines(rules("w1", more)).filter((line) => line.startsWith("fib daddr") && line.includes("tcp"));
    const reason = 'comment "NodePorts, open to access.nodePorts"';
    expect(filter()).toEqual([
      `fib daddr type local ip saddr != { 203.0.113.0/24 } tcp dport { 30000-32767 } drop ${reason}`,
    ]);
    expect(filter({ access: { ...open, nodePorts: [] } })).toEqual([
      `fib daddr type local tcp dport { 30000-32767 } drop ${reason}`,
    ]);
    expect(filter({ access: { ...open, nodePorts: ["0.0.0.0/0"] } })).toEqual([]);
  });

  it("takes out ranges that lie in another and keeps every address", () => {
    const some = fc
      .tuple(fc.nat(0xffff), fc.integer({ min: 16, max: 32 }))
      .map(([low, prefix]) => rangeOf(0x0a000000 + low * 0x1000, prefix).text);
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), (ranges) => {
        const left = disjoint(ranges).map((text) => range(text.includes("/") ? text : `${text}/32`));
        left.forEach((a, index) => left.slice(index + 1).forEach((b) => expect(overlaps(a, b)).toBe(false)));
        for (const own of ranges.map(range)) {
          expect(left.some((kept) => kept.first <= own.first && own.last <= kept.last)).toBe(true);
        }
      }),
    );
  });

  const namespaces = have("nft") && spawnSync("unshare", ["-rn", "true"]).status === 0;
  const host = { kind: "flannel", backend: "host-gw", podCidr: "10.244.0.0/16" };
  it.skipIf(!namespaces).each([
    ["cp1", {}],
    ["w1", { cni: host }],
    ["w1", { access: { ...open, nodePorts: [] } }],
    ["lb1", {}],
  ])("nft takes the rules of %s %j, and loads them twice", (name, more) => {
    const leaving = "add element inet pulumi-kubeadm leaving_node { 192.0.2.77 }";
    const text = rules(name, more)
      .replace(/^include .*ssh-ports.*$/m, "define ssh_ports = { 22, 2222 }")
      .replace(/^include .*leaving.*$/m, leaving);
    const load = 'nft -f "$1" && nft -f "$1" && nft list table inet pulumi-kubeadm';
    const ran = spawnSync(
      "unshare",
      ["-rn", "bash", "-c", `cat >"$1" && ${load}`, "bash", "/dev/shm/rules.nft"],
      {
        input: text,
        encoding: "utf8",
      },
    );
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toContain("policy drop");
    expect(ran.stdout).toContain("192.0.2.77");
  });

  it("lists flows by role where somebody else filters, so that a worker more changes nothing", () => {
    const { w2: _w2, ...fewer } = threeControlPlaneNodes;
    const text = (machines: unknown) => {
      const settings = settingsOf({ machines });
      return foreignFirewalls(settings, machineOf(settings, "w1"));
    };
    expect(text(fewer)).toBe(text(threeControlPlaneNodes));
    expect(text(fewer)).toContain("tcp 10250 from the control-plane nodes: API servers call kubelets");
    const ours = settingsOf({ firewall: "nftables", access: open });
    expect(foreignFirewalls(ours, machineOf(ours, "w1"))).toContain("ufw --force disable");
  });
});
