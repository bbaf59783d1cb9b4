/**
 * Changes that only the components themselves find wrong: the host puts them back on real kubeadm. The library refuses every audit
 * policy that the API server would not take, so another one is changed together with a flag that keeps the API server from its start.
 */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithLab } from "./available";
import { eventually, LabCluster, saw } from "./cluster";
import { shapeOf, type Settings } from "./environment";
import { powerCut } from "./moments";

const MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const BACK = "the former files are back, and the node is well with them";
/** The file of the audit policy that the API server's manifest names. */
const POLICY = `cat "$(sed -n 's/.*--audit-policy-file=//p' ${MANIFEST})"`;

const METADATA = {
  policy: { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] },
};

describeWithLab("a change that a component does not start with", () => {
  let cluster: LabCluster;
  let settings: Settings;
  beforeAll(async () => {
    cluster = await LabCluster.create("putback", shapeOf(1, 1));
    await cluster.engine("up");
    settings = cluster.settings;
  });

  afterAll(async () => {
    await cluster?.down();
  });

  /** What the cluster runs with: files, ConfigMaps, the record, and the API server that answers. */
  async function running(): Promise<Record<string, string>> {
    const own = (line: string): Promise<string> => cluster.host("cp1", line);
    const map = (name: string): Promise<string> =>
      cluster.kubectl("--namespace", "kube-system", "get", "configmap", name, "-o", "jsonpath={.data}");
    return {
      manifests: await own("cat /etc/kubernetes/manifests/*"),
      policy: await own(POLICY),
      containerd: await own("cat /etc/containerd/conf.d/*"),
      kubelet: await own("cat /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env"),
      record: await own("cat /var/lib/pulumi-kubeadm/node.json"),
      kubeadmConfig: await map("kubeadm-config"),
      kubeletConfig: await map("kubelet-config"),
      server: await cluster.kubectl(
        ...["--namespace", "kube-system", "get", "pod", "kube-apiserver-cp1"],
        ...["-o", "jsonpath={.spec.containers[0].command}"],
      ),
    };
  }

  /** After a boot, when the API may be on its way up. */
  const ready = (): Promise<string> =>
    eventually(
      "nodes that are Ready",
      () => cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"),
      () => true,
      240,
    );

  async function putBack(change: Partial<Settings>, failure: RegExp): Promise<void> {
    const before = await running();
    cluster.settings = { ...settings, ...change };
    const { ok, log } = await cluster.attempt("up");
    cluster.settings = settings;
    saw(/cp1: .*former files.*/.exec(log)?.[0] ?? log.slice(-2_000));
    expect(ok).toBe(false);
    expect(log).toMatch(failure);
    expect(log).toContain(BACK);
    await cluster.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s");
    expect(await running()).toEqual(before);
    expect(await cluster.host("cp1", "ls /var/lib/pulumi-kubeadm")).not.toContain("undo");
    // The worker comes after the control plane, and was not begun.
    expect(log).not.toMatch(/w1: (configuration|kubeadm upgrade node)/);
    expect((await cluster.engine("preview")).changed).toEqual([]);
  }

  it("goes back where the API server does not, with its audit policy", async () => {
    await putBack(
      {
        audit: METADATA,
        // The least that the API server takes is an hour.
        apiServer: {
          ...settings.apiServer,
          extraArgs: { ...settings.apiServer?.extraArgs, "service-account-max-token-expiration": "30m" },
        },
      },
      /cp1: reconfiguring the node failed in phase "kubeadm upgrade node"/,
    );
  });

  it("goes back where the kubelet does not", async () => {
    await putBack(
      {
        kubelet: {
          ...settings.kubelet,
          // The most that the kubelet takes is five minutes.
          config: { ...settings.kubelet?.config, crashLoopBackOff: { maxContainerRestartPeriod: "1h" } },
        },
      },
      /cp1: reconfiguring the node failed in phase "healthy"/,
    );
  });

  const configuration = (): Partial<Settings> => ({
    audit: METADATA,
    apiServer: {
      ...settings.apiServer,
      extraArgs: { ...settings.apiServer?.extraArgs, "event-ttl": "2h" },
    },
    kubelet: { ...settings.kubelet, config: { ...settings.kubelet?.config, containerLogMaxSize: "20Mi" } },
  });
  const runtime = (): Partial<Settings> => ({
    containerd: {
      dropIn: settings.containerd?.dropIn?.replace(
        /BinaryName = .*/,
        'BinaryName = "/usr/local/bin/no-such-runc"',
      ),
    },
  });

  it.each([
    ["containerd", runtime],
    ["configuration", configuration],
    ["kubeadm upgrade node", configuration],
    ["restart kubelet", configuration],
  ])("goes back at boot after a power cut in phase %s, before any step", async (phase, change) => {
    const before = await running();
    cluster.settings = { ...settings, ...change() };
    await powerCut(cluster, { host: "cp1", phase, after: "0.5" });
    cluster.settings = settings;
    expect(fs.existsSync(cluster.lab.folder("hosts/cp1/var-lib/pulumi-kubeadm/undo/put-back"))).toBe(true);
    await cluster.lab.startHost("cp1");
    const records = () => cluster.host("cp1", "ls /var/lib/pulumi-kubeadm");
    await eventually("a record that is gone", records, (seen) => !seen.includes("undo"), 300);
    saw(
      await cluster.host(
        "cp1",
        "tac /var/log/pulumi-kubeadm.log | sed '/at boot (files)/q' | tac | tail -n 20",
      ),
    );
    await ready();
    const state = async () => JSON.stringify(await running());
    await eventually("the former settings", state, (now) => now === JSON.stringify(before));
    const started = (unit: string) =>
      cluster.host("cp1", `systemctl show --property ActiveEnterTimestampMonotonic --value ${unit}`);
    const files = Number(await started("pulumi-kubeadm-undo-files"));
    expect(files).toBeGreaterThan(0);
    expect(files).toBeLessThan(Number(await started("containerd")));
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("does not keep the next change from its way", async () => {
    cluster.settings = settings = { ...settings, audit: METADATA };
    await cluster.engine("up");
    expect(await cluster.host("cp1", POLICY)).toContain("Metadata");
    expect(await cluster.host("cp1", POLICY)).not.toContain("RequestResponse");
    expect((await cluster.engine("preview")).changed).toEqual([]);
  });

  it("leaves a change alone at boot that ended well", async () => {
    await cluster.lab.stopHost("cp1", 0);
    await cluster.lab.startHost("cp1");
    await ready();
    expect(await cluster.host("cp1", POLICY)).toContain("Metadata");
    expect(await cluster.host("cp1", "systemctl is-active pulumi-kubeadm-undo-files || true")).toBe(
      "inactive\n",
    );
  });
});
