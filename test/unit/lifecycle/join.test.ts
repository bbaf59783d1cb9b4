import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { paths } from "../../../model/kubeadm";
import { CLUSTER_DOCUMENT, DISCOVERY_FILE, PATCHES_DIR } from "../../../model/lifecycle/parts";
import { binaryPath } from "../../../model/node/paths";
import { undoFolder } from "../../../model/node/undo";
import type { Machine } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { factsOf, impatient, NodeHost } from "./support";
import { filesOfNode, convergeScript, initScript, joinScript } from "../../support/fromSettings";

const settings = settingsOf();
const cp1 = controlPlaneNode("cp1", 11);
const w1 = machine("w1");
const secret = "the-secret-value-of-this-test";
const secrets = [{ path: paths.wantedEncryption, mode: "0600", content: `${secret}\n` }];
const discovery = { path: DISCOVERY_FILE, mode: "0600", content: `client-key-data: ${secret}\n` };
const kubelet = "/var/lib/kubelet";

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.install(settings.kubernetesVersion);
});
afterEach(() => host.files.remove());

/** Calls without the folder that plays the host. */
const calls = () => host.files.calls().map((line) => line.replaceAll(host.files.root, ""));
const linked = (name: string) =>
  fs.readlinkSync(`${host.files.root}/usr/local/bin/${name}`).slice(host.files.root.length);
const there = (path: string) => fs.existsSync(host.files.root + path);

const init = (files = filesOfNode(settings, cp1)) =>
  host.run(initScript(settings, factsOf(settings, cp1), files, secrets));
const join = (own: Machine) =>
  host.run(joinScript(settings, factsOf(settings, own), filesOfNode(settings, own), [...secrets, discovery]));
/** Without files: what is written how is told by `init` and `join`. */
const converging = (own: Machine, to = settings) => convergeScript(to, own, factsOf(to, own), [], []);
const converge = (own: Machine, to = settings) => host.run(converging(own, to));

describe("init", () => {
  it("puts everything in place before kubeadm runs, and is a member only when it has run", () => {
    host.files.command(
      "kubeadm",
      `cp "$ROOT/var/lib/pulumi-kubeadm/node.json" "$ROOT/during"
[ -s "$ROOT${paths.encryption}" ] && [ -s "$ROOT/etc/kubernetes/pulumi-kubeadm/kubeadm.yaml" ]`,
    );
    const { status, output } = init();
    expect(status, output).toBe(0);
    expect(JSON.parse(host.files.read("/during"))).toMatchObject({ state: "initialising" });
    expect(host.member()).toEqual({ ...factsOf(settings, cp1), state: "joined" });
    expect(linked("kubelet")).toBe(binaryPath("kubelet", settings.kubernetesVersion));
  });

  it("forgets a change of the node that the host was before: a boot would put that node back", () => {
    host.files.write(`${undoFolder}/put-back`, "");
    expect(init().status).toBe(0);
    expect(there(undoFolder)).toBe(false);
  });

  it("takes kubeadm's own token away, and starts the timers of a control-plane node", () => {
    init();
    const all = calls();
    const kubeadm = all.findIndex((line) => line.startsWith("kubeadm init --config"));
    const tokens = all.findIndex((line) => line.includes("type=bootstrap.kubernetes.io/token"));
    expect(kubeadm).toBeGreaterThanOrEqual(0);
    expect(tokens).toBeGreaterThan(kubeadm);
    const timers = filesOfNode(settings, cp1).filter((file) => file.path.endsWith(".timer"));
    expect(timers.length).toBeGreaterThan(0);
    for (const timer of timers)
      expect(all).toContain(`systemctl enable --now ${timer.path.split("/").pop()}`);
  });

  it("that failed is not taken for done, and the next one clears what it left", () => {
    host.files.command(
      "kubeadm",
      `[ "$1" = init ] || exit 0
mkdir -p "$ROOT/etc/kubernetes/manifests" "$ROOT/var/lib/etcd/member"
echo half >"$ROOT/etc/kubernetes/admin.conf"
exit 1`,
    );
    const failed = init();
    expect(failed.status).not.toBe(0);
    expect(failed.output).toContain("##phase kubeadm init");
    expect(host.member()).toMatchObject({ state: "initialising" });
    expect(calls().some((line) => line.startsWith("kubeadm reset"))).toBe(false);

    host.files.command("kubeadm", "exit 0");
    const { status, output } = init();
    expect(status, output).toBe(0);
    expect(output).toContain("##note clearing what an interrupted run left");
    expect(calls().filter((line) => line.startsWith("kubeadm"))[0]).toMatch(/^kubeadm reset --force/);
    expect(there("/var/lib/etcd/member")).toBe(false);
    expect(there("/etc/kubernetes/admin.conf")).toBe(false);
    expect(host.member()).toMatchObject({ state: "joined" });
  });

  it("waits for a containerd that starts again", () => {
    host.files.command(
      "systemctl",
      `[ "$1" = is-active ] || exit 0
echo asked >>"$ROOT/asked"
[ "$(wc -l <"$ROOT/asked")" -ge 3 ]`,
    );
    host.files.command("kubeadm", '[ "$(wc -l <"$ROOT/asked")" -ge 3 ]');
    const { status, output } = init();
    expect(status, output).toBe(0);
  });

  it("stops before it changes anything when node setup did not finish", () => {
    fs.rmSync(host.files.root + binaryPath("kubelet", settings.kubernetesVersion));
    const { status, output } = init();
    expect(status).toBe(1);
    expect(output).toContain("##error kubelet 1.36.4 is not on this host: its setup did not finish");
    expect(host.member()).toBeUndefined();
  });

  it("prints no secret, also when it fails", () => {
    host.files.command("kubeadm", "exit 1");
    const encoded = Buffer.from(`${secret}\n`).toString("base64");
    const { output } = init();
    expect(output).not.toContain(secret);
    expect(output).not.toContain(encoded);
  });
});

describe("join", () => {
  it("is a member when kubeadm has joined, and its credential is gone", () => {
    host.files.command("kubeadm", `cp "$ROOT${DISCOVERY_FILE}" "$ROOT/seen"`);
    const { status, output } = join(w1);
    expect(status, output).toBe(0);
    expect(host.files.read("/seen")).toBe(discovery.content);
    expect(there(DISCOVERY_FILE)).toBe(false);
    expect(calls().filter((line) => line.startsWith("kubeadm"))).toEqual([
      "kubeadm join --config /etc/kubernetes/pulumi-kubeadm/join.yaml",
    ]);
    expect(host.member()).toEqual({ ...factsOf(settings, w1), state: "joined" });
  });

  it("that fails leaves no credential and is tried again from a clean host", () => {
    host.files.command(
      "kubeadm",
      '[ "$1" = join ] || exit 0; touch "$ROOT/etc/kubernetes/kubelet.conf"; exit 1',
    );
    expect(join(w1).status).not.toBe(0);
    expect(there(DISCOVERY_FILE)).toBe(false);
    expect(host.member()).toMatchObject({ state: "joining" });
    host.files.command("kubeadm", "exit 0");
    expect(join(w1).status).toBe(0);
    expect(
      calls()
        .filter((line) => line.startsWith("kubeadm"))
        .map((line) => line.split(" ")[1]),
    ).toEqual(["reset", "join"]);
  });

  it.each([
    ["lost+found", true],
    ["lost+found and a stranger's data", false],
    ["nothing", false],
  ])("onto a folder of etcd with %s tells kubeadm of the mount: %s", (held, told) => {
    if (held !== "nothing") fs.mkdirSync(`${host.files.root}/var/lib/etcd/lost+found`, { recursive: true });
    if (held.includes("data")) host.files.write("/var/lib/etcd/x", "");
    expect(join(w1).status).toBe(0);
    const line = calls().find((one) => one.startsWith("kubeadm join"));
    expect(line?.includes("--ignore-preflight-errors=DirAvailable--var-lib-etcd")).toBe(told);
  });

  it("gives a worker neither documents nor scripts of a control-plane node", () => {
    join(w1);
    expect(there("/etc/kubernetes/pulumi-kubeadm/kubeadm.yaml")).toBe(false);
    expect(fs.readdirSync(`${host.files.root}/usr/local`)).toEqual(["bin"]);
  });

  it("takes patches away that are no longer rendered: kubeadm reads the folder as a whole", () => {
    host.files.write(`${PATCHES_DIR}/kube-apiserver9+merge.yaml`, "old");
    host.files.write(`${PATCHES_DIR}/kubeletconfiguration0+merge.yaml.Ab12Cd`, "half-written");
    join(w1);
    const rendered = filesOfNode(settings, w1).filter((file) => file.path.startsWith(`${PATCHES_DIR}/`));
    expect(rendered.length).toBeGreaterThan(0);
    expect(fs.readdirSync(host.files.root + PATCHES_DIR).sort()).toEqual(
      rendered.map((file) => file.path.slice(PATCHES_DIR.length + 1)).sort(),
    );
  });
});

describe("a change of a node", () => {
  /** kubeadm writes the kubelet's configuration when it upgrades a node. */
  const upgradeWrites = (content: string) =>
    host.files.command(
      "kubeadm",
      `[ "$1 $2" = "upgrade node" ] && echo '${content}' >"$ROOT${kubelet}/config.yaml"; exit 0`,
    );
  const restarts = () => calls().filter((line) => line === "systemctl restart kubelet").length;

  beforeEach(() => {
    host.files.write(`${kubelet}/config.yaml`, "first\n");
    host.files.write(`${kubelet}/kubeadm-flags.env`, "flags\n");
    upgradeWrites("first");
    join(w1);
  });

  it("restarts the kubelet when its configuration is another one, and only then", () => {
    expect(converge(w1).status).toBe(0);
    expect(restarts()).toBe(0);
    upgradeWrites("second");
    expect(converge(w1).status).toBe(0);
    expect(restarts()).toBe(1);
    expect(converge(w1).status).toBe(0);
    expect(restarts()).toBe(0);
  });

  it("takes away what CPUs and memory were handed out by another policy, while the kubelet is stopped", () => {
    const handedOut = { cpu: `${kubelet}/cpu_manager_state`, memory: `${kubelet}/memory_manager_state` };
    const write = (cpu: string, memory: string): void => {
      host.files.write(handedOut.cpu, `{"policyName":"${cpu}","defaultCpuSet":"0-3","checksum":1}`);
      host.files.write(handedOut.memory, `{"policyName":"${memory}","machineState":{},"checksum":2}`);
    };
    // A kubelet that runs writes the file again.
    host.files.command(
      "systemctl",
      `[ "$1" = stop ] && touch "$ROOT/stopped"; [ "$1" = restart ] && rm -f "$ROOT/stopped"; exit 0`,
    );
    host.files.command(
      "rm",
      `case "$*" in *_manager_state*) [ -e "$ROOT/stopped" ] || exit 1 ;; esac; exec /bin/rm "$@"`,
    );
    write("none", "None");
    expect(converge(w1).status).toBe(0);
    expect([there(handedOut.cpu), there(handedOut.memory), restarts()]).toEqual([true, true, 0]);

    const pinned = settingsOf({ kubelet: { config: { cpuManagerPolicy: "static" } } });
    expect(converge(w1, pinned)).toMatchObject({ status: 0 });
    expect([there(handedOut.cpu), there(handedOut.memory), restarts()]).toEqual([false, true, 1]);

    write("static", "Static");
    expect(converge(w1).status).toBe(0);
    expect([there(handedOut.cpu), there(handedOut.memory), restarts()]).toEqual([false, false, 1]);
  });

  it("restarts the kubelet in the next run when this one failed between configuration and restart", () => {
    expect(converge(w1).status).toBe(0);
    host.files.command(
      "kubeadm",
      `[ "$1 $2" = "upgrade node" ] && echo second >"$ROOT${kubelet}/config.yaml"; exit 1`,
    );
    expect(converge(w1).status).not.toBe(0);
    expect(restarts()).toBe(0);
    upgradeWrites("second");
    expect(converge(w1).status).toBe(0);
    expect(restarts()).toBe(1);
  });

  it("gives a node of an earlier version its name in the kubelet's flags, once", () => {
    const flags = `${kubelet}/kubeadm-flags.env`;
    host.files.write(flags, 'KUBELET_KUBEADM_ARGS="--node-ip=10.40.0.21 --x=y"\n');
    expect(converge(w1).status).toBe(0);
    const once = 'KUBELET_KUBEADM_ARGS="--hostname-override=w1 --node-ip=10.40.0.21 --x=y"\n';
    expect(host.files.read(flags)).toBe(once);
    expect(restarts()).toBe(1);
    expect(converge(w1).status).toBe(0);
    expect(host.files.read(flags)).toBe(once);
    expect(restarts()).toBe(0);
  });

  it("works where kubeadm has written no flags", () => {
    fs.rmSync(`${host.files.root}${kubelet}/kubeadm-flags.env`);
    const { status, output } = converge(w1);
    expect(status, output).toBe(0);
  });

  it("of version uses the new kubeadm, then switches the links and restarts the kubelet", () => {
    const next = settingsOf({ kubernetesVersion: "1.36.5" });
    host.install("1.36.5");
    const { status, output } = converge(w1, next);
    expect(status, output).toBe(0);
    expect(linked("kubelet")).toBe(binaryPath("kubelet", "1.36.5"));
    expect(linked("kubectl")).toBe(binaryPath("kubectl", "1.36.5"));
    expect(restarts()).toBe(1);
    expect(host.member()).toMatchObject({ version: "1.36.5", state: "joined" });
  });

  it("of version takes out the flag that kubelets since 1.35 do not know, wherever it stands", () => {
    const flags = `${kubelet}/kubeadm-flags.env`;
    const image = "--pod-infra-container-image=registry.k8s.io/pause:3.10.1";
    const former = `KUBELET_KUBEADM_ARGS="--hostname-override=w1 --node-ip=10.40.0.21 ${image} --x=y"\n`;
    host.files.write(flags, former);
    expect(converge(w1).status).toBe(0);
    expect(host.files.read(flags)).toBe(former);
    host.install("1.36.5");
    expect(converge(w1, settingsOf({ kubernetesVersion: "1.36.5" })).status).toBe(0);
    expect(host.files.read(flags)).toBe(
      'KUBELET_KUBEADM_ARGS="--hostname-override=w1 --node-ip=10.40.0.21 --x=y"\n',
    );
  });

  it("whose new version is not on the host switches nothing", () => {
    const { status } = converge(w1, settingsOf({ kubernetesVersion: "1.36.5" }));
    expect(status).not.toBe(0);
    expect(linked("kubelet")).toBe(binaryPath("kubelet", "1.36.4"));
    expect(host.member()).toMatchObject({ version: "1.36.4" });
  });

  it("has failed when the kubelet does not come back, and is not recorded", () => {
    host.files.command("curl", "exit 7");
    const changed = settingsOf({ kubelet: { config: { maxPods: 50 } } });
    const { status, output } = host.run(impatient(converging(w1, changed)));
    expect(status).toBe(1);
    expect(output).toContain("##error the kubelet did not become healthy within two minutes");
  });
});

describe("a change of a control-plane node", () => {
  const names = "DNS:api.test.internal, DNS:kubernetes, IP Address:10.40.0.11";

  beforeEach(() => {
    host.files.write(`${kubelet}/config.yaml`, "first\n");
    host.files.command("openssl", `echo "    ${names}"`);
    host.files.command(
      "kubectl",
      'case "$*" in *kubeadm-config*) printf "apiServer: {}\\nkubernetesVersion: v1.36.4\\n" ;; esac',
    );
    init([]);
    const image = "    image: registry.k8s.io/kube-apiserver:v1.36.4\n";
    host.files.write("/etc/kubernetes/manifests/kube-apiserver.yaml", image);
    host.files.write(CLUSTER_DOCUMENT, "kubernetesVersion: v1.36.4\n");
    for (const name of ["apiserver.crt", "apiserver.key"])
      host.files.write(`/etc/kubernetes/pki/${name}`, "pem");
  });

  const kubeadm = () =>
    calls()
      .filter((line) => line.startsWith("kubeadm"))
      .map((line) => line.split(" --")[0]);

  it("uploads the configuration and brings the node to it, without an upgrade", () => {
    const wanted = settingsOf({ apiServer: { extraArgs: {}, certSans: [] } });
    certificateNames(wanted);
    const { status, output } = converge(cp1, wanted);
    expect(status, output).toBe(0);
    expect(kubeadm()).toEqual([
      "kubeadm init phase etcd local",
      "kubeadm init phase upload-config all",
      "kubeadm upgrade node",
      "kubeadm init phase addon kube-proxy",
    ]);
    expect(there("/etc/kubernetes/pki/apiserver.key")).toBe(true);
  });

  it("makes the API server's certificate anew when it lacks a name, and lets the API server read it", () => {
    const wanted = settingsOf({ apiServer: { extraArgs: {}, certSans: ["api.example.com"] } });
    certificateNames(settings);
    host.files.command("crictl", 'if [ "$1" = ps ]; then echo 0123abcd; fi');
    const { status, output } = converge(cp1, wanted);
    expect(status, output).toBe(0);
    expect(kubeadm()).toContain("kubeadm init phase certs apiserver");
    expect(there("/etc/kubernetes/pki/apiserver.key")).toBe(false);
    expect(calls()).toContain("crictl stop 0123abcd");
  });

  it("waits until the API shows the static pods that run, where it still shows those of a node before", () => {
    certificateNames(settings);
    host.files.write("/hash", "of-the-node-before");
    host.files.command("sleep", 'printf "of-what-runs" > "$ROOT/hash"');
    host.files.command(
      "crictl",
      'case "$1" in pods) echo 0123abcd ;; inspectp) printf "of-what-runs" ;; esac',
    );
    host.files.command(
      "kubectl",
      `case "$*" in
*kubeadm-config*) printf "apiServer: {}\\nkubernetesVersion: v1.36.4\\n" ;;
*"get pod kube-apiserver-cp1 "*) cat "$ROOT/hash" ;;
*"get pod kube-"*) printf "of-what-runs" ;;
esac`,
    );
    const { status, output } = converge(cp1, settings);
    expect(status, output).toBe(0);
    const order = calls().filter((line) => /^sleep|get pod kube-apiserver|^kubeadm upgrade/.test(line));
    expect(
      order.map((line) => /^sleep|get pod kube-apiserver|^kubeadm upgrade node/.exec(line)?.[0]),
    ).toEqual(["get pod kube-apiserver", "sleep", "get pod kube-apiserver", "kubeadm upgrade node"]);
  });

  it("upgrades the cluster once: the first control-plane node applies, the others find it applied", () => {
    const next = settingsOf({ kubernetesVersion: "1.36.5" });
    certificateNames(next);
    host.install("1.36.5");
    expect(converge(cp1, next).status).toBe(0);
    expect(kubeadm().slice(0, 5)).toEqual([
      "kubeadm config images list",
      "kubeadm upgrade apply phase preflight",
      "kubeadm init phase etcd local",
      "kubeadm init phase upload-config kubeadm",
      "kubeadm upgrade apply",
    ]);
    expect(calls().find((line) => /^kubeadm upgrade apply --/.test(line))).toContain("--etcd-upgrade=false");
    // CoreDNS is the library's, and newer than kubeadm of an older minor version knows.
    expect(calls().find((line) => /^kubeadm upgrade apply phase preflight/.test(line))).toMatch(
      / --ignore-preflight-errors=(\S+,)?CoreDNSMigration,CoreDNSUnsupportedPlugins /,
    );
    host.files.command(
      "kubectl",
      'case "$*" in *kubeadm-config*) printf "kubernetesVersion: v1.36.5\\n" ;; esac',
    );
    expect(converge(cp1, next).status).toBe(0);
    expect(kubeadm()).not.toContain("kubeadm upgrade apply");
  });

  it("gives the new version the flags of the settings, with the version that runs, before kubeadm renders it", () => {
    const next = settingsOf({ kubernetesVersion: "1.36.5" });
    certificateNames(next);
    host.install("1.36.5");
    host.files.write(CLUSTER_DOCUMENT, "kubernetesVersion: v1.36.5\napiServer: of the settings\n");
    host.files.command(
      "kubeadm",
      `case "$*" in *"upload-config kubeadm"*) cp "$ROOT/run/pulumi-kubeadm-flags.yaml" "$ROOT/uploaded" ;; esac`,
    );
    const { status, output } = converge(cp1, next);
    expect(status, output).toBe(0);
    expect(host.files.read("/uploaded")).toBe("kubernetesVersion: v1.36.4\napiServer: of the settings\n");
  });

  it.each(["1.35.8", "1.36.3"])("does not take a cluster back to %s", (version) => {
    const before = settingsOf({ kubernetesVersion: version });
    certificateNames(before);
    host.install(version);
    const { status, output } = converge(cp1, before);
    expect(status).toBe(1);
    expect(output).toContain(`##error the cluster is at 1.36.4 already, and cannot go back to ${version}`);
    expect(kubeadm()).toEqual([]);
  });

  const checkedBy = (answer: string): string =>
    `case "$*" in *"phase preflight"*) echo >>"$ROOT/checks"; ${answer} ;; esac`;
  const failed = (check: string): string =>
    `echo "[preflight] Some fatal errors: [ERROR ${check}]: no" >&2; exit 1`;
  const checks = (): number => host.files.read("/checks").split("\n").length - 1;

  it("is checked again where kubeadm's Job found no node in its minute, and not for anything else", () => {
    const next = settingsOf({ kubernetesVersion: "1.36.5" });
    certificateNames(next);
    host.install("1.36.5");
    host.files.command(
      "kubeadm",
      checkedBy(`[ "$(wc -l <"$ROOT/checks")" -ge 2 ] || { ${failed("CreateJob")}; }`),
    );
    const { status, output } = converge(cp1, next);
    expect(status, output).toBe(0);
    expect(checks()).toBe(2);

    fs.rmSync(`${host.files.root}/checks`);
    host.files.command("kubeadm", checkedBy(failed("ControlPlaneNodesReady")));
    const refused = converge(cp1, settingsOf({ kubernetesVersion: "1.36.5" }));
    expect(refused.status).toBe(1);
    expect(refused.output).toContain("ControlPlaneNodesReady");
    expect(refused.output).toContain("##error kubeadm refuses 1.36.5, so nothing was changed");
    expect(checks()).toBe(1);
  });

  it("is well when it stays so after its kubelet became another version: that starts the API server anew", () => {
    const next = settingsOf({ kubernetesVersion: "1.36.5" });
    certificateNames(next);
    host.install("1.36.5");
    host.files.command(
      "kubectl",
      `case "$*" in
  *kubeadm-config*) echo "kubernetesVersion: v1.36.5" ;;
  "--server https://10.40.0.11:6443 get --raw /readyz") echo >>"$ROOT/asked"; [ "$(wc -l <"$ROOT/asked")" -ne 4 ] ;;
esac`,
    );
    const asked = () => host.files.read("/asked").length;
    const { status, output } = converge(cp1, next);
    expect(status, output).toBe(0);
    expect(asked()).toBe(4 + 15);
    host.files.write("/asked", "");
    expect(converge(cp1, next).status).toBe(0);
    expect(asked()).toBe(1);
  });

  it("waits for an API that is on its way up, and says so when it does not come", () => {
    host.files.command("kubectl", "exit 1");
    const { status, output } = host.run(impatient(converging(cp1)));
    expect(status).toBe(1);
    expect(output).toContain("##error the API has not answered for two minutes");
    expect(calls().filter((line) => line.startsWith("kubectl"))).toHaveLength(3);
  });

  it.each([
    ["cp2=registry.k8s.io/kube-apiserver:v1.36.3\\ncp3=registry.k8s.io/kube-apiserver:v1.36.4", "cp2"],
    ["cp2=registry.k8s.io/kube-apiserver:v1.36.40\\ncp3=registry.k8s.io/kube-apiserver:v1.35.8", "cp2 cp3"],
    ["cp2=registry.k8s.io/kube-apiserver:v1.36.4\\ncp3=registry.k8s.io/kube-apiserver:v1.36.4", ""],
  ])(
    "brings kube-proxy along when the other control-plane nodes' API servers are there: %s",
    (images, behind) => {
      certificateNames(settings);
      host.files.command(
        "kubectl",
        `case "$*" in
  *kubeadm-config*) echo "kubernetesVersion: v1.36.4" ;;
  *component=kube-apiserver*"spec.nodeName!=cp1"*) printf '${images}\\n' ;;
esac`,
      );
      const { status, output } = converge(cp1);
      expect(status, output).toBe(0);
      expect(kubeadm().includes("kubeadm init phase addon kube-proxy")).toBe(behind === "");
      if (behind !== "")
        expect(output).toMatch(new RegExp(`##note kube-proxy is not changed .*: ${behind}\n`));
    },
  );

  it("restarts kube-proxy when kubeadm changed its configuration, and only then", () => {
    certificateNames(settings);
    converge(cp1);
    expect(calls().some((line) => line.includes("rollout restart daemonset kube-proxy"))).toBe(false);
    host.files.command(
      "kubectl",
      `case "$*" in
  *kubeadm-config*) echo "kubernetesVersion: v1.36.4" ;;
  *"configmap kube-proxy"*) grep -c "addon kube-proxy" "$ROOT/calls" || true ;;
esac`,
    );
    converge(cp1);
    expect(calls().some((line) => line.includes("rollout restart daemonset kube-proxy"))).toBe(true);
  });

  it.each([
    ["changed", true],
    ["left as it was", false],
  ])("waits for kube-proxy on every node when it was %s, and goes on without the last", (_, changed) => {
    certificateNames(settings);
    host.files.command(
      "kubectl",
      `case "$*" in
  *kubeadm-config*) echo "kubernetesVersion: v1.36.4" ;;
  *"get daemonset kube-proxy"*) ${changed ? 'grep -c "addon kube-proxy" "$ROOT/calls" || true' : "echo 1"} ;;
  *"rollout status"*) exit 1 ;;
esac`,
    );
    const { status, output } = converge(cp1);
    expect(status, output).toBe(0);
    expect(calls().some((line) => line.includes("rollout status daemonset kube-proxy"))).toBe(changed);
    expect(output.includes("##note kube-proxy is not updated on every node")).toBe(changed);
  });
});

/** `openssl x509 -ext subjectAltName` prints a certificate that has all names of the settings. */
function certificateNames(all: typeof settings): void {
  host.files.command("openssl", `cat "$ROOT/sans"`);
  const document = filesOfNode(all, cp1).find((file) => file.path.endsWith("/kubeadm.yaml"))?.content ?? "";
  const list = /certSANs:\n((?: +- .*\n)+)/.exec(document)?.[1] ?? "";
  const names = list.split("\n").map((line) => line.replace(/^ +- /, "").replaceAll('"', ""));
  const shown = names
    .filter(Boolean)
    .map((name) => (/^[\d.]+$/.test(name) ? `IP Address:${name}` : `DNS:${name}`));
  host.files.write("/sans", `X509v3 Subject Alternative Name: \n    ${shown.join(", ")}\n`);
}
