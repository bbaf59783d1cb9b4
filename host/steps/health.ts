import { setTimeout as delay } from "node:timers/promises";
import { topologyChange, type ControlPlaneInstance } from "../../model/aws/topology";
import { holds, type Conditioned } from "../../model/upgrade/objects";
import { apiAccess, getObject, type ApiAccess } from "../api";
import { FORCE_VARIABLE, insistedBy } from "../insist";
import { HostProblem } from "../problem";
import type { HealthSpec, StepResult } from "../protocol";
import type { StepContext } from "../step";

/** Milliseconds between two looks, and until a node that is not well counts. */
const INTERVAL = 5_000;
const PATIENCE = 60_000;

type Context = Pick<StepContext<HealthSpec>, "spec" | "previous" | "input" | "say">;

/**
 * Before an instance of the control plane is ended or stopped: every other node has to be a healthy one. It asks the API and
 * no host, because the instances wait for this step. Where a run before was cut off, a node that has left and not joined
 * again is seen here.
 * @throws HostProblem naming the nodes that are not well
 */
export async function health(
  context: Context,
  interval = INTERVAL,
  patience = PATIENCE,
): Promise<StepResult> {
  const { spec, previous, input, say } = context;
  const living = previous?.topology;
  const result = { topology: spec.topology };
  if (living === undefined) return result;
  const { moved, regenerated, retyped, removed } = topologyChange(living, spec.topology);
  const leaving = [...new Set([...moved, ...regenerated, ...removed])];
  const touched = [...new Set([...leaving, ...retyped])];
  if (touched.length === 0 || living.instances.length < 2) return result;
  if (touched.every((name) => insistedBy({ name, removal: "safe" }) !== undefined)) {
    say(`control plane: not checked, because ${FORCE_VARIABLE} names ${touched.join(", ")}`);
    return result;
  }
  const [kubeconfig] = input.files;
  if (kubeconfig === undefined) throw new HostProblem("", "there is no kubeconfig on standard input");
  const others = living.instances.filter(({ name }) => !leaving.includes(name));
  const until = Date.now() + patience;
  for (;;) {
    const ill = await faults(apiAccess(kubeconfig.content), others);
    if (ill.length === 0) return result;
    if (Date.now() + interval > until)
      throw new HostProblem(
        "control plane",
        `${touched.join(", ")} must stay up while another node is down: ${ill.join("; ")}. Repair that node, or undo this change; ` +
          `to continue anyway, run pulumi with ${FORCE_VARIABLE}=${touched.join(",")}`,
      );
    await delay(interval);
  }
}

async function faults(api: ApiAccess, nodes: readonly ControlPlaneInstance[]): Promise<string[]> {
  const found = await Promise.all(
    nodes.map(async (node) => {
      try {
        return await faultOf(api, node);
      } catch (error) {
        return `the API at ${api.server} does not answer: ${(error as Error).message}`;
      }
    }),
  );
  return [...new Set(found.filter((one) => one !== undefined))];
}

async function faultOf(
  api: ApiAccess,
  { name, nodeName }: ControlPlaneInstance,
): Promise<string | undefined> {
  const get = (path: string): Promise<Conditioned | undefined> =>
    getObject(api, path) as Promise<Conditioned | undefined>;
  const node = await get(`/api/v1/nodes/${nodeName}`);
  if (node === undefined) return `${name} has left the cluster and not joined again`;
  if (!holds(node, "Ready")) return `${name}: its Node ${nodeName} is not Ready${reasonOf(node)}`;
  const pod = await get(`/api/v1/namespaces/kube-system/pods/etcd-${nodeName}`);
  if (pod === undefined || !holds(pod, "Ready")) return `${name}: its etcd is not Ready`;
  return undefined;
}

/** What its kubelet or the node controller says, such as that no pod network is there. */
function reasonOf({ status }: Conditioned): string {
  const { message = "" } = status?.conditions?.find(({ type }) => type === "Ready") ?? {};
  return message === "" ? "" : ` (${message.replace(/\.$/, "")})`;
}
