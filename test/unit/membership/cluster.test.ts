import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialScript, joinFileCommand } from "../../../model/membership/joining";
import { forgetScript } from "../../../model/membership/nodes";
import { nodeLabels } from "../../../model/kubeadm";
import type { Machine, Taint } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { MemberHost } from "./support";
import { drainScript, adoptScript, removeNodeScript } from "../../support/fromSettings";

const settings = settingsOf();

let host: MemberHost;
beforeEach(() => {
  host = new MemberHost();
});
afterEach(() => host.files.remove());

const calls = (program: string) =>
  host.files
    .calls()
    .filter((line) => line.startsWith(`${program} `))
    .map((line) => line.slice(program.length + 1));

/** A node that keeps its annotations, as go-templates and `annotate` of kubectl show and change them. */
function node(annotations: { labels?: string; taints?: string } = {}): void {
  for (const kind of ["labels", "taints"] as const)
    host.files.write(`/${kind}`, annotations[kind] ?? "<no value>");
  host.files.command(
    "kubectl",
    `case "$*" in
  "get node"*go-template*'"kubeadm.pulumi.com/labels"'*) cat "$ROOT/labels" ;;
  "get node"*go-template*'"kubeadm.pulumi.com/taints"'*) cat "$ROOT/taints" ;;
  "annotate "*) for a in "$@"; do case "$a" in
    kubeadm.pulumi.com/*) n=\${a#kubeadm.pulumi.com/}; printf '%s' "\${n#*=}" >"$ROOT/\${n%%=*}" ;;
  esac; done ;;
esac`,
  );
}

function adopt(own: Machine): string[] {
  const { status, output } = host.run(adoptScript(settings, own));
  expect(status, output).toBe(0);
  return calls("kubectl").filter((line) => /^(label|taint) /.test(line));
}

describe("adopting a node", () => {
  const noTaints: Taint[] = [];
  const own = machine("w1", { labels: { disk: "ssd", "example.com/rack": "r1" }, taints: noTaints });
  const roleLabels = Object.keys(nodeLabels(machine("w1"))).length;

  it("gives labels and taints, values or none, in one call each", () => {
    node();
    const taints: Taint[] = [
      { key: "dedicated", value: "db", effect: "NoExecute" },
      { key: "spot", effect: "PreferNoSchedule" },
    ];
    const [label, taint, ...more] = adopt(machine("w1", { labels: { disk: "ssd" }, taints }));
    expect(label).toMatch(/^label --overwrite node w1 .*\bdisk=ssd\b/);
    expect(taint).toBe("taint --overwrite node w1 dedicated=db:NoExecute spot=:PreferNoSchedule");
    expect(more).toEqual([]);
  });

  it("remembers what it gave, and takes that away and nothing else when the settings no longer name it", () => {
    node();
    adopt(own);
    expect(host.files.read("/labels").split(",").sort()).toEqual(Object.keys(nodeLabels(own)).sort());
    const fewer = { ...own, labels: { disk: "ssd" } };
    const [removed, given] = adopt(fewer);
    expect(removed).toBe("label node w1 example.com/rack-");
    expect(given).toContain("disk=ssd");
    expect(host.files.read("/labels").split(",")).toHaveLength(roleLabels + 1);
  });

  it("takes a taint away by key and effect, and leaves the one whose effect stays", () => {
    node({ taints: "dedicated:NoExecute,dedicated:NoSchedule,spot:NoSchedule" });
    const all = adopt({ ...own, taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }] });
    expect(all.filter((line) => line.startsWith("taint"))).toEqual([
      "taint node w1 dedicated:NoExecute- spot:NoSchedule-",
      "taint --overwrite node w1 dedicated=db:NoSchedule",
    ]);
    expect(host.files.read("/taints")).toBe("dedicated:NoSchedule");
  });

  it("is content when a taint that has to go is gone already", () => {
    node({ taints: "gone:NoSchedule" });
    const kubectl = host.files.read("/bin/kubectl");
    host.files.write(
      "/bin/kubectl",
      kubectl.replace('case "$*" in', 'case "$*" in\n  "taint "*-) exit 1 ;;'),
      0o755,
    );
    adopt(own);
    expect(host.files.read("/taints")).toBe("");
  });

  it("takes everything away when the settings name nothing any more", () => {
    node({ labels: "a,b", taints: "t:NoExecute" });
    const all = adopt(machine("w1", { pool: "" }));
    expect(all[0]).toBe("label node w1 a- b-");
    expect(all.at(-1)).toBe("taint node w1 t:NoExecute-");
  });

  it("keeps a value that a shell would read as one word", () => {
    const odd = `it's "$(touch "$ROOT/evaluated")" & ;`;
    node();
    const [label] = adopt(machine("w1", { labels: { note: odd } }));
    expect(label).toContain(`note=${odd}`);
    expect(fs.existsSync(`${host.files.root}/evaluated`)).toBe(false);
  });

  it("waits for the node to register, and says so when it does not", () => {
    host.files.command("kubectl", "exit 1");
    host.files.command("seq", "echo 1 2 3");
    const { status, output } = host.run(adoptScript(settings, own));
    expect(status).toBe(1);
    expect(output).toContain("##error node w1 did not register with the API within two minutes");
    expect(calls("kubectl")).toHaveLength(3);
  });
});

describe("a join credential", () => {
  const kubeadm = `while [ $# -gt 0 ]; do case "$1" in --config) cp "$2" "$ROOT/configuration" ;; esac; shift; done
echo "a warning" >&2; echo "kind: Config"`;

  it("is made by the cluster for one node, from the cluster's own configuration, and leaves nothing behind", () => {
    host.files.command("kubectl", 'echo "clusterName: test"');
    host.files.command("kubeadm", kubeadm);
    const { status, output } = host.run(credentialScript("w1", 1));
    expect(status, output).toBe(0);
    expect(host.files.read("/configuration")).toBe("clusterName: test\n");
    expect(calls("kubeadm")[0]).toMatch(
      / --client-name system:bootstrap:w1 --org system:bootstrappers:pulumi-kubeadm --validity-period 1h$/,
    );
    expect(fs.readdirSync(`${host.files.root}/run`)).toEqual([]);
  });

  it("is not made where nothing would approve the join", () => {
    host.files.command("kubeadm", kubeadm);
    host.files.command("systemctl", "exit 3");
    const { status, output } = host.run(credentialScript("w1", 1));
    expect(status).toBe(1);
    expect(output).toContain("##error pulumi-kubeadm-join-approver.timer does not run here");
    expect(calls("kubeadm")).toEqual([]);
  });

  it("that cannot be made says why", () => {
    host.files.command("kubeadm", "echo 'no CA key' >&2; exit 1");
    const { status, output } = host.run(credentialScript("w1", 1));
    expect(status).toBe(1);
    expect(output).toContain("no CA key");
  });

  it("is given to a person by a command that takes the name of one node that is not there yet", () => {
    host.files.command(
      "kubectl",
      'case "$*" in "get node w2 "*) echo node/w2 ;; *configmap*) echo "clusterName: test" ;; esac',
    );
    host.files.command("kubeadm", kubeadm);
    const script = joinFileCommand().content;
    const withArguments = (...words: string[]) =>
      host.run(script.replace("set -euo pipefail", `set -euo pipefail\nset -- ${words.join(" ")}`));
    expect(withArguments().output).toContain("usage: pulumi-kubeadm-join-file NODE");
    expect(withArguments("'a b'").status).toBe(2);
    const { status, output } = withArguments("w1");
    expect(status, output).toBe(0);
    expect(output).toMatch(
      /^#   kubeadm join --discovery-file .*discovery\.conf --cri-socket \S+ --node-name w1$/m,
    );
    expect(calls("kubeadm").at(-1)).toContain(
      "--client-name system:bootstrap:w1 --org system:bootstrappers:pulumi-kubeadm",
    );
    expect(withArguments("w2").output).toContain("node w2 is in the cluster already");
    expect(output).toContain("kind: Config");
    expect(output).not.toContain("a warning");
  });
});

describe("removing a node", () => {
  const w1 = machine("w1");
  const there = 'case "$*" in "get node w1 --ignore-not-found"*) echo node/w1 ;;';

  it("drains it within bounds, then deletes it", () => {
    host.files.command("kubectl", `${there} esac`);
    const { status, output } = host.run(removeNodeScript(settings, w1, { alive: true }));
    expect(status, output).toBe(0);
    const drain = calls("kubectl").find((line) => line.startsWith("drain"));
    expect(drain).toMatch(/^drain w1 .*--ignore-daemonsets.* --timeout 300s$/);
    expect(calls("kubectl").at(-1)).toMatch(/^delete node w1 --ignore-not-found/);
  });

  it("waits for no pod when the settings give a drain no time: kubectl would wait for ever", () => {
    host.files.command("kubectl", `${there} esac`);
    host.run(removeNodeScript({ ...settings, drainTimeoutSeconds: 0 }, w1, { alive: true }));
    expect(calls("kubectl").find((line) => line.startsWith("drain"))).toMatch(/ --timeout 1s$/);
  });

  it("goes on when the drain takes all of its time, and says so", () => {
    host.files.command("kubectl", `${there} "drain "*) /bin/sleep 1.1; exit 1 ;; esac`);
    const short = { ...settings, drainTimeoutSeconds: 1 };
    const { status, output } = host.run(removeNodeScript(short, w1, { alive: true }));
    expect(status, output).toBe(0);
    expect(output).toContain("##note the drain did not finish within 1 s");
    expect(calls("kubectl").at(-1)).toMatch(/^delete node w1 /);
  });

  it.each([
    ["drain", "the drain failed", true],
    ["cordon", "the node could not be cordoned", true],
    ["get node w1 --ignore-not-found", "the API did not answer", false],
    ["delete node", "the Node could not be deleted", true],
  ])("ends where %s fails, and pods may come back", (verb, text, uncordoned) => {
    host.files.command("kubectl", `case "$*" in "${verb} "*) exit 1 ;; esac\n${there} esac`);
    const { status, output } = host.run(removeNodeScript(settings, w1, { alive: true }));
    expect(status).toBe(1);
    expect(output).toContain(`##error ${text}`);
    expect(calls("kubectl").includes("uncordon w1")).toBe(uncordoned);
  });

  it("leaves a node cordoned that people had cordoned, when it fails", () => {
    host.files.command(
      "kubectl",
      `case "$*" in "drain "*) exit 1 ;; *unschedulable*) echo true ;; esac\n${there} esac`,
    );
    expect(host.run(removeNodeScript(settings, w1, { alive: true })).status).toBe(1);
    expect(calls("kubectl")).not.toContain("uncordon w1");
  });

  it("goes on past every failure where somebody insists, and says each", () => {
    host.files.command("kubectl", `${there} esac\n[ "$1" = get ]`);
    const { status, output } = host.run(removeNodeScript(settings, w1, { alive: true, insist: true }));
    expect(status, output).toBe(0);
    expect(output.match(/going on all the same/g)).toHaveLength(3);
  });

  it("does not wait for pods of a host that is gone", () => {
    host.files.command("kubectl", `${there} esac`);
    host.run(removeNodeScript(settings, w1, { alive: false }));
    expect(calls("kubectl").map((line) => line.split(" ")[0])).toEqual(["get", "cordon", "delete"]);
  });

  it("that is not there any more is nothing to drain", () => {
    expect(host.run(removeNodeScript(settings, w1, { alive: true })).status).toBe(0);
    expect(calls("kubectl").map((line) => line.split(" ")[0])).toEqual(["get", "delete"]);
  });

  it("asks etcd for nothing when it is a worker", () => {
    host.run(removeNodeScript(settings, w1, { alive: true }));
    expect(calls("crictl")).toEqual([]);
  });
});

describe("a member of etcd", () => {
  const cp2 = controlPlaneNode("cp2", 12);
  function members(list: string): void {
    host.files.write("/members", list);
    host.files.command(
      "crictl",
      `case "$*" in
  "ps "*) echo 0123abcd ;;
  *"member list"*) cat "$ROOT/members" ;;
esac`,
    );
  }
  const removed = () => calls("crictl").flatMap((line) => /member remove (\S+)$/.exec(line)?.[1] ?? []);
  const list = (line: string) =>
    `8e9e05c52164694d, started, cp1, https://10.40.0.11:2380, https://10.40.0.11:2379, false\n${line}\n`;

  it.each([
    [
      "by its name",
      "91bc3c398fb3c146, started, cp2, https://10.40.0.99:2380, https://10.40.0.99:2379, false",
    ],
    [
      "by its address when it never started",
      "91bc3c398fb3c146, unstarted, , https://10.40.0.12:2380, , true",
    ],
  ])("is forgotten %s", (_, line) => {
    members(list(line));
    const { status, output } = host.run(forgetScript(cp2));
    expect(status, output).toBe(0);
    expect(removed()).toEqual(["91bc3c398fb3c146"]);
  });

  it("of another machine stays, also when its name begins alike", () => {
    members(
      list("91bc3c398fb3c146, started, cp21, https://10.40.0.121:2380, https://10.40.0.121:2379, false"),
    );
    expect(host.run(forgetScript(cp2)).status).toBe(0);
    expect(removed()).toEqual([]);
  });

  it("that is dead and leaves is forgotten when another machine joins", () => {
    members(list("91bc3c398fb3c146, started, cp9, https://10.40.0.19:2380, https://10.40.0.19:2379, false"));
    const dead = { id: "91bc3c398fb3c146", name: "cp9", peers: [], learner: false, healthy: false };
    const { status, output } = host.run(forgetScript(cp2, [dead]));
    expect(status, output).toBe(0);
    expect(removed()).toEqual(["91bc3c398fb3c146"]);
  });

  it("is forgotten before its Node is deleted", () => {
    members(list("91bc3c398fb3c146, started, cp2, https://10.40.0.12:2380, https://10.40.0.12:2379, false"));
    host.files.command("kubectl", 'case "$*" in "get node cp2 "*) echo node/cp2 ;; esac');
    const { status, output } = host.run(removeNodeScript(settings, cp2, { alive: true }));
    expect(status, output).toBe(0);
    const all = host.files.calls();
    const at = (text: string) => all.findIndex((line) => line.includes(text));
    expect(at("member remove")).toBeGreaterThan(at("drain cp2"));
    expect(at("delete node cp2")).toBeGreaterThan(at("member remove"));
  });

  it("cannot be asked for where no etcd runs, which is no error", () => {
    host.files.command("crictl", "exit 0");
    expect(host.run(forgetScript(cp2)).status).toBe(0);
  });
});

describe("an upgrade of a node", () => {
  const w1 = machine("w1");

  /** A Node that can be cordoned and annotated; `kubelet` is what it says of itself. */
  function upgraded(kubelet = "True v1.36.4"): void {
    host.files.write("/upgrading", "<no value>");
    host.files.write("/kubelet", kubelet);
    host.files.command(
      "kubectl",
      `case "$*" in
  "get node"*go-template*'"kubeadm.pulumi.com/upgrading"'*) cat "$ROOT/upgrading" ;;
  "get node"*go-template*) echo "<no value>" ;;
  *kubeletVersion*) cat "$ROOT/kubelet" ;;
  *unschedulable*) [ ! -e "$ROOT/cordoned" ] || echo true ;;
  "annotate "*upgrading=*) a="$*"; printf '%s' "\${a##*upgrading=}" >"$ROOT/upgrading" ;;
  "annotate "*upgrading-) echo "<no value>" >"$ROOT/upgrading" ;;
  "drain "*) touch "$ROOT/cordoned"; exit 1 ;;
  "uncordon "*) rm "$ROOT/cordoned" ;;
esac`,
    );
  }
  const cordoned = () => fs.existsSync(`${host.files.root}/cordoned`);
  const drainIt = () => expect(host.run(drainScript(settings, w1)).status).toBe(0);

  it("drains without failing on pods that stay, and lets pods come back", () => {
    upgraded();
    drainIt();
    expect(cordoned()).toBe(true);
    expect(host.run(adoptScript(settings, w1)).status).toBe(0);
    expect(cordoned()).toBe(false);
    expect(host.run(adoptScript(settings, w1)).status).toBe(0);
    expect(calls("kubectl").filter((line) => line.startsWith("uncordon"))).toEqual([]);
  });

  it("lets pods come back although the run that drained was killed and another one drained again", () => {
    upgraded();
    drainIt();
    drainIt();
    expect(host.run(adoptScript(settings, w1)).status).toBe(0);
    expect(cordoned()).toBe(false);
  });

  it("leaves a node cordoned that people had cordoned", () => {
    upgraded();
    host.files.write("/cordoned", "");
    drainIt();
    expect(host.run(adoptScript(settings, w1)).status).toBe(0);
    expect(cordoned()).toBe(true);
    expect(host.files.read("/upgrading").trim()).toBe("<no value>");
  });

  it.each([
    ["is not Ready", "False v1.36.4"],
    ["still runs the old kubelet", "True v1.35.8"],
  ])("does not let pods come to a node that %s", (_, kubelet) => {
    upgraded(kubelet);
    drainIt();
    host.files.command("seq", "echo 1 2 3");
    const { status, output } = host.run(adoptScript(settings, w1));
    expect(status).toBe(1);
    expect(output).toContain("##error node w1 is not Ready with v1.36.4 two minutes after");
    expect(cordoned()).toBe(true);
  });
});
