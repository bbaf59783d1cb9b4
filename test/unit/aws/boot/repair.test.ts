/** The control-plane nodes' timer with pools whose ill nodes are replaced, run with commands that stand in. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { credentialFiles } from "../../../../model/aws/node/credentials";
import { awsProgram } from "../../../../model/aws/node/paths";
import { controlPlaneStatements } from "../../../../model/aws/iam";
import { have } from "../../../support/have";
import { ScriptHost } from "../../kubeadm/scriptHost";
import { awsOf, awsSettings, python } from "./support";

const pool = { count: 10, instanceType: "t3.large" };
const settings = awsSettings({ workers: { general: { ...pool, repair: {} }, other: pool } });

const iso = (secondsAgo: number) =>
  new Date(Date.now() - secondsAgo * 1000).toISOString().replace(/\.\d+Z$/, "Z");

interface Ill {
  /** For how long. */
  readonly seconds: number;
  readonly status?: string;
  readonly providerID?: string;
}

/** Ten nodes, of which the first are not Ready. */
function nodes(ill: readonly Ill[], count = 10): string {
  const items = Array.from({ length: count }, (_, index) => {
    const {
      seconds = 5000,
      status = "Unknown",
      providerID = `aws:///eu-central-1a/i-${index}0`,
    } = ill[index] ?? { status: "True" };
    return {
      metadata: { name: `node-${index}` },
      spec: { providerID },
      status: { conditions: [{ type: "Ready", status, lastTransitionTime: iso(seconds) }] },
    };
  });
  return JSON.stringify({ items });
}

describe.skipIf(!have("python3"))("nodes that stay NotReady", () => {
  let host: ScriptHost;

  beforeEach(() => {
    const [script] = credentialFiles(settings, awsOf(settings));
    if (script === undefined) throw new Error("no script");
    host = new ScriptHost(script, [
      "/etc/kubernetes",
      "/var/lib/pulumi-kubeadm",
      "/run/pulumi-kubeadm-pool-credentials",
      "/usr/local/lib/pulumi-kubeadm",
    ]);
    host.write("/etc/kubernetes/admin.conf", "");
    host.command("kubeadm", "echo a credential");
    host.command(
      "kubectl",
      `case "$*" in
"get nodes --selector pulumi-kubeadm.github.io/pool=general -o json") cat "$ROOT/ill" ;;
"get nodes --selector"*"-o json") echo '{"items": []}' ;;
"get nodes -o"*) echo here ;;
esac`,
    );
    host.write(
      awsProgram,
      `import os, sys
open(os.environ["ROOT"] + "/aws", "a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] in ("putParameter", "version"):
    print(2)
`,
    );
  });
  afterEach(() => host.remove());

  function replaced(ill: string): { readonly instances: string[]; readonly said: string } {
    host.write("/ill", ill);
    host.write("/aws", "");
    const { status, output } = host.run();
    expect(status).toBe(0);
    const calls = host.read("/aws").split("\n");
    return {
      instances: calls.flatMap((line) => /^unhealthy (.*)$/.exec(line)?.[1] ?? []),
      said: output,
    };
  }

  it("are none while all are well, or have been ill for less than the time", () => {
    expect(replaced(nodes([])).instances).toEqual([]);
    expect(replaced(nodes([{ seconds: 840 }])).instances).toEqual([]);
  });

  it("are replaced one at a time, the longest ill first, and told of once", () => {
    const ill = nodes([{ seconds: 1000 }, { seconds: 3000, status: "False" }, { seconds: 2000 }]);
    const first = replaced(ill);
    expect(first.instances).toEqual(["i-10"]);
    expect(first.said).toContain(
      "node-1 of pool general has not been Ready for 900 seconds: its instance i-10 is replaced",
    );
    const second = replaced(ill);
    expect(second.instances).toEqual(["i-10"]);
    expect(second.said).not.toContain("is replaced");
    expect(replaced(nodes([{ seconds: 1000 }])).instances).toEqual(["i-00"]);
  });

  it("are left alone while more than 40 % are ill, however long", () => {
    const five = Array.from({ length: 5 }, () => ({ seconds: 9000 }));
    const { instances, said } = replaced(nodes(five));
    expect(instances).toEqual([]);
    expect(said).toContain("no node of pool general is replaced: 5 of its 10 nodes are not Ready");
    expect(replaced(nodes(five)).said).not.toContain("5 of its 10");
    expect(replaced(nodes(five.slice(1))).instances).toHaveLength(1);
  });

  it("count those that are ill for a moment towards the 40 %: the network may just have gone", () => {
    const ill = [{ seconds: 9000 }, ...Array.from({ length: 4 }, () => ({ seconds: 10 }))];
    expect(replaced(nodes(ill)).instances).toEqual([]);
  });

  it("are replaced in a pool of one, and left where they name no instance", () => {
    expect(replaced(nodes([{ seconds: 9000 }], 1)).instances).toEqual(["i-00"]);
    expect(replaced(nodes([{ seconds: 9000, providerID: "kind://docker/x" }], 1)).instances).toEqual([]);
  });

  it("are looked for only in pools that say so; the role may touch groups of the cluster alone", () => {
    replaced(nodes([{ seconds: 9000 }]));
    expect(host.calls().filter((line) => line.endsWith("pool=other -o json"))).toEqual([]);
    const statement = controlPlaneStatements(settings).find(({ sid }) => sid === "ReplaceIllNodes");
    expect(statement).toMatchObject({
      resources: ["arn:aws:autoscaling:eu-central-1:*:autoScalingGroup:*:autoScalingGroupName/kubeadm-*"],
      conditions: { StringEquals: { "autoscaling:ResourceTag/pulumi-kubeadm/cluster": "dev" } },
    });
    expect(controlPlaneStatements(awsSettings()).some(({ sid }) => sid === "ReplaceIllNodes")).toBe(false);
    // What a restored cluster does not know is replaced too.
    const restored = { ...awsSettings(), etcd: { extraArgs: {}, restore: "etcd-0.snapshot" } };
    expect(controlPlaneStatements(restored)).toContainEqual(statement);
  });

  it("are told to the group by SetInstanceHealth, and an instance that leaves already is no error", () => {
    const ran = python(
      `def call(service, action, params, patience):
    print(service, action, sorted(params.items()))
    raise aws.Refused("autoscaling SetInstanceHealth: ValidationError: Instance Id not found")
aws.call = call
aws.unhealthy("i-0")
print("ended")`,
      ["unhealthy"],
    );
    expect(ran).toContain(
      "autoscaling SetInstanceHealth [('HealthStatus', 'Unhealthy'), ('InstanceId', 'i-0'), ('ShouldRespectGracePeriod', 'false')]",
    );
    expect(ran).toContain("ended");
  });
});
