import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { script as rendered } from "../../../model/core/script";
import { CHANGED_BY, nodeUndo } from "../../../model/lifecycle/undo";
import { filesList, pendingFolder } from "../../../model/node/paths";
import { afterPutBack, guarded, undoFolder, type GuardedChange } from "../../../model/node/undo";
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
function begin(): void {
  host = new NodeHost();
  host.files.write(CONFIG, "former");
  host.files.write(BINARY, "");
  fs.rmSync(host.files.root + BINARY);
  fs.symlinkSync(`${host.files.root}/opt/former`, host.files.root + BINARY);
  host.files.write(filesList, `${host.files.root}${CONFIG} containerd.service\n`);
}
beforeEach(begin);
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
    expect(output).toContain("##phase restoring files of an interrupted change");
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

  it("is put back before another one that is not taken back itself", () => {
    run({ change: `${change}kill -9 $$\nexit 1\n` });
    const { status, output } = host.run(afterPutBack(script(`cat ${CONFIG}`)));
    expect(status, output).toBe(0);
    expect(output).toMatch(/former$/);
    isFormer();
  });

  it("is on disk when its record goes, and the record is gone on disk before the step ends well", () => {
    const order = `>>"$ROOT/order"`;
    host.files.command("sync", `echo "sync $([ -e "$ROOT${undoFolder}" ] && echo record) $*" ${order}`);
    expect(run({ change: `${change}echo changed ${order}\n` }).status).toBe(0);
    const [before, after = ""] = host.files.read("/order").replaceAll(host.files.root, "").split("changed\n");
    expect(before).toBe("sync  \nsync record /var/lib/pulumi-kubeadm\n");
    expect(after).toBe("sync record \nsync  /var/lib/pulumi-kubeadm\n");
  });

  it("keeps the former files where even they cannot be put back", () => {
    const { status, output } = run({ check: script("false"), restart: "false\n" });
    expect(status).toBe(1);
    expect(output).toContain("##error the former files cannot be put back; the next run tries it again");
    expect(host.files.read(`${undoFolder}/was${host.files.root}${CONFIG}`)).toBe("former");
  });
});

describe("a record that is not whole", () => {
  it.each([
    [
      "a former file is damaged",
      `was${CONFIG}`,
      "",
      /the record of the change is damaged: compare .*undo\/was/,
    ],
    ["the script is empty", "put-back", "", /cannot read the record of an interrupted change: compare/],
  ])("%s: nothing is touched, and no other change begins", (_, file, content, said) => {
    run({ change: `${change}kill -9 $$\nexit 1\n` });
    const path = file.startsWith("was") ? `was${host.files.root}${CONFIG}` : file;
    host.files.write(`${undoFolder}/${path}`, content);
    const { status, output } = run({ change: script("echo begun") });
    expect(status).toBe(1);
    expect(output).toMatch(said);
    expect(output).not.toContain("begun");
    expect(host.files.read(CONFIG)).toBe("new");
    expect(exists(`${undoFolder}/was`)).toBe(true);
  });

  it("on a full disk: what could not be put back is tried again, from the same record", () => {
    const full = `case "\${!#}" in *.undo) : >"\${!#}"; echo "cp: No space left on device" >&2; exit 1 ;; esac; exec /bin/cp "$@"`;
    run({ change: `${change}kill -9 $$\nexit 1\n` });
    host.files.command("cp", full);
    const { status, output } = run();
    expect(status).toBe(1);
    expect(output).toMatch(/##error .*config.toml cannot be put back\n[^]*No space left on device/);
    expect(
      fs.readdirSync(`${host.files.root}/etc/containerd`).filter((name) => name.startsWith(".")),
    ).toEqual([]);
    host.files.command("cp", `exec /bin/cp "$@"`);
    expect(run({ change: script("true") }).status).toBe(0);
    isFormer();
  });
});

describe("at boot", () => {
  const UNITS = "/etc/systemd/system";
  const FILES = "pulumi-kubeadm-undo-files.service";
  const REST = "pulumi-kubeadm-undo.service";
  const restart = `if is_back '^/etc/containerd/'; then echo restarted; fi\n`;
  /** What systemd does: a unit whose condition does not hold is not started. */
  function boot(unit: string): { status: number | null; output: string } | undefined {
    const text = host.files.read(`${UNITS}/multi-user.target.wants/${unit}`);
    const conditions = [...text.matchAll(/^ConditionPathExists=(.*)$/gm)].map(([, path = ""]) => path);
    const [, start = ""] = /^ExecStart=(.*)$/m.exec(text) ?? [];
    return conditions.every((path) => fs.existsSync(path))
      ? host.run(`${start.replaceAll(host.files.root, "")}\n`)
      : undefined;
  }
  const cut = (over: Partial<GuardedChange> = {}) =>
    run({ change: `${change}kill -9 $$\nexit 1\n`, restart, ...over });
  beforeEach(prepare);
  function prepare(): void {
    host.files.command("systemd-run", `while [ "$1" != /bin/bash ]; do shift; done; exec "$@"`);
    fs.mkdirSync(`${host.files.root}/var/log`, { recursive: true });
    host.files.write("/etc/kubernetes/kubelet.conf", "");
  }

  it("the files of a change that was cut off are back before the kubelet starts, and the rest is after it", () => {
    cut();
    expect(host.files.read(`${UNITS}/${FILES}`)).toMatch(/^Before=.*containerd.service kubelet.service$/m);
    expect(host.files.read(`${UNITS}/${REST}`)).toMatch(
      new RegExp(`^After=.*${FILES} containerd.service kubelet.service$`, "m"),
    );
    expect(boot(FILES)?.status).toBe(0);
    expect(host.files.read(CONFIG)).toBe("former");
    expect(host.files.read("/var/log/pulumi-kubeadm.log")).not.toContain("restarted");
    expect(boot(REST)?.status).toBe(0);
    expect(host.files.read("/var/log/pulumi-kubeadm.log")).toContain("restarted");
    isFormer();
  });

  it("a change that ended well stays, and one that was put back is not put back again", () => {
    expect(run().status).toBe(0);
    expect([boot(FILES), boot(REST)]).toEqual([undefined, undefined]);
    expect(host.files.read(CONFIG)).toBe("new");
  });

  it("finds the former files or all of the new ones, wherever the power went", () => {
    const programs = ["sync", "mv", "cp", "ln", "chmod", "mkdir", "rm"];
    const dies = `read -r count <"$ROOT/count"; read -r at <"$ROOT/at"; echo $((count += 1)) >"$ROOT/count"
[ "$count" -ne "$at" ] || kill -9 "$CALLER" $(cat "$ROOT/pid" 2>/dev/null) "$BASHPID"`;
    const power = (at: number, work: () => { status: number | null } | undefined): boolean => {
      host.files.write("/count", "0\n");
      host.files.write("/at", `${at}\n`);
      for (const name of programs) host.files.command(name, `${dies}\nexec /bin/${name} "$@"`);
      const ended = work()?.status;
      fs.rmSync(`${host.files.root}/pid`, { force: true });
      for (const name of programs) host.files.command(name, `exec /bin/${name} "$@"`);
      return ended === 0 || ended === undefined;
    };
    const start = `echo $$ >"$ROOT/pid"\n`;
    const step = guarded({ ...plain, change, restart, check: script("true") });
    let cut = 0;
    for (let at = 1, ended = false; !ended; at += 2) {
      host.files.remove();
      begin();
      prepare();
      const well = power(at, () => host.run(step.replace("\n", `\n${start}`)));
      // A second one while the first is put back.
      power(1 + (at % 4), () => boot(FILES));
      for (const unit of [FILES, REST]) boot(unit);
      const now = host.files.read(CONFIG);
      if (well || now === "new") {
        expect([at, now, host.files.read(ADDED), exists(undoFolder)]).toEqual([at, "new", "more", false]);
        ended = well;
      } else {
        expect(host.run(afterPutBack(script("true"))).status, `at command ${at}`).toBe(0);
        fs.rmSync(`${host.files.root}${undoFolder}.new`, { recursive: true, force: true });
        isFormer();
        cut += 1;
      }
    }
    expect(cut).toBeGreaterThan(7);
  });

  it("nothing is put back on a host that was reset since", () => {
    cut();
    fs.rmSync(`${host.files.root}/etc/kubernetes/kubelet.conf`);
    expect([boot(FILES), boot(REST)]).toEqual([undefined, undefined]);
  });

  it("a second power cut in the middle leaves it to the next boot", () => {
    cut();
    host.files.command("mv", `case "$*" in *config.toml) kill -9 $CALLER; exit 1 ;; esac; exec /bin/mv "$@"`);
    expect(boot(FILES)?.status).not.toBe(0);
    expect(host.files.read(CONFIG)).toBe("new");
    host.files.command("mv", `exec /bin/mv "$@"`);
    expect(boot(FILES)?.status).toBe(0);
    host.files.command("sync", `[ ! -e "$ROOT${undoFolder}.done" ] || kill -9 $CALLER`);
    expect(boot(REST)?.status).not.toBe(0);
    host.files.command("sync", "exit 0");
    expect(boot(REST)).toBeUndefined();
    expect(run({ change: script("true") }).status).toBe(0);
    isFormer();
  });

  it("nothing runs beside a step that runs already: the kubelet starts, and the rest waits for the step's end", () => {
    cut();
    const exists_ =
      "Failed to start transient service unit: Unit pulumi-kubeadm-job.service was already loaded";
    host.files.command("systemd-run", `echo "${exists_}" >&2; exit 1`);
    expect(boot(FILES)).toEqual({ status: 0, output: "" });
    expect(host.files.read(CONFIG)).toBe("new");
    host.files.command("sleep", `mv "$ROOT${undoFolder}" "$ROOT${undoFolder}.step"`);
    expect(boot(REST)).toEqual({ status: 0, output: "" });
    expect(host.files.read(CONFIG)).toBe("new");
  });

  it("says what to do where the former files cannot be put back, and keeps them", () => {
    cut();
    host.files.command("systemd-run", `echo "it did not end well" >&2; exit 1`);
    const said = boot(FILES);
    expect(said?.status).toBe(1);
    expect(said?.output).toMatch(
      /the change is not put back: the next step does it, or bash .*undo\/at-boot boot/,
    );
    expect(exists(undoFolder)).toBe(true);
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
    answers();
  }
  const answers = (): void =>
    host.files.command(
      "kubectl",
      `case "$*" in
  *changed-by=*) for name in kubeadm-config kubelet-config kube-proxy; do case "$*" in *" $name "*) echo "\${!#}" | cut -d = -f 2 >"$ROOT/by/$name" ;; esac; done ;;
  *go-template*) cat "$ROOT/by/$7" 2>/dev/null || true ;;
  *"/readyz"*) [ "$(cat "$ROOT/etc/kubernetes/manifests/kube-apiserver.yaml")" = former ] ;;
  *"get configmap "*) cat "$ROOT/cm/$7" ;;
  *"patch configmap "*) sed 's/^{"data":\\(.*\\)}$/\\1/' "\${!#}" >"$ROOT/cm/$7" ;;
esac`,
    );
  const kubelet = () =>
    host.files.calls().filter((line) => /^systemctl (stop|start|restart) kubelet/.test(line));

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
    expect(kubelet()).toEqual(["systemctl restart kubelet.service"]);
  });

  it("leaves what another node has changed since, and the keys of Secrets, as they are", () => {
    cluster();
    const KEYS = "/etc/kubernetes/pulumi-kubeadm/apiserver/encryption.yaml";
    const OTHER = "/etc/kubernetes/pulumi-kubeadm/apiserver/audit-policy.yaml";
    for (const file of [KEYS, OTHER]) host.files.write(file, "former");
    fs.mkdirSync(`${host.files.root}/by`);
    const cp1 = controlPlaneNode("cp1", 11);
    const undo = nodeUndo(cp1, []);
    const marking = rendered("lifecycle/scripts/mark-maps.sh", {
      changed_by_key: CHANGED_BY,
      undo_folder: undoFolder,
      node: cp1.nodeName,
    });
    const cut = `printf bad >${OTHER}
for name in kubeadm-config kubelet-config; do printf '{"a":"bad"}' >"$ROOT/cm/$name"; done
${marking}mark_maps kubeadm-config kubelet-config
kill -9 $$`;
    run({ ...undo, change: script(cut) });
    // Another run changes the keys on all nodes, and the configuration by way of another node.
    host.files.write(KEYS, "rotated");
    host.files.write("/cm/kubeadm-config", '{"a":"cp2"}');
    host.files.write("/by/kubeadm-config", "cp2.1");
    const { status, output } = run({ ...undo, change: script("true") });
    expect(status, output).toBe(0);
    expect(output).toContain("##note configmap kubeadm-config stays: another node has changed it since");
    expect(host.files.read("/cm/kubeadm-config")).toBe('{"a":"cp2"}');
    expect(host.files.read("/cm/kubelet-config").trim()).toBe('{"a":"former"}');
    expect(host.files.read(KEYS)).toBe("rotated");
    expect(host.files.read(OTHER)).toBe("former");
  });

  it("keeps the record at boot where the API does not answer: a step goes on from there", () => {
    cluster();
    const undo = nodeUndo(controlPlaneNode("cp1", 11), []);
    const cut = `printf bad >${KUBELET}; printf '{"a":"bad"}' >"$ROOT/cm/kubelet-config"; kill -9 $$`;
    run({ ...undo, change: script(cut) });
    host.files.command("kubectl", "exit 1");
    const { status, output } = host.run(`/bin/bash ${undoFolder}/put-back boot\n`);
    expect(status).toBe(1);
    expect(output).toContain("##error the files are back, and the API does not answer");
    expect(host.files.read(KUBELET)).toBe("former");
    answers();
    expect(run({ ...undo, change: script("true") }).status).toBe(0);
    expect(host.files.read("/cm/kubelet-config").trim()).toBe('{"a":"former"}');
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
    expect(kubelet()).toEqual(["systemctl stop kubelet.service", "systemctl restart kubelet.service"]);
  });

  it("forgets it at boot without a stop, which would take the kubelet's start back", () => {
    const undo = nodeUndo(machine("w1"), []);
    host.files.write("/var/lib/kubelet/cpu_manager_state", '{"policyName":"none"}');
    run({
      ...undo,
      change: script(`printf '{"policyName":"static"}' >/var/lib/kubelet/cpu_manager_state; kill -9 $$`),
    });
    host.files.command("systemctl", `[ "$1" != show ] || echo inactive`);
    expect(host.run(`/bin/bash ${undoFolder}/put-back files\n`).status).toBe(0);
    expect(exists("/var/lib/kubelet/cpu_manager_state")).toBe(false);
    expect(kubelet()).toEqual([]);
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
