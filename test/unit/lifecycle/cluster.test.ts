import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialScript, joinFileCommand } from "../../../model/lifecycle/joining";
import { forgetScript } from "../../../model/lifecycle/nodes";
import { nodeLabels } from "../../../model/kubeadm";
import type { Removal } from "../../../model/lifecycle/removing";
import type { Machine, Taint } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { awsSettings, largeAws } from "../../support/awsInput";
import { impatient, NodeHost } from "./support";
import { drainScript, adoptScript, removeNodeScript } from "../../support/fromSettings";

const settings = settingsOf();

let host: NodeHost;
beforeEach(() => {
  host = new NodeHost();
});
afterEach(() => host.files.remove());

const calls = (program: string) =>
  host.files
    .calls()
    .filter((line) => line.startsWith(`${program} `))
    .map((line) => line.slice(program.length + 1));

/** What one request for a node says. */
interface Patch {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string | null>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly taints: readonly Readonly<Record<string, string>>[] };
}

/** A node that keeps its annotations and its taints, as a go-template shows them and a patch changes them. */
function node({
  labels = "",
  taints = "",
  there = [],
}: { labels?: string; taints?: string; there?: readonly (Taint & { timeAdded?: string })[] } = {}): void {
  const lines = there.map((taint) => `${taint.key}:${taint.effect} ${JSON.stringify(taint)}`);
  host.files.write("/seen", ["7", labels, taints, ...lines].join("\n"));
  host.files.command(
    "kubectl",
    `case "$*" in
  "get node w1 -o"*resourceVersion*) echo asked >>"$ROOT/asked"; cat "$ROOT/seen" ;;
  "patch node w1 --type merge --patch "*) [ ! -e "$ROOT/refuses" ] || { rm "$ROOT/refuses"; echo "the object has been modified"; exit 1; }; printf '%s' "$7" >"$ROOT/patch" ;;
esac`,
  );
}

function adopt(own: Machine): Patch {
  const { status, output } = host.run(adoptScript(settings, own));
  expect(status, output).toBe(0);
  expect(calls("kubectl").filter((line) => /^(label|taint|annotate) /.test(line))).toEqual([]);
  return JSON.parse(host.files.read("/patch")) as Patch;
}

const given = ({ metadata: { annotations } }: Patch, kind: "labels" | "taints"): string =>
  annotations[`pulumi-kubeadm.github.io/${kind}`] ?? expect.fail(kind);

describe("adopting a node", () => {
  const noTaints: Taint[] = [];
  const own = machine("w1", { labels: { disk: "ssd", "example.com/rack": "r1" }, taints: noTaints });
  const ofRole = Object.fromEntries(Object.keys(nodeLabels(machine("w1"))).map((key) => [key, ""]));

  it("gives labels and taints, values or none, and records them, in one request", () => {
    node();
    const taints: Taint[] = [
      { key: "dedicated", value: "db", effect: "NoExecute" },
      { key: "spot", effect: "PreferNoSchedule" },
    ];
    const patch = adopt(machine("w1", { labels: { disk: "ssd" }, taints }));
    expect(patch.metadata.labels).toEqual({ ...ofRole, disk: "ssd" });
    expect(patch.spec.taints).toEqual(taints);
    expect(given(patch, "labels").split(",").sort()).toEqual([...Object.keys(ofRole), "disk"].sort());
    expect(given(patch, "taints")).toBe("dedicated:NoExecute,spot:PreferNoSchedule");
  });

  it("takes away what it gave and the settings no longer name, and nothing else", () => {
    const theirs = { key: "theirs", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" } as const;
    node({
      labels: "disk,example.com/rack",
      taints: "dedicated:NoExecute,dedicated:NoSchedule,gone:NoSchedule",
      there: [
        { key: "dedicated", value: "old", effect: "NoExecute" },
        { key: "dedicated", value: "old", effect: "NoSchedule" },
        theirs,
      ],
    });
    const taints: Taint[] = [{ key: "dedicated", value: "db", effect: "NoSchedule" }];
    const patch = adopt({ ...own, labels: { disk: "ssd" }, taints });
    expect(patch.metadata.labels).toEqual({ ...ofRole, disk: "ssd", "example.com/rack": null });
    expect(patch.spec.taints).toEqual([...taints, theirs]);
    expect(given(patch, "taints")).toBe("dedicated:NoSchedule");
  });

  it("takes everything away when the settings name nothing any more", () => {
    node({ labels: "a,b", taints: "t:NoExecute", there: [{ key: "t", effect: "NoExecute" }] });
    const { metadata, spec } = adopt(machine("w1", { pool: "" }));
    expect([metadata.labels, spec.taints]).toEqual([{ a: null, b: null }, []]);
  });

  it("asks anew when somebody else changed the node meanwhile, or the API did not answer", () => {
    node();
    host.files.write("/refuses", "");
    adopt(own);
    expect(host.files.read("/asked")).toBe("asked\nasked\n");
  });

  it("leaves all as it was when the API does not take it, for the next run", () => {
    node({ labels: "disk" });
    host.files.command(
      "kubectl",
      `case "$*" in "get node w1 -o"*resourceVersion*) cat "$ROOT/seen" ;; patch*) echo "denied by a webhook"; exit 1 ;; esac`,
    );
    const { status, output } = host.run(adoptScript(settings, own));
    expect(status).toBe(1);
    expect(output).toMatch(
      /##error node w1 did not get its labels and taints, none of them; .*: denied by a webhook/,
    );
    expect(
      calls("kubectl").filter((line) => !/^(get|patch) node w1 /.test(line) && line !== "get node w1"),
    ).toEqual([]);
  });

  it("takes nothing from the node's own annotations but names: a kubelet may write them", () => {
    node({
      labels: `--all,x":null},"spec":{"a":"b,disk`,
      taints: `k:NoSchedule"}],"x:NoSchedule,t:NoExecute`,
    });
    const { metadata, spec } = adopt(machine("w1", { pool: "" }));
    expect([metadata.labels, spec.taints]).toEqual([{ disk: null }, []]);
  });

  it("keeps a value that a shell would read as one word", () => {
    const odd = `it's "$(touch "$ROOT/evaluated")" & ;`;
    node();
    expect(adopt(machine("w1", { labels: { note: odd } })).metadata.labels["note"]).toBe(odd);
    expect(fs.existsSync(`${host.files.root}/evaluated`)).toBe(false);
  });

  it("waits for the node to register, and says so when it does not", () => {
    host.files.command("kubectl", "exit 1");
    const { status, output } = host.run(impatient(adoptScript(settings, own)));
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

  it("is made when the API answers again, and says what the API said where it does not", () => {
    const down = 'echo "Error from server (Timeout): the server was unable" >&2; exit 1';
    host.files.command(
      "kubectl",
      `[ -e "$ROOT/asked" ] && { echo "clusterName: test"; exit 0; }; : >"$ROOT/asked"; ${down}`,
    );
    host.files.command("kubeadm", kubeadm);
    const { status, output } = host.run(credentialScript("w1", 1));
    expect(status, output).toBe(0);
    expect(host.files.read("/configuration")).toBe("clusterName: test\n");
    host.files.command("kubectl", down);
    const refused = host.run(credentialScript("w1", 1).replace("wait_for 180", "wait_for 1"));
    expect(refused.status).toBe(1);
    expect(refused.output).toContain(
      "##error the API does not give out kubeadm-config: Error from server (Timeout): the server was unable",
    );
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
    ["drain", "the drain failed", true, "the node was cordoned, the node was uncordoned again"],
    ["cordon", "the node could not be cordoned", true, "the node was uncordoned again"],
    ["get node w1 --ignore-not-found", "the API did not answer", false, "nothing"],
    [
      "delete node",
      "the Node could not be deleted",
      true,
      "the node was cordoned, its pods were moved away, the node was uncordoned again",
    ],
  ])("ends where %s fails, pods may come back, and says how far it was", (verb, text, uncordoned, done) => {
    host.files.command("kubectl", `case "$*" in "${verb} "*) exit 1 ;; esac\n${there} esac`);
    const { status, output } = host.run(removeNodeScript(settings, w1, { alive: true }));
    expect(status).toBe(1);
    expect(output).toContain(`##error ${text}\n##error done before that: ${done}\n`);
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
    expect(output.match(/continuing anyway/g)).toHaveLength(3);
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

  it("is gone for its node's own API server too: the Node is deleted by that of the node that stays", () => {
    members(list("91bc3c398fb3c146, started, cp2, https://10.40.0.12:2380, https://10.40.0.12:2379, false"));
    host.files.write(
      "/etc/kubernetes/manifests/kube-apiserver.yaml",
      "    - --advertise-address=10.40.0.11\n",
    );
    const { status, output } = host.run(removeNodeScript(settings, cp2, { alive: true }));
    expect(status, output).toBe(0);
    expect(calls("kubectl").at(-1)).toMatch(/^delete node cp2 .* --server https:\/\/10\.40\.0\.11:6443$/);
    host.files.command("kubectl", 'case "$*" in *"get --raw /readyz") exit 1 ;; esac');
    expect(host.run(removeNodeScript(settings, cp2, { alive: true })).status).toBe(0);
    expect(calls("kubectl").at(-1)).toMatch(/^delete node cp2 .* 60s$/);
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

  describe("that may lead", () => {
    const leaves = "91bc3c398fb3c146, started, cp2, https://10.40.0.12:2380, https://10.40.0.12:2379, false";
    const asked = () =>
      calls("crictl").flatMap((line) => / (move-leader|member remove) (.*)$/.exec(line)?.[0] ?? []);
    const etcd = (answer: string) =>
      host.files.command(
        "crictl",
        `case "$*" in
  "ps "*) echo 0123abcd ;;
  *"member list"*) cat "$ROOT/members" ;;
  *"endpoint status"*) echo "https://127.0.0.1:2379, 8e9e05c52164694d, 3.6.8, 3.6.0, 6.4 MB, false, false, 3, 14951, 14951, , , false" ;;
  *move-leader*) ${answer} ;;
esac`,
      );
    beforeEach(() => host.files.write("/members", list(leaves)));

    it("hands the lead to the member that stays before it is removed, so that writes go on", () => {
      etcd("echo Leadership transferred from 91bc3c398fb3c146 to 8e9e05c52164694d");
      const { status, output } = host.run(removeNodeScript(settings, cp2, { alive: true }));
      expect(status, output).toBe(0);
      expect(asked()).toEqual([" move-leader 8e9e05c52164694d", " member remove 91bc3c398fb3c146"]);
      expect(calls("crictl").find((line) => line.includes("move-leader"))).toContain(
        "--endpoints https://10.40.0.12:2379 move-leader",
      );
      expect(output).toContain("##note etcd: Leadership transferred from 91bc3c398fb3c146");
    });

    it("is removed where it does not lead, or does not answer", () => {
      etcd("echo Error: no leader endpoint given; exit 1");
      const { status, output } = host.run(removeNodeScript(settings, cp2, { alive: true }));
      expect(status, output).toBe(0);
      expect(asked().at(-1)).toBe(" member remove 91bc3c398fb3c146");
      expect(output).not.toContain("no leader endpoint");
    });

    it("is not asked where its host is gone", () => {
      etcd("exit 0");
      host.run(removeNodeScript(settings, cp2, { alive: false }));
      expect(asked()).toEqual([" member remove 91bc3c398fb3c146"]);
    });
  });

  describe("behind load balancers", () => {
    const { machines } = awsSettings(largeAws);
    const [, leaves] = machines;
    const script = (more: Partial<Removal> = {}) =>
      removeNodeScript(awsSettings(largeAws), leaves, { alive: true, ...more });
    const program = (line = "") =>
      host.files.command("python3", `echo "$4 $5" >>"$ROOT/asked"\ncase "$4" in ${line} esac`);
    const asked = () => host.files.read("/asked").trim().split("\n");
    beforeEach(() => {
      program();
      const { nodeName, nodeAddress } = leaves;
      const at = `https://${nodeAddress}`;
      members(list(`91bc3c398fb3c146, started, ${nodeName}, ${at}:2380, ${at}:2379, false`));
      host.files.command("kubectl", `case "$*" in "get node ${nodeName} "*) echo node/${nodeName} ;; esac`);
    });

    it("is removed when they have let go of its node: its API server answers nothing afterwards", () => {
      const { status, output } = host.run(script());
      expect(status, output).toBe(0);
      expect(asked()).toEqual([`deregister ${leaves.nodeAddress}`]);
      const all = host.files.calls();
      const at = (text: string) => all.findIndex((line) => line.includes(text));
      expect(at("python3 ")).toBeGreaterThan(at("drain "));
      expect(at("member remove")).toBeGreaterThan(at("python3 "));
    });

    it("is not looked for behind them where its host is gone: a new instance may have its address", () => {
      const { status, output } = host.run(script({ alive: false }));
      expect(status, output).toBe(0);
      expect(host.files.read("/asked")).toBe("");
      expect(removed()).toEqual(["91bc3c398fb3c146"]);
    });

    it("stays when they do not, and they get its node back", () => {
      program("deregister) echo 'elasticloadbalancing DeregisterTargets: AccessDenied: no'; exit 1 ;;");
      const { status, output } = host.run(script());
      expect(status).toBe(1);
      expect(output).toContain(
        `##error the load balancers do not let go of ${leaves.name}: elasticloadbalancing DeregisterTargets: AccessDenied: no`,
      );
      expect(output).toContain("the node was uncordoned again, the load balancers have the node again\n");
      expect(asked()).toEqual([`deregister ${leaves.nodeAddress}`, `register ${leaves.nodeAddress}`]);
      expect(removed()).toEqual([]);
    });

    it("is removed anyway where somebody insists, and no balancer gets a dead node back", () => {
      program("deregister) exit 1 ;;");
      const { status, output } = host.run(script({ insist: true }));
      expect(status, output).toBe(0);
      expect(removed()).toEqual(["91bc3c398fb3c146"]);
      expect(asked()).toEqual([`deregister ${leaves.nodeAddress}`]);
    });

    it("gives them its node back where etcd does not let it go", () => {
      host.files.command(
        "crictl",
        `case "$*" in "ps "*) echo 0123abcd ;; *"member list"*) cat "$ROOT/members" ;; *"member remove"*) exit 1 ;; esac`,
      );
      expect(host.run(impatient(script())).status).toBe(1);
      expect(asked().at(-1)).toBe(`register ${leaves.nodeAddress}`);
    });

    it("is no member of theirs when it is a worker, or on machines of one's own", () => {
      host.run(removeNodeScript(settings, cp2, { alive: true }));
      expect(calls("python3")).toEqual([]);
    });
  });

  it("cannot be asked for where no etcd runs, which is not an error", () => {
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
    host.files.write("/etc/containerd/config.toml", '[pinned]\n  sandbox = "registry.k8s.io/pause:3.10.2"\n');
    host.files.command(
      "kubectl",
      `case "$*" in
  "get node"*go-template*'"pulumi-kubeadm.github.io/upgrading"'*) cat "$ROOT/upgrading" ;;
  "get node"*go-template*unready-before*) cat "$ROOT/before" 2>/dev/null || echo "<no value>" ;;
  "get node"*go-template*) echo "<no value>" ;;
  "get pods "*) cat "$ROOT/daemons" 2>/dev/null || true ;;
  *spec.taints*) cat "$ROOT/taints" 2>/dev/null || true ;;
  *kubeletVersion*) cat "$ROOT/kubelet" ;;
  *unschedulable*) [ ! -e "$ROOT/cordoned" ] || echo true ;;
  "annotate "*unready-before=*) a="$*"; printf '%s' "\${a##*unready-before=}" >"$ROOT/before" ;;
  "create -f -") cat >"$ROOT/pod"; [ ! -e "$ROOT/denied" ] || { cat "$ROOT/denied"; exit 1; } ;;
  *" wait pod "*) [ ! -e "$ROOT/waiting" ] ;;
  *" get pod "*) cat "$ROOT/waiting" ;;
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

  it.each([
    [
      "pods of a DaemonSet that were ready before",
      "daemons",
      "kube-flannel/kube-flannel-ds\nlogs/agent\n",
      /pods of these DaemonSets are not ready 180 s after the node: kube-flannel\/kube-flannel-ds; the node stays/,
    ],
    [
      "a taint of its kubelet",
      "taints",
      "node.kubernetes.io/unschedulable\nnode.kubernetes.io/disk-pressure\ndedicated\n",
      /node w1 keeps pods away by the taints node.kubernetes.io\/disk-pressure; it stays cordoned/,
    ],
    [
      "an API that takes no pod",
      "denied",
      "admission webhook denied the request",
      /the API takes no pod for node w1: admission webhook denied the request; the node stays cordoned/,
    ],
    [
      "a pod that does not start",
      "waiting",
      "Pending containers not ready: ImagePullBackOff ",
      /no pod starts on node w1 within 180 s: Pending containers not ready: ImagePullBackOff; the node stays cordoned/,
    ],
  ])("does not let pods come to a node with %s", (_, fact, text, said) => {
    upgraded();
    host.files.write("/daemons", "logs/agent\n");
    drainIt();
    host.files.write(`/${fact}`, text);
    const { status, output } = host.run(impatient(adoptScript(settings, w1)));
    expect(status).toBe(1);
    expect(output).toMatch(said);
    expect(cordoned()).toBe(true);
  });

  it("starts a pod of the pause image on the node, whatever its taints, by the scheduler", () => {
    upgraded();
    drainIt();
    expect(host.run(adoptScript(settings, w1)).status).toBe(0);
    const pod = JSON.parse(host.files.read("/pod")) as {
      metadata: { name: string };
      spec: Record<string, unknown>;
    };
    expect(pod.spec["nodeName"]).toBeUndefined();
    expect(pod.spec["containers"]).toMatchObject([{ image: "registry.k8s.io/pause:3.10.2" }]);
    expect(JSON.stringify(pod.spec["affinity"])).toContain('"values":["w1"]');
    expect(calls("kubectl").filter((line) => line.includes(" delete pod "))).toEqual(
      Array(2).fill(expect.stringContaining(pod.metadata.name)),
    );
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
    const { status, output } = host.run(impatient(adoptScript(settings, w1)));
    expect(status).toBe(1);
    expect(output).toContain("##error node w1 is not Ready with v1.36.4 two minutes after");
    expect(cordoned()).toBe(true);
  });
});
