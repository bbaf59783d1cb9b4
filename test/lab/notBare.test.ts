/** Hosts that somebody used before are refused with all that is in the way, and join once it is gone, with sudo's narrow path and a shell that greets. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf } from "./environment";

/** As in /etc/sudoers of RHEL 9 and Amazon Linux 2023. */
const SECURE_PATH = 'Defaults secure_path = "/sbin:/bin:/usr/sbin:/usr/bin"';
/** What Docker, a cloud's image and a former cluster leave, as far as a host of the lab can have it. */
const USED = `set -e
iptables -P FORWARD DROP
iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited
ip link add cni0 type bridge
mkdir -p /etc/cni/net.d /etc/containerd
echo '{}' >/etc/cni/net.d/10-calico.conflist
echo 'disabled_plugins = ["cri"]' >/etc/containerd/config.toml`;
const CLEANED = `set -e
iptables -P FORWARD ACCEPT
iptables -F INPUT
ip link delete cni0
rm -rf /etc/cni /etc/containerd`;

/** People's shells greet them, each time a command comes over SSH. */
const GREETED = `set -e
for home in /root /home/*; do
  { echo 'echo "Welcome to $(hostname)!"'; cat "$home/.bashrc"; } >"$home/.greeting"
  mv "$home/.greeting" "$home/.bashrc"
done`;

describeWithLab("hosts that are not bare", () => {
  let cluster: LabCluster;

  beforeAll(async () => {
    cluster = await LabCluster.create("notbare", shapeOf(1, 1));
    for (const name of ["cp1", "w1"])
      await cluster.host(
        name,
        `echo '${SECURE_PATH}' >/etc/sudoers.d/zz-path && chmod 0440 /etc/sudoers.d/zz-path\n${GREETED}`,
      );
  });

  afterAll(async () => {
    await cluster?.down();
  });

  it("are refused, everything at once, and nothing is changed on them", async () => {
    await cluster.host("w1", USED);
    const { ok, log } = await cluster.attempt("up");
    expect(ok).toBe(false);
    const line = log.split("\n").find((one) => /^\s*w1: .*\(CniConfig\)/.test(one)) ?? "";
    saw(line);
    for (const name of ["CniConfig", "CniLinks", "ContainerRuntime", "PacketFilter"])
      expect(line).toContain(`(${name})`);
    expect(line).toContain("chain FORWARD, its policy");
    expect(line).toContain("stops tcp 10250 from");
    expect(log).not.toMatch(/^\s*cp1: .*\((CniConfig|PacketFilter)\)/m);
    expect(
      (await cluster.host("w1", "ls -d /opt/pulumi-kubeadm /var/lib/pulumi-kubeadm 2>&1 || true")).trim(),
    ).toMatch(/cannot access.*\n.*cannot access/);
  });

  it("join when they were cleaned, with a user whose sudo does not look into /usr/local and whose shell greets", async () => {
    await cluster.host("w1", CLEANED);
    await cluster.engine("up");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=180s");
    const flags = await cluster.host("w1", "cat /var/lib/kubelet/kubeadm-flags.env");
    saw(flags);
    expect(flags).toContain("--hostname-override=w1");
  });
});
