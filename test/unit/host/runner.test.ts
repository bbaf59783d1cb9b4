import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostProblem } from "../../../host/problem";
import type { SecretFile } from "../../../host/protocol";
import { Hosts, type Job } from "../../../host/runner";
import { HANGS_AFTER } from "../../support/patience";
import { answer, Machine, SshHost, userKey } from "./sshHost";

let machine: Machine;
let server: SshHost;
let hosts: Hosts;
let said: string[];
/** What to do when a line is said. */
let onSay: (line: string) => void;
/** What to do with what goes over the wire, before the client has it. */
let onOutput: (text: string) => void;

const files: SecretFile[] = [{ path: "/etc/secret", content: "the-secret-value-of-this-test\n" }];

beforeEach(async () => {
  machine = new Machine();
  said = [];
  onSay = () => undefined;
  onOutput = () => undefined;
  server = await SshHost.start({ exec: machine.exec((text) => onOutput(text)) });
  hosts = reaching();
});

afterEach(async () => {
  hosts.close();
  await server.stop();
  machine.remove();
});

function reaching(patience = HANGS_AFTER): Hosts {
  return new Hosts({ connections: { w1: server.connection() }, files }, patience, (line) => {
    said.push(line);
    onSay(line);
  });
}

/** A job in the words every script has. */
function job(script: string, over: Partial<Job> = {}): Job {
  return {
    name: "node setup",
    script: `phase() { echo "##phase $1"; }
wait_for() { for _ in $(seq 1 6000); do [ -e "$ROOT/$1" ] && return; sleep 0.05; done; exit 99; }
${script}`,
    ...over,
  };
}

async function failure(work: Promise<unknown>): Promise<HostProblem> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HostProblem);
  return error as HostProblem;
}

describe("a job", () => {
  it("tells its phases while it runs, each as it begins", async () => {
    onSay = (line) => {
      // The script goes on when its first phase was heard of here, and not before.
      if (line === "w1: downloads") machine.write("go", "");
    };
    await hosts.job(
      "w1",
      job('phase downloads\necho much\nwait_for go\necho "##note a note"\nphase units\n'),
    );
    expect(said).toEqual(["w1: downloads", "w1: a note", "w1: units"]);
  });

  it("runs in its own unit, and leaves neither its script nor a line of it behind", async () => {
    await hosts.job("w1", job("echo working"));
    expect(machine.read("units")).toMatch(/^\/bin\/bash \S+\/run\/pulumi-kubeadm\/[0-9a-f]{12}\.wrap\n$/);
    expect(machine.left().map((name) => name.split(".")[1])).toEqual(["log", "pid", "rc"]);
    expect(machine.read("var/log/pulumi-kubeadm.log")).toMatch(/^\S+Z node setup\nworking\n$/);
  });

  it("that fails is told with machine, name, phase, status, its own words and the end of its log", async () => {
    const script = `phase first
for n in $(seq 1 30); do echo "line $n"; done
phase second
echo "" ; echo "just before"
echo "##error the disk is full"
exit 3`;
    const problem = await failure(hosts.job("w1", job(script)));
    expect(problem.message).toBe(
      'node setup failed in phase "second" (exit status 3): the disk is full; the full log is /var/log/pulumi-kubeadm.log on the host',
    );
    expect(problem.machine).toBe("w1");
    expect(problem.tail).toHaveLength(20);
    expect(problem.tail[0]).toBe("line 12");
    expect(problem.tail.at(-1)).toBe("just before");
  });

  it("that puts its change back is told by what failed, and by what came of it", async () => {
    const script = `phase containerd
for n in $(seq 1 30); do echo "line $n"; done
echo "##error it starts no pod"
echo "##failed"
phase "putting the former files back"
for n in $(seq 1 30); do echo "back $n"; done
echo "##error the former files are back"
exit 3`;
    const problem = await failure(hosts.job("w1", job(script)));
    expect(problem.message).toContain(
      'failed in phase "containerd" (exit status 3): it starts no pod; the former files are back',
    );
    expect(problem.tail).toHaveLength(20);
    expect(problem.tail.at(-1)).toBe("line 30");
    expect(said).toContain("w1: putting the former files back");
  });

  it("that fails shows no secret, neither of its input nor one that was made on a host", async () => {
    hosts.conceal("bWFkZSBvbiBhIG1hc3Rlcg==");
    const script = `phase "the-secret-value-of-this-test"
echo 'content: "the-secret-value-of-this-test"'
echo "key bWFkZSBvbiBhIG1hc3Rlcg=="
head -n 3 <<'KEY'
${userKey.private}KEY
echo "##error bad: the-secret-value-of-this-test"
exit 1`;
    const report = (await failure(hosts.job("w1", job(script)))).report();
    const all = [report, ...said].join("\n");
    for (const secret of [
      "the-secret-value-of-this-test",
      "bWFkZSBvbiBhIG1hc3Rlcg==",
      userKey.private.split("\n")[1],
    ])
      expect(all).not.toContain(secret);
    expect(report).toContain('failed in phase "[secret]"');
    expect(report).toContain('content: "[secret]"');
  });

  it("finds a log that is not too long: it and the one before are there, and no more", async () => {
    machine.write("var/log/pulumi-kubeadm.log.1", "the oldest");
    machine.write("var/log/pulumi-kubeadm.log", "x".repeat(10_000_001));
    await hosts.job("w1", job("phase one"));
    await hosts.job("w1", job("phase two"));
    expect(machine.read("var/log/pulumi-kubeadm.log").match(/##phase .*/g)).toEqual([
      "##phase one",
      "##phase two",
    ]);
    expect(machine.read("var/log/pulumi-kubeadm.log.1")).toHaveLength(10_000_001);
  });

  it("that takes too long is ended, and the error says after how many seconds", async () => {
    const problem = await failure(hosts.job("w1", job("phase waiting\nsleep 600", { timeout: 1 })));
    // On a busy machine the second may be over before the script has said anything.
    expect(problem.message).toMatch(/failed( in phase "waiting")? \(took longer than 1 s\)/);
  });

  it("whose unit was killed has failed, and is not waited for", async () => {
    const problem = await failure(
      hosts.job("w1", job('phase dying\nwait_for unit\nkill -KILL "$(cat "$ROOT/unit")"\nsleep 1')),
    );
    expect(problem.message).toContain('failed in phase "dying" (exit status killed)');
  });

  it("reads nothing from the connection, so that a program that asks is told there is nobody", async () => {
    await hosts.job("w1", job("read -r line && exit 9\nexit 0"));
  });
});

describe("a connection that breaks off", () => {
  it("does not end the job: it is followed from the line after the last one that came", async () => {
    let dropped = 0;
    onSay = (line) => {
      if (line === "w1: one" || line === "w1: two") {
        dropped += 1;
        server.drop();
        machine.write(`after-${line.slice(4)}`, "");
      }
    };
    await hosts.job(
      "w1",
      job("phase one\nwait_for after-one\nphase two\nwait_for after-two\nphase three\necho done"),
    );
    expect(dropped).toBe(2);
    expect(said).toEqual([
      "w1: one",
      "w1: the SSH connection was lost, reconnecting",
      "w1: two",
      "w1: the SSH connection was lost, reconnecting",
      "w1: three",
    ]);
    expect(machine.read("units").trim().split("\n")).toHaveLength(1);
    expect(machine.read("var/log/pulumi-kubeadm.log").match(/##phase one/g)).toHaveLength(1);
  });

  it("loses no part of a line that was on its way", async () => {
    onOutput = (text) => {
      if (!text.includes("##error the first")) return;
      onOutput = () => undefined;
      // When the client has the half that was sent, not before.
      setTimeout(() => {
        server.drop();
        machine.write("go", "");
      }, 100);
    };
    const problem = await failure(
      hosts.job("w1", job("printf '##error the first'\nwait_for go\necho ' and the second half'\nexit 1")),
    );
    expect(problem.message).toContain("(exit status 1): the first and the second half;");
  });

  it("while a job is being started does not start it twice, nor lose it", async () => {
    // The client never hears that its job has started: the connection goes away with the answer.
    const exec = machine.exec();
    await server.stop();
    let starts = 0;
    server = await SshHost.start({
      exec: (command, channel) => {
        const start = command.includes("systemd-run");
        if (start) starts += 1;
        if (!start || starts > 1) return exec(command, channel);
        channel.exit = () => server.drop();
        exec(command, channel);
      },
    });
    hosts = reaching();
    await hosts.job("w1", job('phase once\necho run >>"$ROOT/runs"'));
    expect(starts).toBe(2);
    expect(machine.read("runs")).toBe("run\n");
    expect(said.filter((line) => line === "w1: once")).toHaveLength(1);
  });

  it("again and again is given up, with what was said last", async () => {
    const refusing = await SshHost.start();
    const stubborn = new Hosts(
      { connections: { w1: refusing.connection() }, files: [] },
      HANGS_AFTER,
      (line) => said.push(line),
    );
    const problem = await failure(stubborn.query("w1", "reading", "true"));
    expect(problem.message).toMatch(/^the SSH connection was lost 5 times in a row: .*exec/);
    await refusing.empty();
    expect([refusing.commands.length, refusing.open]).toEqual([5, 0]);
    await refusing.stop();
  });
});

describe("one job at a time", () => {
  it("waits for the end of an earlier one, and says so once", async () => {
    const other = reaching();
    const order: string[] = [];
    onSay = (line) => {
      order.push(line);
      // The earlier job ends when the later one waits for it.
      if (line.includes("an earlier job is still running there")) machine.write("go", "");
    };
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    const first = other.job("w1", job("phase first\nwait_for go\nphase first-ends"));
    onOutput = (text) => text.includes("##phase first") && started();
    await running;
    await hosts.job("w1", job("phase second"));
    await first;
    other.close();
    expect(order.filter((line) => line.includes("earlier job"))).toEqual([
      expect.stringMatching(/^w1: an earlier job is still running there \(.+\), waiting for it to end$/),
    ]);
    expect(machine.read("var/log/pulumi-kubeadm.log").match(/##phase .*/g)).toEqual([
      "##phase first",
      "##phase first-ends",
      "##phase second",
    ]);
  });
});

describe("a job that waits", () => {
  it("waits for as long as others have work there, however short its own is", async () => {
    // A slice of waiting is over at once; the earlier job ends when it is asked after for the third time.
    const third = `[ "$1" != is-active ] || exit 1
[ "$(wc -l <"$ROOT/shown" 2>/dev/null)" != 3 ] || touch "$ROOT/go"`;
    machine.changeProgram("systemctl", "", `${third}\n`);
    const other = reaching();
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    const first = other.job("w1", job("phase first\nwait_for go"));
    onOutput = (text) => text.includes("##phase first") && started();
    await running;
    await hosts.job("w1", { ...job("phase second"), timeout: 1 });
    await first;
    other.close();
    expect(machine.read("shown").match(/shown/g)?.length).toBeGreaterThanOrEqual(3);
  });
});

describe("a query", () => {
  it("gives standard output, and hands over standard input", async () => {
    expect(await hosts.query("w1", "counting", "wc -c", "four")).toBe("4\n");
  });

  it("that fails is told with what it was for, its status and its words without secrets", async () => {
    const problem = await failure(
      hosts.query(
        "w1",
        "reading a file",
        "echo out; echo 'no the-secret-value-of-this-test here' >&2; exit 4",
      ),
    );
    expect(problem.report()).toBe("w1: reading a file: exit status 4\n  | no [secret] here");
  });

  it("says what sudo needs when it asks for a password", async () => {
    machine.program("sudo", "echo 'sudo: a password is required' >&2\nexit 1");
    const ubuntu = new Hosts(
      { connections: { w1: server.connection({ user: "ubuntu" }) }, files: [] },
      HANGS_AFTER,
      () => undefined,
    );
    const problem = await failure(ubuntu.query("w1", "reading", "true"));
    expect(problem.message).toBe("the SSH user needs passwordless sudo");
    ubuntu.close();
  });

  it("is an answer where failure is one", async () => {
    expect(await hosts.attempt("w1", "exit 5")).toEqual({ status: 5, stdout: "", stderr: "" });
  });
});

describe("connections", () => {
  it("are made once for all that is asked of a host, and again after they were closed", async () => {
    await hosts.query("w1", "one", "true");
    await hosts.query("w1", "two", "true");
    expect(server.dials).toBe(1);
    hosts.close();
    await hosts.query("w1", "three", "true");
    expect(server.dials).toBe(2);
  });

  it("are not made to a machine that none was given for, whatever its name is", async () => {
    for (const name of ["w2", "constructor"]) {
      expect(hosts.has(name)).toBe(false);
      expect((await failure(hosts.query(name, "x", "true"))).message).toBe(
        "the step has no connection to this machine",
      );
    }
    expect(hosts.has("w1")).toBe(true);
  });
});

describe("starting a job", () => {
  it("fails with the words of systemd when it cannot be started", async () => {
    await server.stop();
    server = await SshHost.start({
      exec: (command, channel) =>
        command.includes("systemd-run")
          ? answer(channel, 1, "", "Failed to connect to bus: No such file or directory\n")
          : answer(channel, 0),
    });
    hosts = reaching();
    const problem = await failure(hosts.job("w1", job("true")));
    expect(problem.report()).toBe(
      "w1: node setup could not be started\n  | Failed to connect to bus: No such file or directory",
    );
  });
});
