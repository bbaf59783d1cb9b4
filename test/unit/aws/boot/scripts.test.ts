import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { script as scriptText } from "../../../../model/core/script";
import { awsProgramText, type AwsCommand } from "../../../../model/aws/node/calls";
import { credentialFiles } from "../../../../model/aws/node/credentials";
import { lifecycleFiles } from "../../../../model/aws/boot/lifecycle";
import { prelude } from "../../../../model/node/shell";
import { restoredPoolScript } from "../../../../model/aws/boot/poolRestored";
import { balancerPart, controlPlanePart, restoredNodePart } from "../../../../model/aws/node/controlPlane";
import { poolStateScript } from "../../../../model/aws/boot/poolState";
import { startFiles } from "../../../../model/aws/boot/worker";
import { bootProgram } from "../../../../model/aws/node/paths";
import type { ClusterSettings, Machine } from "../../../../model/settings/resolved";
import { have } from "../../../support/have";
import { shellcheck } from "../../../support/shellcheck";
import { awsOf, awsSettings, poolOf } from "./support";
import {
  convergeScript,
  filesOfNode,
  nodeIdentity,
  initScript,
  joinScript,
} from "../../../support/fromSettings";
import { workerSpec } from "../../../../model/settings/pools";

const plain = awsSettings();
const rich = awsSettings({
  controlPlane: { count: 3, instanceType: "t3.medium" },
  network: { vpcCidr: "10.0.0.0/16", serviceCidr: "10.96.0.0/16", zones: 3 },
  workers: {
    general: { count: 2, instanceType: "t3.large", labels: { note: "a-b" }, sourceDestinationCheckOff: true },
    burst: { min: 1, max: 9, instanceType: "m7g.large", spot: { enabled: true } },
  },
  proxy: { http: "http://proxy.example.com:3128", https: "http://proxy.example.com:3128" },
});
const commands: readonly AwsCommand[] = [
  "imds",
  "parameter",
  "putParameter",
  "hostKey",
  "status",
  "statuses",
  "ec2",
  "beat",
  "xml",
  "activities",
  "bundle",
];

const controlPlaneNode = (settings: ClusterSettings): Machine => {
  const [machine] = settings.machines;
  if (machine === undefined) throw new Error("no control-plane node");
  return machine;
};

function scriptsOf(settings: ClusterSettings): Record<string, string> {
  const machine = controlPlaneNode(settings);
  const facts = nodeIdentity(settings, machine, "ab".repeat(32));
  const files = filesOfNode(settings, machine);
  const part = controlPlanePart(settings, machine);
  const boot = startFiles(
    workerSpec(settings, poolOf(settings)),
    awsOf(settings),
    poolOf(settings),
    "0123456789ab",
    "general/digest",
  );
  return {
    init: initScript(settings, facts, files, [], part, { reached: balancerPart(settings, machine) }),
    join: joinScript(settings, facts, files, [], part),
    converge: convergeScript(settings, machine, facts, files, [], part),
    boot: boot.find((file) => file.path === bootProgram)?.content ?? "",
    credentials: credentialFiles(settings, awsOf(settings))[0]?.content ?? "",
    "pool state": poolStateScript(settings.name, "general", "0123456789ab"),
    "restored pool": restoredPoolScript(settings.name, "general"),
    "restored node": `${prelude()}${part}${restoredNodePart(settings, machine)}`,
  };
}

const scripts = Object.entries({ plain, rich }).flatMap(([kind, settings]) =>
  Object.entries(scriptsOf(settings)).map(([name, script]) => [`${kind}: ${name}`, script] as const),
);

const waitingFunctions = scriptText("node/scripts/waiting.sh");

describe("the wait for the balancer after init", () => {
  /** Runs it with a curl that fails for those calls, by their number, and a sleep of nothing. */
  const wait = (settings: ClusterSettings, failing: string) =>
    spawnSync("bash", ["-euo", "pipefail"], {
      encoding: "utf8",
      input: `calls=0
phase() { echo "##phase $1"; }
die() { echo "##error $1"; exit 1; }
sleep() { SECONDS=$((SECONDS + $1)); }
curl() { calls=$((calls + 1)); [[ ! $calls =~ ^(${failing})$ ]]; }
${waitingFunctions}${balancerPart(settings, controlPlaneNode(settings))}echo "$calls calls"
`,
    }).stdout;

  it("is none where the one control-plane node is the endpoint", () => {
    expect(balancerPart(plain, controlPlaneNode(plain))).toBe("");
  });

  it("ends when every address has answered twelve times in a row, and one refusal starts the count again", () => {
    expect(wait(rich, "none")).toContain("36 calls");
    expect(wait(rich, "8")).toContain("45 calls");
  });

  it("comes before anything else of init that calls the API by its endpoint", () => {
    const { init = "" } = scriptsOf(rich);
    const [waits, calls] = ["balancer", "bootstrap tokens"].map((name) => init.indexOf(`phase "${name}"`));
    expect(waits).toBeGreaterThan(init.indexOf('phase "kubeadm init"'));
    expect(calls).toBeGreaterThan(waits);
    expect(init.slice(init.indexOf("kubeadm init --config"), waits)).not.toContain("kubectl");
  });

  it("says where to look when the balancer passes nothing on", () => {
    expect(wait(rich, "[0-9]*[02468]")).toMatch(/##error the balancer at 10\.0\.\S+ .*health of its targets/);
  });
});

describe("scripts of EC2 hosts", () => {
  it.each(scripts)("is bash: %s", (_, script) => {
    expect(script).not.toBe("");
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
  });

  it.skipIf(!have("shellcheck")).each(scripts)("passes shellcheck: %s", (_, script) => {
    expect(shellcheck(script)).toBe("");
  });

  it.skipIf(!have("python3")).each([
    ["calls", awsProgramText(awsOf(plain), commands)],
    ["lifecycle", lifecycleFiles(plain, poolOf(plain))[0]?.content ?? ""],
  ])("is Python of 3.9 on: %s", (_, program) => {
    const check = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 9))";
    const { status, stderr } = spawnSync("python3", ["-c", check], { input: program, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});

describe("a control-plane node's part", () => {
  const part = controlPlanePart(plain, controlPlaneNode(plain));

  it("fetches no key pair: they come over SSH, and the instance's role reads none", () => {
    const program = filesOfNode(plain, controlPlaneNode(plain)).find((file) => file.path.endsWith("/aws.py"));
    expect(program?.content).toContain("def imds(path):");
    expect(`${part}${program?.content}`).not.toContain("GetSecretValue");
  });

  it("holds EC2's name of the instance against the node's", () => {
    expect(part).toContain(`\nnode_name=${controlPlaneNode(plain).nodeName}\n`);
    expect(part).toContain('[ "$node" = "$node_name" ] || die');
  });

  it("comes after the files that it needs, and before kubeadm", () => {
    const init = scriptsOf(plain)["init"] ?? "";
    const program = init.indexOf("put /usr/local/lib/pulumi-kubeadm/aws.py");
    expect(program).toBeGreaterThan(0);
    expect(init.indexOf('phase "instance"')).toBeGreaterThan(program);
    expect(init.indexOf("kubeadm init --config")).toBeGreaterThan(init.indexOf('phase "instance"'));
  });
});

describe("the timer's script", () => {
  const script = credentialFiles(rich, awsOf(rich))[0]?.content ?? "";

  it("names every pool, its parameter and its role", () => {
    for (const pool of ["general", "burst"]) {
      expect(script).toContain(`'credential ${pool} /kubeadm/dev/${pool}/join'`);
      expect(script).toContain(`'adopt ${pool} node-role.kubernetes.io/${pool} `);
      expect(script).toContain(`'sweep ${pool} /kubeadm/dev/${pool}/status'`);
    }
  });

  it("leaves to the kubelet what it may say of itself", () => {
    expect(script).not.toContain("note=a-b");
  });
});
