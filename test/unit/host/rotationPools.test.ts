import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunResult } from "../../../host/connection";
import type { Hosts } from "../../../host/runner";
import { PoolNodes, type PoolMember } from "../../../host/steps/rotationPools";
import { podName, type NodeScript } from "../../../model/aws/rotation/poolNodes";
import { rotationTarget, type RotationTarget } from "../../../model/rotation/authorities";
import type { Phase } from "../../../model/rotation/phases";
import { makeAuthorities } from "../rotation/made";

/**
 * Stands in for the API of nodes and pods: a pod has run as soon as it is made, unless its node has something else planned. What a node
 * does is its script, of which the tests take a line `does WHAT`, or reading what it trusts.
 */
const KUBECTL = `
const fs = require("node:fs");
const [state, ...words] = process.argv.slice(2);
const at = (name) => state + "/" + name;
const read = (name) => (fs.existsSync(at(name)) ? fs.readFileSync(at(name), "utf8") : "");
const note = (line) => fs.appendFileSync(at("log"), line + "\\n");
const asked = words.filter((word, index) => !word.startsWith("--") && !/^--(namespace|request-timeout|timeout)$/.test(words[index - 1] ?? ""));
const [verb, kind, name] = asked;
const output = words[words.indexOf("-o") + 1] ?? "";
if (verb === "get" && kind === "nodes") process.stdout.write(read("nodes"));
else if (verb === "create") {
  const pod = JSON.parse(fs.readFileSync(0, "utf8"));
  const { nodeName: node, containers } = pod.spec;
  const script = containers[0].args[2];
  const does = /^does (.*)$/m.exec(script)?.[1] ?? "reads";
  note(node + " " + does);
  const plan = JSON.parse(read("plan-" + node) || "{}")[does] ?? {};
  if (plan.denied) { process.stderr.write(plan.denied + "\\n"); process.exit(1); }
  if (plan.leaves) fs.writeFileSync(at("nodes"), read("nodes").split("\\n").filter((line) => !line.includes(" " + node + " ")).join("\\n"));
  if (plan.comes) fs.appendFileSync(at("nodes"), plan.comes + "\\n");
  if (!plan.leaves) fs.writeFileSync(at("pod-" + pod.metadata.name), JSON.stringify({ phase: "Succeeded", log: does === "reads" ? read("keys-" + node) : "", ...plan }));
} else if (verb === "get" && kind === "pod") {
  const pod = read("pod-" + name);
  if (pod === "") process.exit(output === "" || words.includes("--ignore-not-found") ? 0 : 1);
  const { phase, waits = "", then } = JSON.parse(pod);
  if (output.includes("waits")) process.stdout.write("##waits " + waits + "\\n");
  else process.stdout.write(phase);
  if (then !== undefined) fs.writeFileSync(at("pod-" + name), JSON.stringify(then));
} else if (verb === "logs") process.stdout.write(JSON.parse(read("pod-" + kind)).log ?? "");
else if (verb === "delete") fs.rmSync(at("pod-" + name), { force: true });
else process.exit(2);
`;

let folder: string;
let target: RotationTarget;
let old: string;
let said: string[];

const write = (name: string, content: string): void => fs.writeFileSync(path.join(folder, name), content);
const log = (): string[] =>
  fs.existsSync(path.join(folder, "log"))
    ? fs.readFileSync(path.join(folder, "log"), "utf8").trim().split("\n")
    : [];
const line = (name: string, ready = "True"): string =>
  `##node uid-${name} ${name} general ${ready} 10.0.0.1 aws:///eu-central-1a/i-0${name.length}abc`;
const encoded = (pem: string): string => Buffer.from(pem).toString("base64");
const plan = (node: string, does: Record<string, object>): void =>
  write(`plan-${node}`, JSON.stringify(does));
/** Nodes of which each trusts the old CA. */
const nodes = (...names: string[]): void => {
  write("nodes", names.map((name) => `${line(name)}\n`).join(""));
  for (const name of names) write(`keys-${name}`, `##trusted ca ${encoded(old)}\n`);
};

function run(script: string): Promise<RunResult> {
  const kubectl = `kubectl() { '${process.execPath}' '${folder}/kubectl.js' '${folder}' "$@"; }\nsleep() { :; }\n`;
  const child = spawn("/bin/bash", ["-s"], { stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  child.stdin.end(kubectl + script);
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

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "rotation-pools-"));
  const files = makeAuthorities(path.join(folder, "new"), "new");
  target = rotationTarget(files);
  old =
    makeAuthorities(path.join(folder, "old"), "old").find(({ path: file }) => file.endsWith("/pki/ca.crt"))
      ?.content ?? "";
  said = [];
  write("kubectl.js", KUBECTL);
  write("nodes", "");
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("nodes of pools in a rotation", () => {
  it("go one alone, then a share at a time, through all phases up to the one asked for, and each once", async () => {
    nodes("a", "bb", "ccc");
    const all = pools();
    await all.bring("trusted", does);
    expect(log().slice(0, 2)).toEqual(["a reads", "a trusted"]);
    expect(
      log()
        .filter((one) => one.endsWith(" trusted"))
        .sort(),
    ).toEqual(["a trusted", "bb trusted", "ccc trusted"]);
    const before = log().length;
    await all.bring("trusted", does);
    expect(log()).toHaveLength(before);
    await all.bring("issued", does);
    expect(log().slice(before).sort()).toEqual(["a issued", "bb issued", "ccc issued"]);
  });

  it("that come meanwhile are brought through what they have missed", async () => {
    nodes("a");
    write("keys-late", `##trusted ca ${encoded(old)}\n`);
    plan("a", { issued: { comes: line("late") } });
    const all = pools();
    await all.bring("issued", does);
    expect(log()).toEqual([
      ...["a reads", "a trusted", "a issued"],
      ...["late reads", "late trusted", "late issued"],
    ]);
  });

  it("that joined with the new CA alone have nothing to do", async () => {
    nodes("a");
    write("keys-a", `##trusted ca ${encoded(target.pairs.ca.trusted)}\n`);
    await pools().bring("finished", does);
    expect(log()).toEqual(["a reads"]);
  });

  it("go on after the phase that they have recorded", async () => {
    nodes("a");
    const record = { rotation: "2026-12", authority: target.authority, phase: "trusted", cluster: "c" };
    write(
      "keys-a",
      `##trusted ca ${encoded(old + target.pairs.ca.trusted)}\n##record ${JSON.stringify(record)}\n`,
    );
    await pools().bring("issued", does);
    expect(log()).toEqual(["a reads", "a issued"]);
  });

  it("that leave in the middle stop nothing", async () => {
    nodes("a", "bb");
    plan("a", { trusted: { leaves: true } });
    await pools(50).bring("trusted", does);
    expect(said.join("\n")).toContain("a: has left the cluster");
    expect(log()).toContain("bb trusted");
  });

  it("that are not Ready and stay stop it, with the instance and what to do", async () => {
    nodes("a");
    write("nodes", `${line("a")}\n${line("bb", "Unknown")}\n`);
    await expect(pools(20).bring("trusted", does)).rejects.toThrow(
      /bb of pool general \(i-02abc\) has not been Ready.*aws ec2 terminate-instances/,
    );
    expect(log()).toEqual([]);
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
    expect(log().filter((one) => one === "a trusted")).toHaveLength(2);
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
    write(
      `pod-${podName(given)}`,
      JSON.stringify({ phase: "Running", then: { phase: "Succeeded", log: "" } }),
    );
    await pools().bring("trusted", does);
    expect(log()).toEqual(["a reads"]);
  });
});
