import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeUndo } from "../../../model/lifecycle/undo";
import { filesList, pendingFolder } from "../../../model/node/paths";
import { guarded, undoFolder, type GuardedChange } from "../../../model/node/undo";
import { machine, controlPlaneNode } from "../../support/kubeadmSettings";
import { NodeHost } from "../lifecycle/support";
import { machineOf, settingsOf } from "./support";
import { setupUndo } from "../../support/fromSettings";

const CONFIG = "/etc/containerd/config.toml";
const ADDED = "/etc/containerd/conf.d/90-settings.toml";
const BINARY = "/usr/local/bin/containerd";
const script = (body: string): string =>
  `#!/usr/bin/env bash\nset -euo pipefail\ndie() { echo "##error $1"; exit 1; }\n${body}\n`;
const change = script(`printf new >${CONFIG}
chmod 600 ${CONFIG}
mkdir -p /etc/containerd/conf.d
printf more >${ADDED}
ln -sfn /opt/new ${BINARY}`);

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
  host.files.write(CONFIG, "former");
  host.files.write(BINARY, "");
  fs.rmSync(host.files.root + BINARY);
  fs.symlinkSync(`${host.files.root}/opt/former`, host.files.root + BINARY);
  host.files.write(filesList, `${host.files.root}${CONFIG} containerd.service\n`);
});
afterEach(() => host.files.remove());

const plain = { paths: [ADDED, BINARY], pathsFrom: filesList, restart: "", well: script("true"), change };
const run = (over: Partial<GuardedChange> = {}) => host.run(guarded({ ...plain, ...over }));
const exists = (path: string): boolean => fs.existsSync(host.files.root + path);

function isFormer(): void {
  expect(host.files.read(CONFIG)).toBe("former");
  expect(fs.statSync(host.files.root + CONFIG).mode & 0o777).toBe(0o644);
  expect(exists(ADDED)).toBe(false);
  expect(fs.readlinkSync(host.files.root + BINARY)).toBe(`${host.files.root}/opt/former`);
  for (const end of ["", ".new", ".done"]) expect(exists(undoFolder + end)).toBe(false);
  expect(fs.readdirSync(`${host.files.root}/etc/containerd`).filter((name) => name.startsWith("."))).toEqual(
    [],
  );
}

describe("a change of a living node", () => {
  it("that is well stays, and leaves nothing to go back to", () => {
    const { status, output } = run({ check: script("true") });
    expect(status, output).toBe(0);
    expect(host.files.read(CONFIG)).toBe("new");
    expect(host.files.read(ADDED)).toBe("more");
    expect(exists(undoFolder)).toBe(false);
  });

  it.each([
    ["fails", { change: `${change}die "containerd does not take it"\n` }],
    ["fails without a word", { change: `${change}false\n` }],
    ["is not well", { check: script(`die "it starts no pod"`) }],
  ])("that %s is put back, with what it added and the links", (_, over) => {
    const { status, output } = run(over);
    expect(status, output).toBe(1);
    expect(output).toMatch(/##failed\n##phase putting the former files back\n/);
    expect(output).toMatch(/##error the former files are back, and the node is well with them\n$/);
    isFormer();
  });

  it("that leaves a node ill with its former files too says so", () => {
    const ill = script(`die "the kubelet is not healthy"`);
    const { status, output } = run({ check: ill, well: ill });
    expect(status).toBe(1);
    expect(output).toContain("##error the former files are back, and the node is not well with them");
    isFormer();
  });

  it("that fails before it has changed anything says nothing of former files", () => {
    const { status, output } = run({ change: script(`die "no space"`), well: script("echo asked; false") });
    expect(status).toBe(1);
    expect(output).not.toContain("former files are");
    expect(output).not.toContain("asked");
    isFormer();
  });

  it("that is cut off is put back by the next run, before that changes anything", () => {
    run({ change: `${change}kill -9 $$\nexit 1\n` });
    expect(host.files.read(CONFIG)).toBe("new");
    const { status, output } = run({ change: script(`cat ${CONFIG}; ls ${ADDED} || echo none`) });
    expect(status, output).toBe(0);
    expect(output).toContain("##phase putting back a change that was cut off");
    expect(output).toMatch(/^formernone$|former[^\n]*\n(.*\n)*none/m);
    isFormer();
  });

  it("restarts what it had put back also where the putting back was cut off", () => {
    const restart = `if [ ! -e /var/cut ]; then touch /var/cut; kill -9 $$; fi
if is_back '^/etc/containerd/'; then echo restarted; fi
`;
    const first = run({ check: script("false"), restart });
    expect(first.output).toContain("the former files cannot be put back; the next run tries it again");
    const { output } = run({ change: script("true") });
    expect(output).toContain("restarted");
    isFormer();
  });

  it("keeps the former files where even they cannot be put back", () => {
    const { status, output } = run({ check: script("false"), restart: "false\n" });
    expect(status).toBe(1);
    expect(output).toContain("##error the former files cannot be put back; the next run tries it again");
    expect(host.files.read(`${undoFolder}/was${host.files.root}${CONFIG}`)).toBe("former");
  });
});

describe("node setup that is put back", () => {
  const settings = settingsOf();
  const undo = setupUndo(settings, machineOf(settings, "w1"));
  const restarted = () => host.files.calls().filter((line) => line.startsWith("systemctl restart"));

  it("restarts the runtime before the kubelet, and nothing else", () => {
    host.files.write("/etc/systemd/system/kubelet.service", "former");
    host.files.write(
      filesList,
      `${host.files.root}${CONFIG} containerd.service\n${host.files.root}/etc/systemd/system/kubelet.service kubelet.service\n`,
    );
    const both = `printf new >${CONFIG}; printf new >/etc/systemd/system/kubelet.service; false`;
    const { status, output } = run({ ...undo, change: script(both) });
    expect(status, output).toBe(1);
    expect(restarted()).toEqual([
      "systemctl restart containerd.service",
      "systemctl restart kubelet.service",
    ]);
  });

  it("restarts what a new file of the failed setup was for", () => {
    const added = `printf x >${ADDED.replace("conf.d/", "")}; echo "/etc/containerd/90-settings.toml containerd.service" >>${filesList}; false`;
    run({ ...undo, paths: [...undo.paths, "/etc/containerd/90-settings.toml"], change: script(added) });
    expect(restarted()).toEqual(["systemctl restart containerd.service"]);
  });

  it("does what the failed setup had marked, and takes the marks away", () => {
    const marks = `mkdir -p ${pendingFolder}; touch ${pendingFolder}/containerd.service; printf x >${CONFIG}; false`;
    run({ ...undo, change: script(marks) });
    expect(restarted()).toEqual(["systemctl restart containerd.service"]);
    expect(fs.readdirSync(host.files.root + pendingFolder)).toEqual([]);
  });
});

describe("a node's configuration that is put back", () => {
  const KUBELET = "/var/lib/kubelet/config.yaml";
  /** The API's objects are files; it answers when the manifest of the API server is the former one. */
  function cluster(): void {
    host.files.write(KUBELET, "former");
    host.files.write("/etc/kubernetes/manifests/kube-apiserver.yaml", "former");
    for (const name of ["kubeadm-config", "kubelet-config", "kube-proxy"])
      host.files.write(`/cm/${name}`, '{"a":"former"}');
    host.files.command(
      "kubectl",
      `case "$*" in
  *"/readyz"*) [ "$(cat "$ROOT/etc/kubernetes/manifests/kube-apiserver.yaml")" = former ] ;;
  *"get configmap "*) cat "$ROOT/cm/$5" ;;
  *"patch configmap "*) sed 's/^{"data":\\(.*\\)}$/\\1/' "\${!#}" >"$ROOT/cm/$5" ;;
esac`,
    );
  }
  const kubelet = () => host.files.calls().filter((line) => /^systemctl (stop|start) kubelet/.test(line));

  it("takes manifests, the kubelet's files and the cluster's configuration with it", () => {
    cluster();
    const bad = `printf bad >${KUBELET}; printf bad >/etc/kubernetes/manifests/kube-apiserver.yaml; printf bad >/etc/kubernetes/manifests/mine.yaml
for name in kubeadm-config kubelet-config; do printf '{"a":"bad"}' >"$ROOT/cm/$name"; done; false`;
    const { status, output } = run({ ...nodeUndo(controlPlaneNode("cp1", 11), []), change: script(bad) });
    expect(status, output).toBe(1);
    expect(host.files.read(KUBELET)).toBe("former");
    expect(host.files.read("/etc/kubernetes/manifests/kube-apiserver.yaml")).toBe("former");
    expect(exists("/etc/kubernetes/manifests/mine.yaml")).toBe(false);
    for (const name of ["kubeadm-config", "kubelet-config"])
      expect(host.files.read(`/cm/${name}`).trim()).toBe('{"a":"former"}');
    const calls = host.files.calls();
    expect(calls.filter((line) => line.includes("patch configmap"))).toHaveLength(2);
    expect(calls.filter((line) => line.includes("rollout restart"))).toEqual([]);
    expect(kubelet()).toEqual(["systemctl stop kubelet.service", "systemctl start kubelet.service"]);
  });

  it("rolls kube-proxy again where its configuration had changed", () => {
    cluster();
    run({
      ...nodeUndo(controlPlaneNode("cp1", 11), []),
      change: script(`printf '{"a":"bad"}' >"$ROOT/cm/kube-proxy"; false`),
    });
    expect(
      host.files.calls().filter((line) => line.includes("rollout restart daemonset kube-proxy")),
    ).toHaveLength(1);
  });

  it("forgets what the refused policy handed out, while the kubelet does not run", () => {
    host.files.write("/var/lib/kubelet/cpu_manager_state", '{"policyName":"none"}');
    const { output } = run({
      ...nodeUndo(machine("w1"), []),
      change: script(`printf '{"policyName":"static"}' >/var/lib/kubelet/cpu_manager_state; false`),
    });
    expect(exists("/var/lib/kubelet/cpu_manager_state"), output).toBe(false);
    expect(kubelet()).toEqual(["systemctl stop kubelet.service", "systemctl start kubelet.service"]);
  });

  it("restarts no kubelet whose files are what they were", () => {
    host.files.write(KUBELET, "former");
    run({
      ...nodeUndo(machine("w1"), []),
      change: script(`mkdir -p /etc/kubernetes/manifests; touch /etc/kubernetes/manifests/mine.yaml; false`),
    });
    expect(kubelet()).toEqual([]);
    expect(exists("/etc/kubernetes/manifests/mine.yaml")).toBe(false);
  });
});
