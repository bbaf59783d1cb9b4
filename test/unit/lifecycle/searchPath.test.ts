import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { poolStateScript } from "../../../model/aws/boot/poolState";
import { bundledFiles, startFiles } from "../../../model/aws/boot/worker";
import { cisScript } from "../../../model/cis/script";
import { drainLockScript } from "../../../model/lifecycle/lock";
import { credentialScript, joinFileCommand } from "../../../model/lifecycle/joining";
import { resetScript } from "../../../model/lifecycle/leaving";
import { forgetScript } from "../../../model/lifecycle/nodes";
import { aliveScript } from "../../../model/lifecycle/removing";
import { stateScript } from "../../../model/lifecycle/state";
import type { ClusterSettings, Machine } from "../../../model/settings/resolved";
import { awsOf, awsSettings, poolOf } from "../aws/boot/support";
import { wellScript } from "../../../model/lifecycle/well";
import { nodeUndo } from "../../../model/lifecycle/undo";
import { guarded, putBackScript } from "../../../model/node/undo";
import { settingsOf, withBalancer } from "../node/support";
import { factsOf } from "./support";
import {
  convergeScript,
  drainScript,
  filesOfNode,
  initScript,
  joinScript,
  adoptScript,
  removeNodeScript,
  renderNode,
} from "../../support/fromSettings";
import { workerSpec } from "../../../model/settings/pools";

/** `secure_path` of sudo on RHEL 9, its rebuilds and Amazon Linux 2023 (their /etc/sudoers). */
const SECURE_PATH = "/sbin:/bin:/usr/sbin:/usr/bin";

/** Scripts and commands of one machine, as jobs, queries and files that stay on it. */
function scriptsOf(settings: ClusterSettings, own: Machine): Record<string, string> {
  const { files, setupScript, preflightScript, cleanupScript } = renderNode(settings, own);
  const scripts: Record<string, string> = { setupScript, preflightScript, cleanupScript };
  const note = (list: readonly { path: string; content: string }[]): void => {
    for (const file of list) if (/^#!.*\bbash\b/.test(file.content)) scripts[file.path] = file.content;
  };
  note(files);
  if (own.role === "loadBalancer") return scripts;
  const facts = factsOf(settings, own);
  const member = filesOfNode(settings, own);
  note(member);
  return {
    ...scripts,
    init: initScript(settings, facts, member, []),
    join: joinScript(settings, facts, member, []),
    converge: convergeScript(settings, own, facts, member, []),
    adopt: adoptScript(settings, own),
    forget: forgetScript(own),
    drain: drainScript(settings, own),
    "drain lock": drainLockScript(
      { machine: own, run: "a run", step: "ab" },
      { target: "v1", maxUnavailable: 1 },
    ),
    alive: aliveScript(own, false),
    well: wellScript(own),
    "put back": putBackScript(nodeUndo(own, member)),
    guarded: guarded({ ...nodeUndo(own, member), change: "true", well: "true" }),
    remove: removeNodeScript(settings, own, { alive: true }),
  };
}

const metal = settingsOf({
  machines: withBalancer,
  endpoint: { kind: "loadBalancer", machine: "lb1" },
  firewall: "nftables",
  access: { ssh: ["198.51.100.0/24"], api: ["198.51.100.0/24"], nodePorts: [] },
});
const aws = awsSettings();
const all: [string, string][] = [
  ["state", stateScript()],
  ["reset", resetScript("10.244.0.0/16")],
  ["credential", credentialScript("general", 1)],
  ["join file", joinFileCommand().content],
  ["cis", cisScript()],
  ["pool state", poolStateScript("dev", "general", "0123456789ab")],
  ...[
    ...startFiles(workerSpec(aws, poolOf(aws)), awsOf(aws), poolOf(aws), "0123456789ab", "general/digest"),
    ...bundledFiles(workerSpec(aws, poolOf(aws)), poolOf(aws), "0123456789ab"),
  ]
    .filter((file) => /^#!.*\bbash\b/.test(file.content))
    .map((file): [string, string] => [`aws worker: ${file.path}`, file.content]),
  ...[metal, aws].flatMap((settings) =>
    settings.machines.flatMap((own) =>
      Object.entries(scriptsOf(settings, own)).map(([name, script]): [string, string] => [
        `${own.name}: ${name}`,
        script,
      ]),
    ),
  ),
];

describe("where sudo's search path lacks /usr/local", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "search-path-"));
  fs.writeFileSync(path.join(folder, "kubectl"), "#!/bin/sh\necho found\n", { mode: 0o755 });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** The script to the line that sets the path, which nothing but settings of the shell may come before. */
  function head(script: string): string {
    const lines = script.split("\n");
    const end = lines.findIndex((line) => /^export .*\bPATH=/.test(line));
    const before = end === -1 ? lines : lines.slice(0, end);
    expect(before.filter((line) => !/^(#.*|set .*|umask .*|\w+=.*|)$/.test(line))).toEqual([]);
    return lines.slice(0, end + 1).join("\n");
  }

  it.each(all)("%s finds what the library put there", (_name, script) => {
    const begin = head(script).replaceAll("/usr/local/bin", folder);
    const ran = spawnSync("env", ["-i", `PATH=${SECURE_PATH}`, "bash", "--norc", "-s", "pool"], {
      input: `${begin}
kubectl
`,
      encoding: "utf8",
    });
    expect(ran.stdout + ran.stderr).toBe("found\n");
  });

  it("has scripts of every kind to look at", () => {
    const programs = fs
      .readdirSync("model", { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".sh"))
      .map((file) => fs.readFileSync(path.join("model", file), "utf8"));
    // What a program is for: the first comment after its head.
    const purposes = programs.flatMap((text) => /^#!.*bash\n(?:#.*\n)*\n(#.*)/.exec(text)?.[1] ?? []);
    expect(purposes.length).toBeGreaterThan(5);
    for (const purpose of purposes)
      expect(
        all.some(([, script]) => script.includes(purpose)),
        purpose,
      ).toBe(true);
  });
});
