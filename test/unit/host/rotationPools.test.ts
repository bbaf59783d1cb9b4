import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunResult } from "../../../host/connection";
import type { Hosts } from "../../../host/runner";
import { PoolNodes, type PoolMember } from "../../../host/steps/rotationPools";
import { podName, type NodeScript } from "../../../model/aws/rotation/poolNodes";
import { rotationTarget, type RotationTarget } from "../../../model/rotation/authorities";
import type { Phase } from "../../../model/rotation/phases";
import { AnsweredProgram, type ProgramAnswer } from "../../support/answeredProgram";
import { makeAuthorities } from "../rotation/made";

interface FakePod {
  readonly phase?: string;
  readonly log?: string;
  /** Why its container does not start. */
  readonly waits?: string;
  /** What it is after the first look. */
  readonly then?: FakePod;
}

/** What happens when a script is to run on a node, if not that its pod ends well. */
interface Plan extends FakePod {
  readonly denied?: string;
  readonly leaves?: boolean;
  /** A line of a node that joins. */
  readonly comes?: string;
}

let target: RotationTarget;
let old: string;
let listed: string[];
let keys: Record<string, string>;
let plans: Record<string, Record<string, Plan>>;
let pods: Map<string, FakePod>;
let log: string[];
let said: string[];
let api: AnsweredProgram;

/**
 * Stands in for the API of nodes and pods: a pod has run as soon as it is made, unless its node has something else planned. What a node
 * does is its script, of which the tests take a line `does WHAT`, or reading what it trusts.
 */
function kubectl(words: readonly string[], input: string): ProgramAnswer {
  const [verb, kind, name = ""] = words.filter(
    (word, index) =>
      !word.startsWith("--") && !/^--(namespace|request-timeout|timeout)$/.test(words[index - 1] ?? ""),
  );
  const output = words.includes("-o") ? words[words.indexOf("-o") + 1] : "";
  if (verb === "get" && kind === "nodes") return { stdout: listed.map((one) => `${one}\n`).join("") };
  if (verb === "create") return create(input);
  if (verb === "get" && kind === "pod") {
    const pod = pods.get(name);
    if (pod === undefined) return { status: output === "" || words.includes("--ignore-not-found") ? 0 : 1 };
    if (pod.then !== undefined) pods.set(name, pod.then);
    return { stdout: output?.includes("waits") ? `##waits ${pod.waits ?? ""}\n` : (pod.phase ?? "") };
  }
  if (verb === "logs") return { stdout: pods.get(kind ?? "")?.log ?? "" };
  if (verb === "delete") return { status: pods.delete(name) ? 0 : 1 };
  return { status: 2, stderr: `the test has no such kubectl: ${words.join(" ")}` };
}

function create(manifest: string): ProgramAnswer {
  const { metadata, spec } = JSON.parse(manifest) as {
    metadata: { name: string };
    spec: { nodeName: string; containers: { args: string[] }[] };
  };
  const node = spec.nodeName;
  const does = /^does (.*)$/m.exec(spec.containers[0]?.args[2] ?? "")?.[1] ?? "reads";
  log.push(`${node} ${does}`);
  const plan = plans[node]?.[does] ?? {};
  if (plan.denied !== undefined) return { status: 1, stderr: `${plan.denied}\n` };
  if (plan.leaves) listed = listed.filter((one) => !one.includes(` ${node} `));
  if (plan.comes !== undefined) listed.push(plan.comes);
  const read = does === "reads" ? (keys[node] ?? "") : "";
  if (!plan.leaves) pods.set(metadata.name, { phase: "Succeeded", log: read, ...plan });
  return {};
}

const line = (name: string, ready = "True"): string =>
  `##node uid-${name} ${name} general ${ready} 10.0.0.1 aws:///eu-central-1a/i-0${name.length}abc`;
const encoded = (pem: string): string => Buffer.from(pem).toString("base64");
const plan = (node: string, does: Record<string, Plan>): void => void (plans[node] = does);
/** Nodes of which each trusts the old CA. */
const nodes = (...names: string[]): void => {
  listed = names.map((name) => line(name));
  for (const name of names) keys[name] = `##trusted ca ${encoded(old)}\n`;
};

function run(script: string): Promise<RunResult> {
  const child = spawn("/bin/bash", ["-s"], { stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  // What is slept passes at once.
  child.stdin.end(`${api.definition}sleep() { SECONDS=$((SECONDS + $1)); }\n${script}`);
  return new Promise((resolve) =>
    child.on("close", (status) => resolve({ status: status ?? 1, stdout, stderr })),
  );
}

const hosts = {
  attempt: (_machine: string, _command: string, script = "") => run(script),
  query: async (_machine: string, _what: string, _command: string, script = "") => (await run(script)).stdout,
  scrub: (text: string) => text,
} as unknown as Hosts;

function pools(patience = 60_000): PoolNodes {
  const context = {
    hosts,
    say: (text: string) => void said.push(text),
    spec: { rollout: { maxUnavailable: "50%" } },
  };
  return new PoolNodes({
    context,
    aws: { pauseImage: "registry.k8s.io/pause:3.10" },
    through: "cp1",
    target,
    times: { interval: 1, patience },
  });
}

const does = (_member: PoolMember, phase: Phase): string => `does ${phase}\n`;

beforeAll(() => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "rotation-pools-"));
  target = rotationTarget(makeAuthorities(path.join(folder, "new"), "new"));
  const before = makeAuthorities(path.join(folder, "old"), "old");
  old = before.find(({ path: file }) => file.endsWith("/pki/ca.crt"))?.content ?? "";
  fs.rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  listed = [];
  keys = {};
  plans = {};
  pods = new Map();
  log = [];
  said = [];
  api = await AnsweredProgram.start("kubectl", kubectl);
});
afterEach(() => api.stop());

describe("nodes of pools in a rotation", () => {
  it("go one alone, then a share at a time, through all phases up to the one asked for, and each once", async () => {
    nodes("a", "bb", "ccc");
    const all = pools();
    await all.bring("trusted", does);
    expect(log.slice(0, 2)).toEqual(["a reads", "a trusted"]);
    expect(log.filter((one) => one.endsWith(" trusted")).sort()).toEqual([
      "a trusted",
      "bb trusted",
      "ccc trusted",
    ]);
    const before = log.length;
    await all.bring("trusted", does);
    expect(log).toHaveLength(before);
    await all.bring("issued", does);
    expect(log.slice(before).sort()).toEqual(["a issued", "bb issued", "ccc issued"]);
  });

  it("that come meanwhile are brought through what they have missed", async () => {
    nodes("a");
    keys["late"] = `##trusted ca ${encoded(old)}\n`;
    plan("a", { issued: { comes: line("late") } });
    const all = pools();
    await all.bring("issued", does);
    expect(log).toEqual([
      ...["a reads", "a trusted", "a issued"],
      ...["late reads", "late trusted", "late issued"],
    ]);
  });

  it("that joined with the new CA alone have nothing to do", async () => {
    nodes("a");
    keys["a"] = `##trusted ca ${encoded(target.pairs.ca.trusted)}\n`;
    await pools().bring("finished", does);
    expect(log).toEqual(["a reads"]);
  });

  it("go on after the phase that they have recorded", async () => {
    nodes("a");
    const record = { rotation: "2026-12", authority: target.authority, phase: "trusted", cluster: "c" };
    const trusted = encoded(old + target.pairs.ca.trusted);
    keys["a"] = `##trusted ca ${trusted}\n##record ${JSON.stringify(record)}\n`;
    await pools().bring("issued", does);
    expect(log).toEqual(["a reads", "a issued"]);
  });

  it("that leave in the middle stop nothing", async () => {
    nodes("a", "bb");
    plan("a", { trusted: { leaves: true } });
    await pools(50).bring("trusted", does);
    expect(said.join("\n")).toContain("a: has left the cluster");
    expect(log).toContain("bb trusted");
  });

  it("that are not Ready and stay stop it, with the instance and what to do", async () => {
    nodes("a");
    listed = [line("a"), line("bb", "Unknown")];
    await expect(pools(20).bring("trusted", does)).rejects.toThrow(
      /bb of pool general \(i-02abc\) has not been Ready.*aws ec2 terminate-instances/,
    );
    expect(log).toEqual([]);
  });

  it("whose script fails say why, and stay where they are", async () => {
    nodes("a");
    plan("a", {
      trusted: {
        phase: "Failed",
        log: "##phase restart kubelet\n##error the kubelet did not become healthy\n",
      },
    });
    await expect(pools().bring("trusted", does)).rejects.toThrow(
      /trusted\): the kubelet did not become healthy/,
    );
    plan("a", {});
    await pools().bring("trusted", does);
    expect(log.filter((one) => one === "a trusted")).toHaveLength(2);
  });

  it("whose pod does not start say why in the kubelet's words", async () => {
    nodes("a");
    plan("a", { reads: { phase: "Pending", waits: "ErrImagePull no such image" } });
    await expect(pools(5).look()).rejects.toThrow(/its pod does not start: ErrImagePull no such image/);
  });

  it("whose pod a policy refuses say so at once, with what to do", async () => {
    nodes("a");
    plan("a", { reads: { denied: 'admission webhook "kyverno" denied the request' } });
    await expect(pools().look()).rejects.toThrow(/not let in: .*kyverno.*exempt pods of kube-system/);
  });

  it("on which a pod of a run that was cut off still works are waited for", async () => {
    nodes("a");
    const script = "does trusted\n";
    const given: Pick<NodeScript, "node" | "script"> = { node: { name: "a", uid: "uid-a" }, script };
    pods.set(podName(given), { phase: "Running", then: { phase: "Succeeded" } });
    await pools().bring("trusted", does);
    expect(log).toEqual(["a reads"]);
  });
});
