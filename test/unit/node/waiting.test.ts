/** The functions by which scripts on hosts wait (`waiting.sh`), in a real shell whose `sleep` takes no time. */
import { describe, expect, it } from "vitest";
import { script } from "../../../model/core/script";
import { bash } from "./support";

const begin = `set -Eeuo pipefail
trap 'echo "trapped $BASH_COMMAND"' ERR
sleep() { echo "slept $1"; SECONDS=$((SECONDS + $1)); }
tries=0
succeeds_at() { tries=$((tries + 1)); echo "try $tries"; false; [ "$tries" -ge "$1" ]; }
`;
const run = (body: string) => bash(`${begin}${script("node/scripts/waiting.sh")}${body}\n`);

describe("retry", () => {
  it("tries once where the command succeeds, and waits for nothing", () => {
    expect(run("retry 3 5 succeeds_at 1; echo on").stdout).toBe("try 1\non\n");
  });

  it("pauses between tries, keeps what the command sets, and ends with its first success", () => {
    const { stdout } = run('retry 5 2 succeeds_at 3; echo "$tries tries"');
    expect(stdout).toBe("try 1\nslept 2\ntry 2\nslept 2\ntry 3\n3 tries\n");
  });

  it("fails after the last try without another pause, so that the caller can say what did not happen", () => {
    const { stdout, status } = run("retry 2 7 succeeds_at 9 || { echo gave up; exit 3; }");
    expect(stdout).toBe("try 1\nslept 7\ntry 2\ngave up\n");
    expect(status).toBe(3);
  });

  it("ends a script that says nothing about the failure", () => {
    const { stdout, status } = run("retry 2 1 false; echo on");
    expect(stdout).not.toContain("on\n");
    expect(status).not.toBe(0);
  });

  it("passes words with spaces, and fractions of a second", () => {
    const { stdout } = run('sleep() { echo "slept $1"; }\nretry 2 0.5 test "a b" = "a  b" || echo no');
    expect(stdout).toBe("slept 0.5\nno\n");
  });

  it("leaves the caller's variables alone, and lets the command see them", () => {
    const caller = `caller() { local pause=9 left=8; retry 2 1 seen || true; echo "$pause $left"; }
seen() { echo "sees $pause"; false; }
caller`;
    expect(run(caller).stdout).toBe("sees 9\nslept 1\nsees 9\n9 8\n");
  });
});

describe("wait_for", () => {
  it("goes by the clock: a command that takes long is tried less often", () => {
    const { stdout } = run(
      "slow() { SECONDS=$((SECONDS + 40)); false; }\nwait_for 100 5 slow || echo gave up",
    );
    expect(stdout).toBe("slept 5\nslept 5\ngave up\n");
  });

  it("tries at least once, and ends with the first success", () => {
    expect(run("wait_for 0 5 succeeds_at 1; echo on").stdout).toBe("try 1\non\n");
    expect(run("wait_for 60 5 succeeds_at 2; echo on").stdout).toBe("try 1\nslept 5\ntry 2\non\n");
  });
});
