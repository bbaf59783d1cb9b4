import { inUse, inUseScript, tightenScript } from "../../model/node/leaving";
import { atOnce } from "../atOnce";
import { HostProblem } from "../problem";
import type { FirewallSpec, StepResult } from "../protocol";
import { readState } from "../state";
import type { StepContext } from "../step";

type Context = StepContext<FirewallSpec>;

/**
 * Deleted when the machines that leave have left: closes every host's firewall for addresses that no Node and no member of etcd
 * has any more. It never fails: what cannot be told stays open, and is looked at again when machines change the next time.
 */
export async function firewall(context: Context): Promise<StepResult> {
  if (context.operation !== "delete") return {};
  const { hosts, input, say } = context;
  const used = await addressesInUse(context);
  if (used === undefined) return {};
  await atOnce(Object.keys(input.connections), (name) =>
    tighten(context, name, used)
      .catch((error: unknown) => {
        if (!(error instanceof HostProblem)) throw error;
        say(
          `${error.report()}; its firewall still lets in machines that left, until machines change the next time`,
        );
      })
      .finally(() => hosts.leave(name)),
  );
  return {};
}

/** @returns undefined where no control-plane node can say, as after the last one has left */
async function addressesInUse({ spec, hosts, cluster, say }: Context): Promise<string[] | undefined> {
  for (const name of spec.controlPlane) {
    try {
      const { node } = await readState(hosts, name);
      if (node?.cluster !== cluster || node.state !== "joined") continue;
      return inUse(await hosts.query(name, "asking who is in the cluster", "/bin/bash -s", inUseScript()));
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error;
      say(error.report());
    }
  }
  return undefined;
}

async function tighten({ hosts, say }: Context, name: string, used: readonly string[]): Promise<void> {
  const said = await hosts.query(
    name,
    "closing the firewall for nodes that left",
    "/bin/bash -s",
    tightenScript(used),
  );
  const stay = /^##stay (.*)$/m.exec(said)?.[1];
  if (stay !== undefined)
    say(`${name}: its firewall still lets in ${stay}, which the cluster has but the settings do not`);
}
