import * as path from "node:path";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FORCE_VARIABLE } from "../../../host/insist";
import { main } from "../../../host/main";
import {
  CLUSTER_VARIABLE,
  SPEC_VARIABLE,
  type Operation,
  type StepInput,
  type StepSpec,
} from "../../../host/protocol";
import { run, type RunResult } from "../../support/run";
import { machineOf, settingsOf } from "../node/support";
import { HANGS_AFTER } from "../../support/patience";
import { setupSpec } from "../../../components/machines/specs";
import { answer, otherHostKey, SshHost, userKey, type Exec } from "./sshHost";

const settings = settingsOf();
const spec: StepSpec = setupSpec(settings, machineOf(settings, "w1"));
const secret = "the-secret-value-of-this-test";
/** The longest line that the command provider can read (bufio.MaxScanTokenSize of Go). */
const LONGEST = 64 * 1024;

let server: SshHost | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const ENVIRONMENT = { [SPEC_VARIABLE]: JSON.stringify(spec) };

/** The program as a step runs it. */
function program(
  stdin: string,
  environment: NodeJS.ProcessEnv = ENVIRONMENT,
  operation: Operation = "create",
): Promise<RunResult> {
  return run(["node", "-e", `require("pulumi-kubeadm/host").main("${operation}")`], {
    cwd: path.resolve(__dirname, "../../.."),
    env: { ...process.env, [CLUSTER_VARIABLE]: "ab".repeat(32), ...environment },
    input: stdin,
    allowFailure: true,
    timeout: HANGS_AFTER,
  });
}

/** The same in this process, without the processor second that a start takes. */
async function inThisProcess(
  stdin: string,
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
  operation: Operation = "create",
): Promise<RunResult> {
  for (const [name, value] of Object.entries({ [CLUSTER_VARIABLE]: "ab".repeat(32), ...environment }))
    vi.stubEnv(name, value);
  vi.spyOn(process, "stdin", "get").mockReturnValue(Readable.from([Buffer.from(stdin)]) as never);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    vi.spyOn(process[name], "write").mockImplementation((text) => Boolean((said[name] += String(text))));
  const { exitCode } = process;
  try {
    await main(operation);
    return { status: Number(process.exitCode ?? 0), ...said };
  } finally {
    process.exitCode = exitCode;
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
}

async function input(exec: Exec): Promise<string> {
  server = await SshHost.start({ exec });
  const all: StepInput = {
    connections: { w1: server.connection() },
    files: [{ path: "/etc/secret", content: secret }],
  };
  return JSON.stringify(all);
}

describe("the program of a step, started without what a step gives it", () => {
  const empty = JSON.stringify({ connections: {}, files: [] });

  it.each([
    ["no specification", inThisProcess, empty, {}, "KUBEADM_SPEC is not set"],
    ["no standard input", program, "", undefined, "standard input is not valid JSON"],
    [
      "standard input that was cut off",
      inThisProcess,
      JSON.stringify({ connections: { w1: { privateKey: userKey.private } } }).slice(0, 200),
      undefined,
      "standard input is not valid JSON",
    ],
    [
      "no connection to its machine",
      inThisProcess,
      empty,
      undefined,
      "w1: the step has no connection to this machine",
    ],
  ] as const)("says so in one line and fails: %s", async (_, start, stdin, environment, text) => {
    const { status, stdout, stderr } = await start(stdin, environment);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toEqual([expect.stringContaining(text)]);
    expect(stderr).not.toContain("PRIVATE KEY");
  });
});

describe("the program of a step", () => {
  it("cuts lines that are longer than the provider can read, and shows no secret", async () => {
    const long = `${secret} ${"€".repeat(LONGEST)}`;
    const stdin = await input((_, channel) => answer(channel, 3, "", `${long}\nshort ${secret}\n`));
    const { status, stdout, stderr } = await program(stdin);
    expect([status, stdout]).toEqual([1, ""]);
    const lines = stderr.trim().split("\n");
    expect(lines).toEqual([
      "w1: reading the host's state: exit status 3",
      expect.stringMatching(/^ {2}\| \[secret\] €+…$/),
      "  | short [secret]",
    ]);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThan(LONGEST);
  });

  it("ends with the host's problem and no stack when the host is a node of another cluster", async () => {
    const node = { cluster: "cd".repeat(32), machine: "blue", revision: 1, state: "joined" };
    const state = { node, setup: null, machineId: "1f", kubelet: true, apiServer: false, etcd: false };
    const now = Math.round(Date.now() / 1000);
    const stdin = await input((_, channel) =>
      answer(channel, 0, `##state ${JSON.stringify({ ...state, now })}\n`),
    );
    const { status, stderr } = await inThisProcess(stdin);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^w1: is a node of another cluster .*\n$/);
    expect(server?.commands).toEqual(["/bin/bash -s"]);
  });

  it("says what to do when the record of a living node was damaged, and not to reset it", async () => {
    const now = Math.round(Date.now() / 1000);
    const rest = `"machineId":"1f","kubelet":true,"apiServer":false,"etcd":false,"now":${now}}`;
    const stdin = await input((_, channel) =>
      answer(channel, 0, `##state {"node":{"clus,"setup":null,${rest}\n`),
    );
    const { status, stderr } = await inThisProcess(stdin);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^w1: \/var\/lib\/pulumi-kubeadm\/node\.json on it is missing, empty or damaged/);
    expect(stderr).toContain("Do not reset the host");
    expect(stderr).not.toMatch(/SyntaxError|\bat .*\.ts:|kubeadm reset/);
  });

  it("does not forget a host that shows another key on delete, and does by the word for one run", async () => {
    const other = await SshHost.start();
    const connection = other.connection({ hostKey: otherHostKey() });
    const stdin = JSON.stringify({ connections: { w1: connection }, files: [] });
    const safe = await inThisProcess(stdin, undefined, "delete");
    const environment = { ...ENVIRONMENT, [FORCE_VARIABLE]: "w1" };
    const forced = await program(stdin, environment, "delete");
    await other.stop();
    expect([safe.status, safe.stdout]).toEqual([1, ""]);
    expect(safe.stderr).toMatch(
      /^w1: its setup could not be taken back: SSH to .*the host key does not match/,
    );
    expect(safe.stderr).toContain(`${FORCE_VARIABLE}=w1`);
    expect([forced.status, forced.stdout]).toEqual([0, "{}\n"]);
    expect(forced.stderr).toMatch(/^w1: SSH to .*; what is left of its setup stays, since .*=w1\n$/);
  });
});
