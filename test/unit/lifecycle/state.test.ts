import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Hosts } from "../../../host/runner";
import { readState } from "../../../host/state";
import { controlPlaneVersions, versionsScript } from "../../../model/lifecycle/hops";
import { resetScript } from "../../../model/lifecycle/leaving";
import { stateScript } from "../../../model/lifecycle/state";
import { undoFolder } from "../../../model/node/undo";
import { RECORD_FILE, SETUP_FILE } from "../../../model/node/shell";
import { machine, settingsOf } from "../../support/kubeadmSettings";
import { factsOf, impatient, NodeHost } from "./support";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.files.command("ss", "exit 0");
});
afterEach(() => host.files.remove());

const there = (file: string) => fs.existsSync(host.files.root + file);
const node = { ...factsOf(settingsOf(), machine("w1")), state: "joined" };

/** What the host program makes of the script's output. */
function state() {
  const { status, output } = host.run(stateScript());
  expect(status, output).toBe(0);
  return readState({ query: () => Promise.resolve(output) } as unknown as Hosts, "w1");
}

describe("the state of a host", () => {
  it("is empty for a bare one", async () => {
    expect(await state()).toMatchObject({
      node: undefined,
      setup: undefined,
      machineId: "",
      kubelet: false,
      apiServer: false,
      etcd: false,
    });
  });

  it("has what was recorded, the machine's id and clock", async () => {
    const setup = { machine: "w1", revision: 2, digest: "d" };
    host.files.write(RECORD_FILE, `${JSON.stringify(node)}\n`);
    host.files.write(SETUP_FILE, `${JSON.stringify(setup)}\n`);
    host.files.write("/etc/machine-id", "1f2e3d\n");
    host.files.write("/etc/kubernetes/kubelet.conf", "");
    const before = Math.floor(Date.now() / 1000);
    const found = await state();
    expect(found).toMatchObject({ node, setup, machineId: "1f2e3d", kubelet: true });
    expect(found.now).toBeGreaterThanOrEqual(before);
    expect(found.now).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it("tells an API server by its manifest, and etcd by its data", async () => {
    host.files.write("/etc/kubernetes/manifests/kube-apiserver.yaml", "");
    host.files.write("/var/lib/etcd/member/snap/db", "");
    expect(await state()).toMatchObject({ apiServer: true, etcd: true });
  });

  it.each([
    ["6443", { apiServer: true, etcd: false }],
    ["2379", { apiServer: false, etcd: true }],
    ["10250", { apiServer: false, etcd: false }],
  ])("tells what listens on port %s, whatever it is", async (port, found) => {
    host.files.command("ss", `case "$*" in *"sport = :${port}") echo LISTEN ;; esac`);
    expect(await state()).toMatchObject(found);
  });

  it("has what a living node runs with, by its own files", async () => {
    host.files.write("/etc/kubernetes/kubelet.conf", "");
    host.files.write(
      "/var/lib/kubelet/kubeadm-flags.env",
      'KUBELET_KUBEADM_ARGS="--node-ip=10.40.0.11 --pod-infra=x"\n',
    );
    host.files.write("/var/lib/kubelet/config.yaml", 'cgroupDriver: systemd\nclusterDomain: "k8s.example"\n');
    host.files.write("/etc/cni/net.d/10-calico.conflist", "{}");
    host.files.write(
      "/etc/kubernetes/manifests/kube-apiserver.yaml",
      "    image: registry.k8s.io/kube-apiserver:v1.35.8\n    - --service-account-issuer=https://new.example\n    - --service-account-issuer=https://old.example\n",
    );
    host.files.write(
      "/etc/kubernetes/manifests/kube-controller-manager.yaml",
      "    - --node-cidr-mask-size=25\n",
    );
    host.files.write("/var/lib/kubelet/cpu_manager_state", '{"policyName":"static","defaultCpuSet":"0-3"}');
    expect((await state()).living).toEqual({
      managers: { cpu: "static" },
      facts: { cgroupDriver: "systemd", clusterDomain: "k8s.example", cni: "calico", nodeCidrMaskSize: 25 },
      nodeAddress: "10.40.0.11",
      apiServer: "1.35.8",
      issuers: ["https://new.example", "https://old.example"],
    });
  });

  describe("where a change was cut off", () => {
    const manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
    const image = (version: string) => `    image: registry.k8s.io/kube-apiserver:v${version}\n`;
    const versions = () => controlPlaneVersions(host.run(impatient(versionsScript())).output);

    beforeEach(() => {
      host.files.write("/etc/kubernetes/kubelet.conf", "");
      host.files.write(`${undoFolder}/was${host.files.root}${manifest}`, image("1.34.11"));
      host.files.command("kubectl", 'echo "kubernetesVersion: v1.34.11"');
    });

    it.each([
      ["is half done", image("1.35.8")],
      ["is away", undefined],
    ])("has the version that the API server gets back, where the new one %s", async (_, now) => {
      if (now !== undefined) host.files.write(manifest, now);
      expect((await state()).living.apiServer).toBe("1.34.11");
      expect(versions()).toEqual({ apiServer: "1.34.11", configuration: "kubernetesVersion: v1.34.11\n" });
    });

    it("has it while the change keeps the only API server away", () => {
      host.files.command("kubectl", "echo refused >&2; exit 1");
      expect(versions()).toEqual({ apiServer: "1.34.11", configuration: "" });
    });

    it("has the manifest's own where the change does not write it", async () => {
      fs.rmSync(host.files.root + undoFolder, { recursive: true });
      host.files.write(`${undoFolder}/put-back`, "");
      host.files.write(manifest, image("1.35.8"));
      expect((await state()).living.apiServer).toBe("1.35.8");
      expect(versions()?.apiServer).toBe("1.35.8");
    });
  });

  it("has nothing of that on a host that is not a node", async () => {
    host.files.write("/etc/cni/net.d/10-calico.conflist", "{}");
    expect((await state()).living).toEqual({ facts: {}, managers: {}, issuers: [] });
  });

  it("is read without a change", () => {
    const all = () => fs.readdirSync(host.files.root, { recursive: true }).sort();
    host.run(stateScript());
    const before = all();
    host.run(stateScript());
    expect(all()).toEqual(before);
  });
});

describe("reset", () => {
  const reset = () => host.run(resetScript("10.244.0.0/16"));
  /** Absolute paths that a script may name without harm to the machine that runs this test. */
  const harmless = /^\/(dev\/null|usr\/bin\/env|bin\/)/;

  it("names no path that this test does not move into its folder", () => {
    reset();
    // The search path only says where programs are looked for.
    const script = host.files
      .read("/script")
      .replaceAll(host.files.root, "ROOT")
      .replace(/\bPATH="\S+"/, "");
    const paths = [...script.matchAll(/(?<![\w$}"*./])\/[a-z][\w./-]*/g)].map(([found]) => found);
    expect(paths.filter((found) => !harmless.test(found))).toEqual([]);
  });

  it("forgets a change that was cut off first: a boot in the middle would put the node back", () => {
    const unit = "/etc/systemd/system/multi-user.target.wants/pulumi-kubeadm-undo.service";
    for (const file of [`${undoFolder}/put-back`, unit]) host.files.write(file, "");
    host.files.command("kubeadm", "kill -9 $CALLER");
    host.files.command("timeout", 'shift; exec "$@"');
    expect(reset().status).not.toBe(0);
    expect([there(undoFolder), there(unit)]).toEqual([false, false]);
  });

  it("takes away what kubeadm, the kubelet, the CNI and node step left, and keeps what is setup's", () => {
    const gone = [
      "/etc/kubernetes/pki/ca.key",
      "/etc/kubernetes/pulumi-kubeadm/kubeadm.yaml",
      "/var/lib/etcd/member/snap/db",
      "/etc/cni/net.d/10-flannel.conflist",
      "/run/flannel/subnet.env",
      "/var/lib/kubelet/config.yaml",
      "/var/lib/pulumi-kubeadm/kubelet.applied",
      "/etc/systemd/system/pulumi-kubeadm-serving-approver.timer",
      "/etc/systemd/system/pulumi-kubeadm-serving-approver.service",
      "/usr/local/sbin/pulumi-kubeadm-join-file",
      RECORD_FILE,
    ];
    const kept = [
      SETUP_FILE,
      "/etc/systemd/system/containerd.service",
      "/etc/systemd/system/kubelet.service",
      "/usr/local/bin/kubelet",
      "/var/lib/etcd/lost+found",
    ];
    // containerd watches this folder, ends when it goes, and is away for five seconds, in which a join would fail.
    const watched = "/etc/cni/net.d";
    for (const file of [...gone, ...kept]) host.files.write(file, "x");
    const { status, output } = reset();
    expect(status, output).toBe(0);
    expect(gone.filter(there)).toEqual([]);
    expect([...kept, watched].filter((file) => !there(file))).toEqual([]);
  });

  it("deletes the links of the CNI and of kube-proxy, whatever flannel's is called, and routes to pods", () => {
    const links = [
      "1: lo: <UP>",
      "2: eth0@if7: <UP>",
      "3: flannel.42: <UP>",
      "4: cni0: <UP>",
      "5: veth1@if2: <UP>",
    ];
    host.files.write("/links", `${links.join("\n")}\n`);
    host.files.command("ip", 'if [ "$*" = "-o link show" ]; then cat "$ROOT/links"; fi');
    expect(reset().status).toBe(0);
    const calls = host.files.calls().filter((line) => line.startsWith("ip "));
    expect(calls).toContain("ip link delete cni0");
    expect(calls).toContain("ip link delete flannel.42");
    expect(calls.join("\n")).not.toMatch(/eth0|delete lo$/m);
    expect(calls).toContain("ip -4 route flush root 10.244.0.0/16");
  });

  it("takes kube-proxy's rules out of iptables and leaves the others, however many there are", () => {
    const rules = Array.from({ length: 4_000 }, (_, index) => `-A KUBE-SVC-${index} -j KUBE-SEP-${index}`);
    const all = ["*nat", "-A INPUT -j ACCEPT", ...rules, "COMMIT"].join("\n");
    host.files.write("/rules", `${all}\n`);
    host.files.command("iptables-save", 'cat "$ROOT/rules"');
    host.files.command("iptables-restore", 'cat >>"$ROOT/restored-$2"');
    expect(reset().status).toBe(0);
    for (const table of ["nat", "filter", "mangle"])
      expect(host.files.read(`/restored-${table}`)).toBe("*nat\n-A INPUT -j ACCEPT\nCOMMIT\n");
  });

  it("leaves iptables alone where nothing of Kubernetes is in it", () => {
    host.files.command("iptables-save", 'echo "-A INPUT -j ACCEPT"');
    reset();
    expect(host.files.calls().some((line) => line.startsWith("iptables-restore"))).toBe(false);
  });

  it("deletes kube-proxy's and flannel's nftables, and no others", () => {
    host.files.command(
      "nft",
      'case "$*" in "list tables ip") printf "table ip kube-proxy\\ntable ip flannel-ipv4\\ntable ip mine\\n" ;; esac',
    );
    reset();
    const deleted = host.files.calls().filter((line) => line.startsWith("nft delete"));
    expect(deleted).toEqual(["nft delete table ip kube-proxy", "nft delete table ip flannel-ipv4"]);
  });

  it("goes on by hand when kubeadm fails, and can be run again", () => {
    host.files.command("kubeadm", "exit 1");
    host.files.write("/etc/kubernetes/kubelet.conf", "x");
    const first = reset();
    expect(first.status, first.output).toBe(0);
    expect(first.output).toContain("##note kubeadm reset did not finish");
    expect(there("/etc/kubernetes")).toBe(false);
    expect(reset().status).toBe(0);
  });

  it("does not ask etcd: the member was removed by a control-plane node that stays", () => {
    reset();
    const kubeadm = host.files.calls().find((line) => line.startsWith("kubeadm"));
    expect(kubeadm).toContain("--skip-phases remove-etcd-member");
  });
});
