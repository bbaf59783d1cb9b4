import { setTimeout as delay } from "node:timers/promises";
import { cloudInitScript } from "../../model/node/cloudInit";
import { HostProblem } from "../problem";
import { BOOTING, NO_SUDO } from "../runner";
import type { StepContext } from "../step";

/** Milliseconds between two tries of a user whom cloud-init has not given sudo yet. */
const PAUSE = 2_000;

/**
 * Waits for a machine that the same program makes: for SSH with its host key and user, for sudo, and for cloud-init. Each takes ten
 * minutes at most.
 * @throws HostProblem with what it waited for
 */
export async function waitUntilBooted(
  { hosts, say }: Pick<StepContext<unknown>, "hosts" | "say">,
  machine: string,
): Promise<void> {
  await hosts.boot(machine);
  const until = Date.now() + BOOTING;
  for (;;) {
    const { status, stdout, stderr } = await hosts.attempt(machine, "/bin/sh -s", cloudInitScript());
    if (status !== 0 && NO_SUDO.test(stderr) && Date.now() < until) {
      await delay(PAUSE);
      continue;
    }
    const lines = stdout.split("\n");
    for (const line of lines.filter((one) => one.startsWith("##note ")))
      say(`${machine}: ${line.slice("##note ".length)}`);
    const problem = lines.find((line) => line.startsWith("##error "));
    if (problem !== undefined) throw new HostProblem(machine, problem.slice("##error ".length));
    // Whoever asks next says what else is wrong.
    return;
  }
}
