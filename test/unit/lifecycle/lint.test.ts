import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentialScript, joinFileCommand } from "../../../model/lifecycle/joining";
import { etcdScript } from "../../../model/node/etcd";
import { standingScript } from "../../../model/lifecycle/intended";
import { resetScript } from "../../../model/lifecycle/leaving";
import { apiServersScript, keysScript, readScript, rewriteScript } from "../../../model/lifecycle/encryption";
import { forgetScript } from "../../../model/lifecycle/nodes";
import { aliveScript } from "../../../model/lifecycle/removing";
import { inUseScript, tightenScript } from "../../../model/node/leaving";
import { changeLockScript, drainLockScript } from "../../../model/lifecycle/lock";
import { wellScript } from "../../../model/lifecycle/well";
import { nodeUndo } from "../../../model/lifecycle/undo";
import { atBootScript, guarded, putBackScript, takeBackScript } from "../../../model/node/undo";
import { stateScript } from "../../../model/lifecycle/state";
import { paths } from "../../../model/kubeadm";
import type { ClusterSettings, Machine } from "../../../model/settings/resolved";
import { machine, controlPlaneNode, settingsOf } from "../../support/kubeadmSettings";
import { have } from "../../support/have";
import { shellcheck } from "../../support/shellcheck";
import { factsOf } from "./support";
import {
  filesOfNode,
  convergeScript,
  initScript,
  joinScript,
  drainScript,
  letInScript,
  adoptScript,
  removeNodeScript,
} from "../../support/fromSettings";

/** Characters that mean something to a shell, in every place that takes a free text. */
const odd = `it's "$(touch /tmp/never)" \`id\` & ; | * \\ ~ #`;
const secrets = [{ path: paths.wantedEncryption, mode: "0600", content: "the-secret-value-of-this-test\n" }];

const dead = { id: "91bc3c398fb3c146", name: "cp9", peers: [], learner: false, healthy: false };
const many = [
  controlPlaneNode("cp1", 11),
  controlPlaneNode("cp2", 12),
  controlPlaneNode("cp3", 13),
  machine("w1"),
];
const plain = settingsOf({ machines: many });
const oddOnes = [
  controlPlaneNode("cp1", 11, { taints: [], labels: { note: odd } }),
  machine("w1", {
    labels: { note: odd, "example.com/a": "" },
    taints: [
      { key: "dedicated", value: odd, effect: "NoExecute" },
      { key: "bare", effect: "PreferNoSchedule" },
    ],
  }),
];
const rich = settingsOf({
  machines: oddOnes,
  ignorePreflightErrors: ["Mem", odd],
  apiServer: { extraArgs: { "audit-log-format": odd }, certSans: ["api.example.com", "192.0.2.9"] },
  kubelet: { config: { note: odd } },
  encryption: { provider: "aescbc", keys: ["generated", "older"] },
});

function scriptsOf(settings: ClusterSettings, own: Machine): Record<string, string> {
  const facts = factsOf(settings, own);
  const files = filesOfNode(settings, own);
  return {
    init: initScript(settings, facts, files, secrets),
    join: joinScript(settings, facts, files, secrets),
    converge: convergeScript(settings, own, facts, files, secrets),
    adopt: adoptScript(settings, own),
    forget: forgetScript(own),
    "forget-dead": forgetScript(own, [settings === rich ? { ...dead, name: odd } : dead]),
    drain: drainScript(settings, own),
    "drain-lock": drainLockScript(
      { machine: own, run: `run ${odd}`, step: "ab" },
      { target: "v1.36.4", maxUnavailable: "25%" },
    ),
    "remove-alive": removeNodeScript(settings, own, { alive: true }),
    "remove-by-force": removeNodeScript(settings, own, {
      alive: true,
      first: [settings === rich ? { ...dead, name: odd } : dead],
      insist: true,
    }),
    alive: aliveScript(own, false),
    "alive-shared": aliveScript(own, true),
    "remove-gone": removeNodeScript(settings, own, { alive: false }),
    "change-lock": changeLockScript(
      { machine: own, run: `run ${odd}`, step: "ab" },
      settings.rollout.maxUnavailable,
    ),
    well: wellScript(own),
    guarded: guarded({ ...nodeUndo(own, files), change: "true", check: "true", well: "true" }),
    "at-boot": atBootScript(),
    "take-back": takeBackScript("true"),
    "let-in": letInScript(settings, own),
    "put-back": putBackScript(nodeUndo(own, files)),
  };
}

const scripts: Record<string, string> = {
  state: stateScript(),
  "encryption-read": readScript(),
  "encryption-servers": apiServersScript(),
  "encryption-keys": keysScript(
    many[0],
    "a stage",
    [{ provider: "secretbox", name: "a", secret: "AA==" }],
    "set",
  ),
  "encryption-rewrite": rewriteScript(),
  etcd: etcdScript(),
  standing: standingScript(),
  "in-use": inUseScript(),
  tighten: tightenScript(["node 10.40.0.11", "controlPlane 10.40.0.11"]),
  reset: resetScript("10.244.0.0/16"),
  credential: credentialScript("w1", 1),
  "rich-credential": credentialScript(odd, 1),
  "join-file": joinFileCommand().content,
};
for (const [kind, settings] of Object.entries({ plain, rich })) {
  for (const own of settings.machines) {
    for (const [name, script] of Object.entries(scriptsOf(settings, own)))
      scripts[`${kind}-${own.name}-${name}`] = script;
  }
}
const names = Object.keys(scripts);

describe("every script of node step", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "node step-"));
  beforeAll(() => {
    for (const [name, script] of Object.entries(scripts)) fs.writeFileSync(path.join(folder, name), script);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it("is bash", () => {
    const each = 'for script; do bash -n "$script" || echo "$script"; done 2>&1';
    const { stdout } = spawnSync("bash", ["-c", each, "bash", ...names], { cwd: folder, encoding: "utf8" });
    expect(stdout).toBe("");
  });

  it.skipIf(!have("shellcheck"))("passes shellcheck, with plain settings and with odd characters", () => {
    expect(shellcheck(scripts)).toBe("");
  });

  it("has the functions by which it waits", () => {
    const waits = names.filter((name) => /^\W*(if )?(retry|wait_for) /m.test(scripts[name] ?? ""));
    expect(waits.length).toBeGreaterThan(20);
    expect(waits.filter((name) => !/^retry\(\) \{\n[^]*^wait_for\(\) \{/m.test(scripts[name] ?? ""))).toEqual(
      [],
    );
  });

  it.each(names)("prints no secret on purpose: %s", (name) => {
    const script = scripts[name];
    expect(script).not.toMatch(/set -[a-z]*x|set -o xtrace|bash -x/);
    // Options of kubeadm by which a token or key ends in an output, an argument or a Secret.
    expect(script).not.toMatch(/--token\b|--certificate-key\b|--upload-certs|--print-join-command/);
    expect(script).not.toMatch(/--v[= ]?\d|--v=|curl .*--verbose/);
    for (const line of script.split("\n").filter((one) => one.includes("kubeadm init --config")))
      expect(line).toMatch(/--skip-token-print --skip-certificate-key-print$/);
  });

  it.each(names)("carries secret files encoded, so that no part of one is read by the shell: %s", (name) => {
    expect(scripts[name]).not.toContain("the-secret-value-of-this-test");
  });

  it("is the same text for the same settings", () => {
    for (const own of plain.machines) expect(scriptsOf(plain, own)).toEqual(scriptsOf(plain, own));
  });
});
