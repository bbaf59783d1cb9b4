import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HostProblem } from "../../../host/problem";
import type { SettledSpec, StepResult } from "../../../host/protocol";
import { Hosts } from "../../../host/runner";
import { settled } from "../../../host/steps/settled";
import { settledScript } from "../../../model/aws/settled";
import { have } from "../../support/have";
import { shellcheck } from "../../support/shellcheck";
import { bash } from "../node/support";
import { answer, SshHost, stateLine } from "./sshHost";

const cluster = "ab".repeat(32);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

const spec: SettledSpec = {
  step: "settled",
  machine: "cp-1",
  address: "10.0.0.4",
  instanceType: "m7i.xlarge",
};
const large: StepResult = { machine: "cp-1", instanceType: "m7i.large" };
const ours = { cluster, state: "joined" };

/** The step on an instance with such a record of its node, whose wait ends with that status; how many questions it was asked. */
async function after(previous: StepResult | undefined, node: object | null = ours, status = 0) {
  let asked = 0;
  const server = await SshHost.start({
    exec: (_command, channel) => {
      let script = "";
      channel.on("data", (chunk: Buffer) => (script += chunk.toString()));
      channel.on("end", () => {
        asked += 1;
        if (script.includes("##state")) return answer(channel, 0, `${stateLine(node)}\n`);
        answer(channel, status, status === 0 ? "" : "curl: (7) Failed to connect\n");
      });
    },
  });
  cleanUp.push(() => server.stop());
  const input = { connections: { "cp-1": server.connection() }, files: [] };
  const hosts = new Hosts(input, 2_000, () => undefined);
  cleanUp.push(() => hosts.close());
  const context = {
    operation: "update",
    spec,
    input,
    hosts,
    cluster,
    previous,
    values: {},
    say: () => undefined,
  } as const;
  const result = await settled(context).catch((error: unknown) => {
    if (!(error instanceof HostProblem)) throw error;
    return error.report();
  });
  return { result, asked };
}

const done = { machine: "cp-1", instanceType: "m7i.xlarge" };

describe("a control-plane node with another instance type", () => {
  it("is waited for before the next one is touched", async () => {
    expect(await after(large)).toEqual({ result: done, asked: 2 });
  });

  it("that does not come back ends the run, with the reason and what became of the others", async () => {
    const { result } = await after(large, ours, 1);
    expect(result).toMatch(
      /^cp-1: .*its API does not answer yet: curl: \(7\) Failed to connect\. .*other.* were not changed/s,
    );
  });

  it("is not waited for where its node is not there yet", async () => {
    expect(await after(large, null)).toEqual({ result: done, asked: 1 });
    expect(await after(large, { cluster, state: "joining" })).toEqual({ result: done, asked: 1 });
  });

  it("is not even dialled where the type is as it was, and at its first start", async () => {
    expect(await after(done)).toEqual({ result: done, asked: 0 });
    expect(await after(undefined)).toEqual({ result: done, asked: 0 });
  });
});

describe("the wait", () => {
  /** Answers of curl in turn, the last one again and again; the clock goes on by `sleep` alone. */
  function run(...answers: string[]) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "settled-"));
    cleanUp.push(() => fs.rmSync(folder, { recursive: true }));
    const ran = bash(`curl() {
  echo asked >>${folder}/asked
  local answers=(${answers.join(" ")}) now
  now=$(wc -l <${folder}/asked)
  echo "answer $now"
  [ "$now" -le "\${#answers[@]}" ] || now=\${#answers[@]}
  [ "\${answers[now - 1]}" = ok ]
}
sleep() { SECONDS=$((SECONDS + $1)); }
${settledScript("10.0.0.4")}`);
    return { ...ran, asked: fs.readFileSync(`${folder}/asked`, "utf8").trim().split("\n").length };
  }

  it("ends after three good answers in a row", () => {
    expect(run("ok", "ok", "no", "ok", "ok", "ok", "no")).toMatchObject({ status: 0, asked: 6 });
  });

  it("ends after ten minutes without, with the last answer", () => {
    const { status, stdout, asked } = run("no");
    expect([status, stdout]).toEqual([1, `answer ${asked}\n`]);
    expect(asked).toBeGreaterThan(100);
  });

  it.skipIf(!have("shellcheck"))("passes shellcheck", () => {
    expect(shellcheck(settledScript("10.0.0.4"))).toBe("");
  });
});
