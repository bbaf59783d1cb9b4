/** Settings that change while the cluster lives: what is refused, what goes in an order, and Secrets that get another key. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { LabCluster, saw } from "./cluster";
import { shapeOf, type Settings } from "./environment";

const ETCDCTL =
  "crictl exec $(crictl ps -q --name '^etcd$') etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key";
/** The lab's drop-in with a runtime that containerd takes, and that starts no container. */
const withoutRunc = (dropIn = ""): string =>
  dropIn.replace(/BinaryName = .*/, 'BinaryName = "/usr/local/bin/no-such-runc"');

describeWithLab("changes of a living cluster", () => {
  let cluster: LabCluster;
  let settings: Settings;
  beforeAll(async () => {
    cluster = await LabCluster.create("change", shapeOf(1, 2));
    await cluster.engine("up");
    settings = cluster.settings;
    await cluster.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "probe" },
      stringData: { value: "still here" },
    });
  });

  afterAll(async () => {
    await cluster?.down();
  });

  async function refused(change: Partial<Settings>, text: RegExp): Promise<void> {
    cluster.settings = { ...settings, ...change };
    const { ok, log } = await cluster.attempt("up");
    cluster.settings = settings;
    saw(text.exec(log)?.[0] ?? log.slice(-1_000));
    expect(ok).toBe(false);
    expect(log).toMatch(text);
    // Nothing was changed: with the settings as they were, nothing is to be done.
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }

  it("another nodeAddress of a living node is refused", async () => {
    const { w1 } = settings.machines;
    const machines = { ...settings.machines, w1: { ...w1, nodeAddress: w1.host.replace(/\d+$/, "250") } };
    await refused({ machines }, /w1: machines\.w1\.nodeAddress: the node joined with .*revision to 2/);
  });

  it("another CNI, and another domain, are refused", async () => {
    await refused(
      { cni: { kind: "weave" }, kubeProxy: { mode: "iptables" } },
      /cni\.kind: the living cluster has flannel, but the settings say weave/,
    );
    await refused(
      { network: { ...settings.network, clusterDomain: "k8s.example" } },
      /network\.clusterDomain: the living cluster has cluster\.local/,
    );
  });

  it("with another provider Secrets are readable all the time, and encrypted anew in etcd", async () => {
    cluster.settings = settings = { ...settings, encryption: { provider: "aescbc" } };
    const up = cluster.engine("up").then(
      (report) => ({ report }),
      (error: unknown) => ({ error }),
    );
    let asked = 0;
    let done = false;
    void up.then(() => (done = true));
    while (!done) {
      // Past the watch cache: what is in etcd is read and decrypted each time.
      const value = await cluster.kubectl("get", "--raw", "/api/v1/namespaces/default/secrets/probe");
      expect((JSON.parse(value) as { data: { value: string } }).data.value).toBe(
        Buffer.from("still here").toString("base64"),
      );
      asked += 1;
    }
    const end = await up;
    if ("error" in end) throw end.error;
    saw(`the Secret was read ${asked} times meanwhile; ${end.report.changed.join(", ")}`);
    const values = await cluster.host(
      "cp1",
      `${ETCDCTL} get --prefix /registry/secrets/ -w fields | grep '^"Value"' | cut -c 1-60`,
    );
    const lines = values.trim().split("\n");
    saw(
      `${lines.length} Secrets in etcd, ${lines.filter((line) => line.includes("k8s:enc:aescbc:v1:generated:")).length} with the new provider`,
    );
    for (const line of lines) expect(line).toContain("k8s:enc:aescbc:v1:generated:");
    const file = await cluster.host(
      "cp1",
      "sed 's/secret: .*/secret: x/' /etc/kubernetes/pulumi-kubeadm/apiserver/encryption.yaml",
    );
    expect(file).not.toContain("secretbox");
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("a runtime that starts no pod stops at the first node, which goes back by itself", async () => {
    cluster.settings = { ...settings, containerd: { dropIn: withoutRunc(settings.containerd?.dropIn) } };
    const { ok, log } = await cluster.attempt("up");
    saw(/cp1: .*starts no pod.*/.exec(log)?.[0] ?? log.slice(-1_500));
    expect(ok).toBe(false);
    expect(log).toMatch(/the container runtime of cp1 starts no pod after the change/);
    for (const worker of ["w1", "w2"]) {
      expect(await cluster.host(worker, "cat /etc/containerd/conf.d/*")).not.toContain("no-such-runc");
    }
    expect(log).toContain("the former files are back, and the node is well with them");
    // Nothing of it is left: settings that are set back exactly are no change to Pulumi.
    cluster.settings = settings;
    expect((await cluster.engine("up")).changed.filter((line) => line.includes("-setup"))).toEqual([]);
    expect(await cluster.host("cp1", "cat /etc/containerd/conf.d/*")).not.toContain("no-such-runc");
    expect(await cluster.host("cp1", "ls /var/lib/pulumi-kubeadm")).not.toContain("undo");
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
  });

  it("kubeadm's copies of etcd, old versions and the log do not grow by it", async () => {
    const kept = await cluster.host(
      "cp1",
      "ls /etc/kubernetes/tmp 2>/dev/null | sed 's/[-0-9]*$//' | sort | uniq -c",
    );
    saw(kept);
    for (const line of kept.split("\n").filter((one) => one.trim() !== "")) expect(line).toMatch(/^ *1 /);
    const versions = await cluster.host(
      "cp1",
      "for part in /opt/pulumi-kubeadm/*/; do ls -d $part*/ | wc -l; done",
    );
    for (const count of versions.trim().split("\n")) expect(Number(count)).toBeLessThanOrEqual(2);
    expect(Number(await cluster.host("cp1", "stat -c %s /var/log/pulumi-kubeadm.log"))).toBeLessThan(
      10_500_000,
    );
  });

  it("a good change goes over the control plane first, then over one worker after the other", async () => {
    cluster.settings = settings = {
      ...settings,
      containerd: {
        dropIn: `${settings.containerd?.dropIn ?? ""}
[debug]
  level = "info"
`,
      },
    };
    const { log } = await cluster.engine("up");
    // The engine shows a line when it comes, and once more in its summary.
    const well = [
      ...new Set(
        [...log.matchAll(/(cp1|w1|w2): (?:runtime and kubelet|containerd)\b/g)].map(([line]) => line),
      ),
    ];
    saw(well.join("\n"));
    expect(well.map((line) => line.split(":")[0])).toHaveLength(6);
    expect(well.slice(0, 2).every((line) => line.startsWith("cp1"))).toBe(true);
    expect(well[2]?.slice(0, 2)).toBe(well[3]?.slice(0, 2));
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
  });
});
