/**
 * What the library relies on of the provider `command`, through the real engine; the same for the official plugin and
 * for the stand-in. One stack walks through the steps, so the order of the tests matters.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { local, type types } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithEngine } from "../available";
import { createEngineStack, isStandIn, providersInUse, type EngineStack } from "../harness";
import type { EngineError, EngineResult } from "../result";
import { findLeaks } from "../secrets";

/** A resource with arguments that the SDK's class would not let through. */
class Undeclared extends pulumi.CustomResource {}

describeWithEngine("provider command", () => {
  let folder: string;
  let engine: EngineStack;
  let onText: (text: string) => void = () => undefined;

  beforeAll(async () => {
    console.log(providersInUse().join("\n"));
    folder = mkdtempSync(path.join(tmpdir(), "pulumi-kubeadm-command-"));
    engine = await createEngineStack({
      projectName: "command-contract",
      stackName: "test",
      program: () => Promise.resolve(),
      env: { CONTRACT_FOLDER: folder, CONTRACT_AMBIENT: "ambient" },
      onOutput: (text) => onText(text),
    });
  });

  afterAll(async () => {
    await engine?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Lines that commands have written since the last call. */
  function journal(): string[] {
    const file = path.join(folder, "journal");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    rmSync(file, { force: true });
    return lines;
  }

  function program(commands: Record<string, () => void>): void {
    engine.setProgram(() => {
      for (const declare of Object.values(commands)) declare();
      return Promise.resolve();
    });
  }

  async function failing(run: Promise<EngineResult>): Promise<EngineError> {
    return run.then(
      () => expect.fail("the operation was to fail"),
      (error: EngineError) => error,
    );
  }

  const sorted = (result: EngineResult): string[] => [...result.changed].sort();
  const write = (word: string, text: string): string => `echo "${word} ${text}" >> $CONTRACT_FOLDER/journal`;
  const settings = {
    greeting: "hello",
    stdin: "first input",
    generation: 1,
    watched: "one",
  };

  function declareAll(): void {
    const first = new local.Command("first", {
      create: `read line; ${write("create", "$GREETING $line $CONTRACT_AMBIENT")}; echo made; echo aside >&2`,
      update: `read line; ${write("update", "$GREETING $line $PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR")}; echo changed`,
      delete: `read line; ${write("delete", "$GREETING $line $PULUMI_COMMAND_STDOUT")}`,
      environment: { GREETING: settings.greeting },
      stdin: settings.stdin,
    });
    new local.Command("after", { create: pulumi.interpolate`printf '%s' "${first.stdout}" | tr a-z A-Z` });
    new local.Command(
      "member",
      {
        create: `read line; ${write("join", "$line")}`,
        update: write("never", "update"),
        delete: `read line; ${write("leave", "$line")}`,
        triggers: [settings.generation],
        stdin: pulumi.secret(settings.stdin),
      },
      { ignoreChanges: ["stdin"], deleteBeforeReplace: true },
    );
    new local.Command("again", {
      create: `${write("again", `${settings.watched} [$PULUMI_COMMAND_STDOUT]`)}; echo ${settings.watched}`,
      addPreviousOutputInEnv: false,
    });
  }

  function outputsOf(name: string): Promise<Record<string, unknown>> {
    return engine.exportState().then((state) => {
      const deployment = state.deployment as {
        resources: { urn: string; outputs: Record<string, unknown> }[];
      };
      return deployment.resources.find((resource) => resource.urn.endsWith(`::${name}`))?.outputs ?? {};
    });
  }

  it("runs nothing at preview and shows what depends on output as unknown", async () => {
    program({ declareAll });
    const preview = await engine.preview();
    expect(preview.changed).toContain("create first");
    expect(journal()).toEqual([]);
    const outputs = preview.events.find(({ resOutputsEvent }) =>
      resOutputsEvent?.metadata.urn.endsWith("::first"),
    )?.resOutputsEvent?.metadata.new?.outputs;
    expect(outputs).toMatchObject({ stdin: "first input", stdout: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" });
  });

  it("creates with standard input, its environment and the engine's, and keeps the output", async () => {
    await engine.up();
    expect(journal().sort()).toEqual([
      "again one []",
      "create hello first input ambient",
      "join first input",
    ]);
    expect(await outputsOf("first")).toMatchObject({ stdout: "made", stderr: "aside" });
    expect(await outputsOf("after")).toMatchObject({ stdout: "MADE" });
  });

  it("has nothing to do the second time, nor at refresh", async () => {
    expect((await engine.preview()).changed).toEqual([]);
    expect((await engine.refresh()).changed).toEqual([]);
    expect(journal()).toEqual([]);
  });

  it("runs update, or create where there is none, once for a changed input, with the output before", async () => {
    settings.greeting = "good morning";
    settings.watched = "two";
    const preview = await engine.preview();
    expect(sorted(preview)).toEqual([
      "update after (create)",
      "update again (create)",
      "update first (environment.GREETING)",
    ]);
    await engine.up();
    expect(journal().sort()).toEqual(["again two []", "update good morning first input made aside"]);
    expect(await outputsOf("first")).toMatchObject({ stdout: "changed", stderr: "" });
    expect(await outputsOf("after")).toMatchObject({ stdout: "CHANGED" });
  });

  it("shows no change of an input that is ignored, and gives a replacement the fresh one, delete the stored", async () => {
    settings.stdin = "second input";
    expect(sorted(await engine.preview())).toEqual(["update after (create)", "update first (stdin)"]);
    settings.generation = 2;
    const preview = await engine.preview();
    expect(preview.changed).toContain("delete-replaced member");
    expect(preview.changed).toContain("create-replacement member (triggers[0])");
    await engine.up();
    expect(journal().filter((line) => /join|leave/.test(line))).toEqual([
      "leave first input",
      "join second input",
    ]);
  });

  it("keeps a secret out of state, events and logs", async () => {
    const secret = "a secret of the contract";
    const quiet = (stdin: pulumi.Input<string>) => () =>
      new local.Command(
        "quiet",
        { create: "cat", stdin, logging: "none" satisfies types.enums.local.Logging },
        { additionalSecretOutputs: ["stdout"] },
      );
    program({ quiet: quiet(pulumi.secret(secret)) });
    await engine.up();
    journal();
    expect(findLeaks({ secret }, engine.written())).toEqual([]);
    const state = engine.written().filter(({ where }) => where.includes("/stacks/"));
    expect(state.some(({ text }) => /"stdin": *{[^}]*"ciphertext"/.test(text))).toBe(true);
  });

  it("tells a secret from the same text that is none", async () => {
    program({
      quiet: () =>
        new local.Command("quiet", { create: "cat", stdin: "a secret of the contract", logging: "none" }),
    });
    expect((await engine.preview()).changed).toEqual(["update quiet (stdin)"]);
  });

  it("streams both outputs line by line while the command runs", async () => {
    const go = path.join(folder, "go");
    onText = (text) => {
      if (text.includes("waiting for the file")) writeFileSync(go, "");
    };
    program({
      streaming: () =>
        new local.Command(
          "streaming",
          {
            create: `echo begin; echo waiting for the file >&2; until [ -e ${go} ]; do sleep 0.05; done; printf end`,
          },
          { customTimeouts: { create: "60s" } },
        ),
    });
    const result = await engine.up();
    const lines = result.events
      .filter(({ diagnosticEvent }) => diagnosticEvent?.urn?.endsWith("::streaming"))
      .map(({ diagnosticEvent }) => diagnosticEvent!);
    const told = lines.map(
      ({ severity, ephemeral, message }) => `${severity} ${ephemeral} ${message.trim()}`,
    );
    // The two streams are read side by side: the first two lines may change places.
    expect(told.slice(0, 2).sort()).toEqual(["info true begin", "info true waiting for the file"]);
    expect(told.slice(2)).toEqual(["info true end"]);
    onText = () => undefined;
  });

  it("starts a command in the folder of the project, from where the host program is found", async () => {
    program({
      door: () =>
        new local.Command("door", {
          interpreter: ["node", "-e"],
          create: "console.log(process.cwd()); console.log(require.resolve('pulumi-kubeadm/host'))",
        }),
    });
    await engine.up();
    const repository = path.resolve(__dirname, "..", "..", "..");
    const stdout = `${engine.workDir}\n${path.join(repository, "bin", "host.cjs")}`;
    expect(await outputsOf("door")).toMatchObject({ stdout });
  });

  it.skipIf(!isStandIn("command"))("fails a command whose line would hang the original", async () => {
    program({
      long: () => new local.Command("long", { create: "head -c 65536 /dev/zero | tr '\\0' x; echo" }),
      shorter: () => new local.Command("shorter", { create: "head -c 65535 /dev/zero | tr '\\0' x; echo" }),
    });
    const { message } = await failing(engine.up({ continueOnError: true }));
    expect(message).toContain("the original provider hangs on a logged line of 64 KiB or more");
    expect((await outputsOf("shorter"))["stdout"]).toHaveLength(65_535);
    expect(await outputsOf("long")).toEqual({});
  });

  it("reports a failing command with its status, its text and its output, and keeps nothing of a failed create", async () => {
    program({
      failing: () => new local.Command("failing", { create: 'echo "half\tdone"; echo é\nexit 3' }),
      killed: () => new local.Command("killed", { create: "kill -TERM $$" }),
      absent: () => new local.Command("absent", { create: "x", interpreter: ["no-such-program"] }),
      nowhere: () => new local.Command("nowhere", { create: "true", dir: "/no/such/folder" }),
      strange: () =>
        new local.Command("strange", { create: "true", interpreter: ["/no/such/program", "-c"] }),
      slow: () =>
        new local.Command("slow", { create: "exec sleep 300" }, { customTimeouts: { create: "1s" } }),
    });
    const { result } = await failing(engine.up({ continueOnError: true }));
    const errors = result.events
      .filter(({ diagnosticEvent }) => diagnosticEvent?.severity === "error")
      .map(({ diagnosticEvent }) => diagnosticEvent!.message.replaceAll("<{%reset%}>", "").trimEnd());
    expect(errors).toEqual(
      expect.arrayContaining([
        'exit status 3: running "echo \\"half\\tdone\\"; echo é\\nexit 3":\nhalf\tdone\né',
        'signal: terminated: running "kill -TERM $$":',
        'exec: "no-such-program": executable file not found in $PATH: running "x":',
        'chdir /no/such/folder: no such file or directory: running "true":',
        'fork/exec /no/such/program: no such file or directory: running "true":',
        'signal: killed: running "exec sleep 300":',
      ]),
    );
    expect(await outputsOf("failing")).toEqual({});
  });

  it("keeps the state before of a failed update", async () => {
    const moody = (mood: string) => () =>
      new local.Command("moody", { create: "echo fine", update: "exit 1", environment: { MOOD: mood } });
    program({ moody: moody("good") });
    await engine.up();
    program({ moody: moody("bad") });
    await failing(engine.up());
    expect((await engine.preview()).changed).toEqual(["update moody (environment.MOOD)"]);
  });

  it("refuses arguments that it does not know", async () => {
    program({
      odd: () => new Undeclared("command:local:Command", "odd", { crate: "true" }, { version: "1.2.1" }),
    });
    const { result } = await failing(engine.preview());
    expect(result.log).toContain("Unrecognized field 'crate' on 'local.CommandInputs'");
  });

  it("kills a command when the engine is interrupted", async () => {
    const interrupt = new AbortController();
    onText = (text) => {
      const pid = /pid (\d+) is up/.exec(text)?.[1];
      if (pid) {
        writeFileSync(path.join(folder, "pid"), pid);
        interrupt.abort();
      }
    };
    program({
      endless: () => new local.Command("endless", { create: "echo pid $$ is up; exec sleep 300" }),
    });
    const { result } = await failing(engine.up({ signal: interrupt.signal }));
    expect(result.log).toContain("signal: killed");
    expect(existsSync(`/proc/${readFileSync(path.join(folder, "pid"), "utf8")}`)).toBe(false);
    onText = () => undefined;
  });

  it("runs delete with what is stored, and leaves nothing", async () => {
    program({ declareAll });
    await engine.up();
    journal();
    await engine.destroy();
    expect(journal().sort()).toEqual([`delete good morning second input made`, "leave second input"]);
    const state = (await engine.exportState()).deployment as { resources?: unknown[] };
    expect(state.resources ?? []).toEqual([]);
  });
});
