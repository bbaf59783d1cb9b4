/** What a restore leaves of instances: those that the snapshot does not know, and a Node that is a former instance's. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { judgeRestored, readRestoredPool, restoredPoolScript } from "../../../../model/aws/boot/poolRestored";
import { restoredNodePart } from "../../../../model/aws/node/controlPlane";
import { awsProgram } from "../../../../model/aws/node/paths";
import { prelude } from "../../../../model/node/shell";
import { impatient, NodeHost } from "../../lifecycle/support";
import { awsSettings } from "./support";

const SINCE = 1_000;
const at = (second: number): string => new Date(second * 1000).toISOString().replace(/Z$/, "000Z");
const status = (instance: string, state: string): string =>
  `##status ${JSON.stringify({ parameter: "/p", value: JSON.stringify({ instance, state }) })}`;
const judge = (...lines: readonly string[]) =>
  judgeRestored(readRestoredPool(["##now 1000", ...lines].join("\n")), SINCE, 600);

describe("an instance that a restored cluster has no Node of", () => {
  it.each([
    ["that has joined is lost", ["##instance i-1 300", status("i-1", "joined")], ["i-1"]],
    ["whose status is swept is lost when it is old", ["##instance i-1 4000"], ["i-1"]],
    ["that is new may still say something", ["##instance i-1 300"], []],
    ["that waits to join, joins by itself", ["##instance i-1 4000", status("i-1", "running")], []],
    ["whose boot failed tries again", ["##instance i-1 4000", status("i-1", "failed")], []],
    [
      "but one of a former instance of its address is lost",
      ["##instance i-1 4000", "##node a aws:///eu-central-1a/i-0"],
      ["i-1"],
    ],
  ])("%s", (_what, lines, lost) => {
    expect(judge(...lines).lost).toEqual(lost);
  });

  it("is none where its Node names it", () => {
    const lines = ["##instance i-1 4000", "##node a aws:///eu-central-1a/i-1", `##lease a ${at(SINCE + 1)}`];
    expect(judge(...lines)).toEqual({ lost: [], waits: [] });
  });

  it("does not keep a status that is no JSON from being read over", () => {
    expect(judge("##status {broken", "##instance i-1 4000").lost).toEqual(["i-1"]);
  });
});

describe("a Node of the snapshot", () => {
  const node = ["##instance i-1 4000", "##node a aws:///eu-central-1a/i-1"];

  it.each([
    ["has no lease", []],
    ["has the snapshot's lease", [`##lease a ${at(SINCE - 1)}`]],
  ])("is waited for while it %s", (_what, lease) => {
    expect(judge(...node, ...lease).waits).toEqual(["a: its kubelet has not reported yet"]);
  });

  it("is waited for until it goes where its instance is gone", () => {
    expect(judge("##node a aws:///eu-central-1a/i-1", `##lease a ${at(SINCE + 1)}`).waits).toEqual([
      "a: its instance is gone, and its Node is not yet",
    ]);
  });
});

describe("on a control-plane node", () => {
  let host: NodeHost;
  beforeEach(() => {
    host = new NodeHost();
  });
  afterEach(() => host.files.remove());
  const kubectl = (): string[] =>
    host.files.calls().filter((line) => /^(kubectl|systemctl|kubeadm) /.test(line));

  it("the look at a pool asks for its running instances by their tags, and reads what kubectl prints", () => {
    host.files.command("python3", 'case "$*" in *" instance "*) echo i-1 4000 ;; esac');
    host.files.command(
      "kubectl",
      `case "$*" in *"get nodes"*) echo "##node a aws:///z/i-1" ;; *"get leases"*) echo "##lease a ${at(SINCE)}" ;; esac`,
    );
    const { status: code, output } = host.run(restoredPoolScript("dev", "general"));
    expect(code, output).toBe(0);
    const { instances, nodes } = readRestoredPool(output);
    expect(instances).toEqual([{ id: "i-1", age: 4000 }]);
    expect(nodes).toEqual([{ name: "a", instance: "i-1", renewed: SINCE }]);
    expect(host.files.calls().find((line) => line.includes(" instance "))).toMatch(
      new RegExp(`${awsProgram} instance  pulumi-kubeadm/cluster=dev pulumi-kubeadm/pool=general$`),
    );
  });

  const settings = awsSettings();
  const script = (): string =>
    impatient(
      `${prelude()}instance=i-new zone=eu-central-1a\n${restoredNodePart(settings, { nodeName: "cp" })}`,
    );

  it("the snapshot's Node of a former instance goes, and the kubelet registers anew", () => {
    host.files.write("/id", "aws:///eu-central-1a/i-old");
    host.files.command(
      "kubectl",
      'case "$*" in "get node cp"*) cat "$ROOT/id" ;; "delete node cp"*) : >"$ROOT/id" ;; esac',
    );
    host.files.command("systemctl", 'printf aws:///eu-central-1a/i-new >"$ROOT/id"');
    const { status: code, output } = host.run(script());
    expect(code, output).toBe(0);
    expect(kubectl().filter((line) => !line.includes(" get node"))).toEqual([
      "kubectl delete node cp --ignore-not-found --timeout 60s",
      "systemctl restart kubelet",
      expect.stringMatching(/^kubeadm init phase upload-config kubelet --config /),
      expect.stringMatching(/^kubeadm init phase mark-control-plane --config /),
    ]);
  });

  it("the Node of this instance stays as it is", () => {
    host.files.command("kubectl", "printf aws:///eu-central-1a/i-new");
    expect(host.run(script()).status).toBe(0);
    expect(kubectl().filter((line) => !line.includes(" get node"))).toEqual([]);
  });

  it("an init that cannot register as this instance fails", () => {
    host.files.command("kubectl", "printf aws:///eu-central-1a/i-old");
    const { status: code, output } = host.run(script());
    expect(code).toBe(1);
    expect(output).toContain("##error node cp did not register as i-new within two minutes");
  });
});
